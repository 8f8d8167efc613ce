import { expect, test } from 'vitest';
import { allocateOutputs, compileGraph } from '../compile/index.js';
import {
  flattenTree,
  ndarray,
  unflattenTree,
  type NDArray,
  type Tensor,
  type TensorType,
  type Tree,
} from '../graph/index.js';
import { float32, traceTree } from '../ops/index.js';
import { valueAndGrad } from '../transform/index.js';
import { symmetric } from '../../test/support/golden.js';
import { optimizers, takeStep, wrappers, type Optimizer } from './index.js';

const array = (shape: readonly number[], stream: number): NDArray =>
  ndarray(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => symmetric(i, stream, 1)),
    shape,
  );
const start = { weight: array([4, 3], 1), bias: array([3], 2) };
const noise = { weight: array([4, 3], 3), bias: array([3], 4) };
const examples = array([8, 4], 5);

/** Smooth, not quadratic, with a gradient in every parameter. */
const objective = (p: Tree<Tensor>) => {
  const [weight, bias] = flattenTree(p);
  const x = weight.builder.constant(examples);
  return x.matmul(weight).add(bias).tanh().sub(0.3).square().sum();
};

const subjects: readonly (readonly [string, Optimizer])[] = [
  ...Object.values(optimizers).map((definition) => [definition.name, definition.create({})] as const),
  ...Object.values(wrappers).map((wrapper) => {
    const optimizer = wrapper.create({})(optimizers.adam.create({}));
    return [optimizer.name, optimizer] as const;
  }),
];

test.each(subjects)(
  '%s takes the same three steps on ONNX Runtime as in JavaScript',
  async (_name, optimizer) => {
    const initial = traceTree<[Tree<Tensor>], Tree<Tensor>>((p) => optimizer.init(p), [start]);
    const state = allocateOutputs(initial.graph);
    compileGraph(initial.graph).run(flattenTree<NDArray>(start), state);
    const stateTypes = unflattenTree<Tensor, TensorType>(initial.result, state);
    const { graph } = traceTree<[Tree<Tensor>, Tree<Tensor>, Tensor, Tensor, Tree<Tensor>], Tree<Tensor>>(
      (parameters, before, lr, step, noise) => {
        const taken = takeStep(optimizer, valueAndGrad<[Tree<Tensor>]>(objective), before, parameters, {
          lr,
          step,
          noise,
        });
        return [taken.parameters, taken.state];
      },
      [start, stateTypes, float32(), float32(), noise],
    );
    const walk = async (executable: {
      run(inputs: readonly NDArray[], outputs: readonly NDArray[]): void | Promise<void>;
    }) => {
      let current = [...flattenTree<NDArray>(start), ...state];
      for (let step = 1; step <= 3; step++) {
        const outputs = allocateOutputs(graph);
        const scalars = [0.05, step].map((value) => ndarray(Float32Array.of(value), []));
        await executable.run([...current, ...scalars, ...flattenTree<NDArray>(noise)], outputs);
        current = outputs;
        if (optimizer.hostStep?.isDue(step) === true) {
          const next = optimizer.hostStep.run(unflattenTree(initial.result, current.slice(2)), step);
          current = [...current.slice(0, 2), ...flattenTree(next)];
        }
      }
      return current;
    };
    const wanted = await walk(compileGraph(graph));
    const onnx = await compileGraph(graph, { target: 'onnx', threads: 1 });
    const got = await walk(onnx);
    onnx.close();
    got.forEach(({ data, dtype }, index) => {
      expect(dtype).toBe('float32');
      // Float32 rounding of a few dozen operations, three times.
      data.forEach((value, i) => {
        const expected = wanted[index].data[i];
        expect(Math.abs(value - expected)).toBeLessThanOrEqual(2e-5 * Math.max(Math.abs(expected), 1e-2));
      });
    });
  },
);
