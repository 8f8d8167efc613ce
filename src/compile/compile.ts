import type { Graph } from '../graph/graph.js';
import type { NDArray } from '../graph/ndarray.js';
import type { TensorType } from '../graph/op.js';
import type { Tensor } from '../graph/tensor.js';
import { flattenTree, unflattenTree, type Tree } from '../graph/tree.js';
import { traceTree, type Specs, type Traceable } from '../ops/trace.js';
import { compileJavascript } from './javascript/compile.js';
import type { NativeOptions } from './native/compile.js';
import type { OnnxOptions } from './onnx/compile.js';
import {
  allocateOutputs,
  argumentBinder,
  type Arguments,
  type AsyncExecutable,
  type AsyncProgram,
  type Program,
  type Results,
  type SyncExecutable,
} from './program.js';

/** JavaScript: synchronous, float64 as readily as float32, needs nothing. */
export interface JavascriptTarget {
  readonly target?: 'javascript';
}

/** ONNX Runtime: native threads, float32 foremost. */
export interface OnnxTarget extends OnnxOptions {
  readonly target: 'onnx';
}

/** oneDNN, where a library of it is found: native threads, float32; Node on Linux only. */
export interface NativeTarget extends NativeOptions {
  readonly target: 'native';
}

/** The targets that work beside the event loop. */
export type AsyncTarget = OnnxTarget | NativeTarget;

export type CompileOptions = JavascriptTarget | AsyncTarget;

/**
 * Makes a graph ready to run on a target: at once for JavaScript, by promise for the others; `await` serves both.
 * @throws ScreeError for an op that the target cannot run.
 */
export function compileGraph(graph: Graph, options?: JavascriptTarget): SyncExecutable;
export function compileGraph(graph: Graph, options: AsyncTarget): Promise<AsyncExecutable>;
export function compileGraph(
  graph: Graph,
  options: CompileOptions,
): SyncExecutable | Promise<AsyncExecutable>;
export function compileGraph(
  graph: Graph,
  options: CompileOptions = {},
): SyncExecutable | Promise<AsyncExecutable> {
  return isAsync(options) ? compileAsync(graph, options) : compileJavascript(graph);
}

function isAsync(options: CompileOptions): options is AsyncTarget {
  return options.target === 'onnx' || options.target === 'native';
}

async function compileAsync(graph: Graph, options: AsyncTarget): Promise<AsyncExecutable> {
  if (options.target === 'native') {
    const { compileNative } = await import('./native/compile.js');
    return compileNative(graph, options);
  }
  const { compileOnnx } = await import('./onnx/compile.js');
  return compileOnnx(graph, options);
}

/**
 * Traces a function and compiles its graph. `run` takes values where the function takes tensors (arrays, or numbers and nested
 * arrays of numbers, which get the element type of the spec) and gives arrays in the tree that the function returns.
 * @param specs one tree of `{ shape, dtype }` for each argument.
 * @example
 * ```ts
 * import { compile, float32, type Tensor } from 'scree';
 *
 * const f = (x: Tensor) => x.mul(2).add(1);
 * console.log(compile(f, [float32(2)]).run([1, 2]).data);
 * const native = await compile(f, [float32(2)], { target: 'onnx' });
 * console.log((await native.run([1, 2])).data);
 * native.close();
 * ```
 * ```text
 * Float32Array(2) [ 3, 5 ]
 * Float32Array(2) [ 3, 5 ]
 * ```
 */
export function compile<A extends readonly Tree<Tensor>[], R extends Tree<Tensor>>(
  f: Traceable<A, R>,
  specs: Specs<A>,
  options?: JavascriptTarget,
): Program<Arguments<A>, Results<R>>;
export function compile<A extends readonly Tree<Tensor>[], R extends Tree<Tensor>>(
  f: Traceable<A, R>,
  specs: Specs<A>,
  options: AsyncTarget,
): Promise<AsyncProgram<Arguments<A>, Results<R>>>;
export function compile<A extends readonly Tree<Tensor>[], R extends Tree<Tensor>>(
  f: Traceable<A, R>,
  specs: Specs<A>,
  options: CompileOptions,
): Program<Arguments<A>, Results<R>> | Promise<AsyncProgram<Arguments<A>, Results<R>>>;
export function compile<A extends readonly Tree<Tensor>[], R extends Tree<Tensor>>(
  f: Traceable<A, R>,
  specs: Specs<A>,
  options: CompileOptions = {},
): Program<unknown[], Tree<NDArray>> | Promise<AsyncProgram<unknown[], Tree<NDArray>>> {
  const { graph, result } = traceTree(f, specs);
  const bind = argumentBinder(specs);
  // The result's tree without its tensors, which would keep the whole trace alive.
  const types = unflattenTree<Tensor, TensorType>(
    result,
    flattenTree<Tensor>(result).map(({ shape, dtype }) => ({ shape, dtype })),
  );
  const give = (outputs: readonly NDArray[]) => unflattenTree(types, outputs);
  if (isAsync(options)) {
    return compileAsync(graph, options).then((executable) => ({
      executable,
      async run(...args) {
        const inputs = bind(args);
        const outputs = allocateOutputs(graph);
        await executable.run(inputs, outputs);
        return give(outputs);
      },
      close: () => executable.close(),
    }));
  }
  const executable = compileJavascript(graph);
  return {
    executable,
    run(...args) {
      const inputs = bind(args);
      const outputs = allocateOutputs(graph);
      executable.run(inputs, outputs);
      return give(outputs);
    },
    close: () => executable.close(),
  };
}
