/**
 * Curvature matrices of a network's loss at one point, as products with vectors:
 *
 *   hessian       ∂²f, forward over reverse mode
 *   gaussNewton   Jᵀ·∂²ℓ·J with J the derivative of the model's output: the Hessian without the curvature of the model itself. For
 *                 cross-entropy it is Fisher's information matrix (Martens 2020, arXiv 1412.1193, section 9)
 *   empiricalFisher  mean of g·gᵀ over the gradients g of single examples (which is no Fisher matrix: Kunstner et al. 2019)
 *
 * What depends on the point alone (activations, masks, the backward pass) is computed once and kept, and a product then does the
 * rest. A convolution costs 3 units in a gradient (output, two cotangents), 8 in a Hessian-vector product from nothing and 6 in
 * one from what was kept: two thirds to three quarters of the time is left. Where the kept numbers would take more than `keepBytes`,
 * every product computes them again.
 */
import type { CompileOptions } from '../compile/index.js';
import { allocateOutputs, compileGraph, type Executable } from '../compile/index.js';
import type { Graph } from '../graph/graph.js';
import type { NDArray } from '../graph/ndarray.js';
import { sizeOf } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { trace } from '../ops/index.js';
import { hvp, jvp, splitGraph, vjp, vmap } from '../transform/index.js';
import type { LinearOperator } from './lanczos.js';
import {
  accumulate,
  emptyVector,
  exampleCount,
  leafViews,
  meanLoss,
  parameterCount,
  partTypes,
  type BatchedLoss,
  type FloatVector,
  type LossPart,
} from './network.js';

export type CurvatureKind = 'hessian' | 'gaussNewton' | 'empiricalFisher';

export interface ProductOptions {
  readonly compile?: CompileOptions;
  /** Memory for what is kept between products, in bytes; 1 GB by default, 0 keeps nothing. */
  readonly keepBytes?: number;
}

type Leaves = readonly Tensor[];

/** A curvature matrix at one point. */
export interface CurvatureOperator extends LinearOperator {
  /** What is kept between products, in bytes; 0 where every product computes all anew. */
  readonly keptBytes: number;
  close(): void;
}

/** matrix · v for one part of the data, in a trace. */
function product(
  kind: CurvatureKind,
  loss: BatchedLoss,
  parameters: Leaves,
  examples: Leaves,
  shared: Leaves,
  v: Leaves,
): Leaves {
  if (kind === 'hessian') return hvp<Leaves>(meanLoss(loss, examples, shared))(parameters, v);
  const output = (p: Leaves) => loss.output(p, examples, shared);
  const each =
    kind === 'gaussNewton' ? output : (p: Leaves) => vmap<Tensor[], Tensor>(one)(output(p), ...examples);
  const one = (...example: Tensor[]) => {
    const [given, ...rest] = example.map((tensor) => tensor.reshape([1, ...tensor.shape]));
    return loss.loss(given, rest);
  };
  const { value, tangent } = jvp<[Leaves], Tensor>(each, [parameters], [v]);
  const cotangent =
    kind === 'gaussNewton'
      ? hvp<Tensor>((given) => loss.loss(given, examples))(value, tangent)
      : tangent.mul(1 / tangent.size);
  return vjp<[Leaves], Tensor>(each, parameters).pullback(cotangent)[0];
}

/** The graph of a product: inputs v, the parameters, the part's arrays. */
export function productGraph(kind: CurvatureKind, loss: BatchedLoss, part: LossPart): Graph {
  const types = partTypes(part);
  return trace<[Leaves, Leaves, Leaves, Leaves], Leaves>(
    (v, parameters, examples, shared) => product(kind, loss, parameters, examples, shared, v),
    [[...loss.parameters], [...loss.parameters], types.examples, types.shared],
  );
}

const bytesOf = ({ nodes, outputs }: Graph): number =>
  outputs.reduce(
    (sum, id) =>
      sum +
      sizeOf(nodes[id].shape) * (nodes[id].dtype === 'float64' ? 8 : nodes[id].dtype === 'bool' ? 1 : 4),
    0,
  );

/**
 * How products are compiled. oneDNN has no primitive for the tangent of max pooling, nor for its gradient without its forward pass: both
 * are JavaScript there, and ONNX Runtime is 1.4 to 1.7 times as quick on small networks with pooling.
 */
function optionsFor(graph: Graph, compile: CompileOptions): CompileOptions {
  const pools = graph.nodes.some(({ op }) => op.name === 'maxPoolPick');
  return compile.target === 'native' && pools ? { target: 'onnx', threads: compile.threads } : compile;
}

/** One size of part: what a product runs, and what prepares a part for it. */
interface PartProducts {
  readonly prepare?: Executable;
  readonly apply: Executable;
}

/**
 * A curvature matrix of a loss at a point. The parameters are used in place: do not change them while the operator is in use.
 * On the target `native` a network with max pooling runs on ONNX Runtime: that is quicker.
 * @param at all parameters
 * @throws ScreeError when the target cannot run the model's derivatives
 */
export async function curvatureOperator(
  kind: CurvatureKind,
  loss: BatchedLoss,
  at: FloatVector,
  { compile = {}, keepBytes = 2 ** 30 }: ProductOptions = {},
): Promise<CurvatureOperator> {
  const bySize = new Map(loss.parts.map((part) => [part.size, part]));
  const changes = (graph: Graph) => graph.inputs.map((_, index) => index < loss.parameters.length);
  const graphs = new Map(
    [...bySize].map(([size, part]) => {
      const graph = productGraph(kind, loss, part);
      return [size, { graph, split: splitGraph(graph, changes(graph)) }];
    }),
  );
  const wouldKeep = loss.parts.reduce((sum, { size }) => sum + bytesOf(graphs.get(size)!.split.prepare), 0);
  const keeps = wouldKeep <= keepBytes;
  const programs = new Map<number, PartProducts>();
  for (const [size, { graph, split }] of graphs) {
    const options = optionsFor(graph, compile);
    programs.set(
      size,
      keeps
        ? {
            prepare: await compileGraph(split.prepare, options),
            apply: await compileGraph(split.apply, options),
          }
        : { apply: await compileGraph(graph, options) },
    );
  }
  const parameters = leafViews(loss.parameters, at);
  const parts: { readonly apply: Executable; readonly fixed: readonly NDArray[]; readonly weight: number }[] =
    [];
  const examples = exampleCount(loss);
  for (const part of loss.parts) {
    const { prepare, apply } = programs.get(part.size)!;
    const given = [...parameters, ...part.examples, ...part.shared];
    const kept = prepare ? allocateOutputs(prepare.graph) : [];
    if (prepare) await prepare.run(given, kept);
    parts.push({ apply, fixed: [...given, ...kept], weight: part.size / examples });
  }
  // Prepared once, the first half is not needed again.
  for (const { prepare } of programs.values()) prepare?.close();
  const direction = emptyVector(loss);
  const result = emptyVector(loss);
  const directions = leafViews(loss.parameters, direction);
  const results = leafViews(loss.parameters, result);
  return {
    size: parameterCount(loss),
    keptBytes: keeps ? wouldKeep : 0,
    async multiply(v, out) {
      direction.set(v);
      for (const [index, { apply, fixed, weight }] of parts.entries()) {
        await apply.run([...directions, ...fixed], results);
        accumulate(out, weight, result, index === 0);
      }
    },
    close() {
      for (const { apply } of programs.values()) apply.close();
    },
  };
}
