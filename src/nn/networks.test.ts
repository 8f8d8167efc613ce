import { describe, expect, test } from 'vitest';
import { fill, readGolden, symmetric } from '../../test/support/golden.js';
import { compile } from '../compile/index.js';
import { allocate, type DType } from '../graph/dtype.js';
import { ndarray, type NDArray } from '../graph/ndarray.js';
import { sizeOf, type Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { flattenTree, unflattenTree } from '../graph/tree.js';
import { Generator } from '../random/index.js';
import { valueAndGradWithAux } from '../transform/index.js';
import {
  crossEntropy,
  dense,
  embedding,
  gru,
  lstm,
  residualNetwork,
  sequential,
  transformerModel,
  type Layer,
  type ResidualNetworkOptions,
} from './index.js';

interface Sampled {
  norm: number;
  index: number[];
  value: number[];
}

/** Norm of an array and some of its entries. */
type Found = Pick<Sampled, 'norm' | 'value'>;

interface Result<F = Found> {
  gradients: readonly F[];
  statistics: readonly F[];
  losses: number[];
  evalLoss: number;
}

interface Golden {
  network: ResidualNetworkOptions & { blocks: number } & Record<
      'size' | 'heads' | 'hidden' | 'layers',
      number
    >;
  classes: number;
  input: { shape: number[]; k: number };
  sgd: { lr: number; momentum: number };
  parameters: { name: string; shape: number[]; k: number; bound: number; centre: number }[];
  float64: Result<Sampled>;
  float32: Result;
}

/** PyTorch's dense weights are [outputs, inputs], ours [inputs, outputs]; its embeddings are as ours. */
const isDense = ({ name, shape }: Golden['parameters'][number]) =>
  shape.length === 2 && !/^(embedding|positions)\./.test(name);

/** Our flat index of an element of PyTorch's array. */
function ourIndex(parameter: Golden['parameters'][number], index: number): number {
  if (!isDense(parameter)) return index;
  const [outputs, inputs] = parameter.shape;
  return (index % inputs) * outputs + Math.floor(index / inputs);
}

function weightsOf(golden: Golden, dtype: DType): NDArray[] {
  return golden.parameters.map((parameter) => {
    const { shape, k, bound, centre } = parameter;
    const data = allocate(dtype, sizeOf(shape));
    for (let i = 0; i < data.length; i++) {
      data[ourIndex(parameter, i)] = Math.fround(centre + symmetric(i, k, bound));
    }
    return { data, shape: isDense(parameter) ? [shape[1], shape[0]] : shape, dtype };
  });
}

function modelOf({ network, classes, input }: Golden, file: string): Layer {
  if (file.startsWith('transformer')) return transformerModel(classes, network);
  if (file === 'gru' || file === 'lstm') {
    const { size, hidden, layers } = network;
    return sequential(embedding(classes, size), { gru, lstm }[file](hidden, { layers }), dense(classes));
  }
  return residualNetwork(input.shape.slice(1), classes, network);
}

function batchOf({ input: { shape, k }, classes }: Golden, model: Layer, dtype: DType): NDArray {
  const symbols = model.takes === 'int32';
  const data = allocate(symbols ? 'int32' : dtype, sizeOf(shape));
  for (let i = 0; i < data.length; i++) {
    data[i] = symbols ? Math.floor(classes * fill(i, k)) : Math.fround(symmetric(i, k, 1));
  }
  return ndarray(data, shape, symbols ? 'int32' : dtype);
}

function asType(array: NDArray, dtype: DType): NDArray {
  const data = allocate(dtype, array.data.length);
  data.set(array.data);
  return { data, shape: array.shape, dtype };
}

function sampled({ data }: NDArray, places: readonly number[]): Found {
  let squares = 0;
  for (const element of data) squares += element ** 2;
  return { norm: Math.sqrt(squares), value: places.map((place) => data[place]) };
}

type Leaves = readonly Tensor[];

/** What PyTorch did for the golden file, here: steps of SGD with momentum in training, and an evaluation after the first. */
async function follow(
  golden: Golden,
  file: string,
  dtype: DType,
  target: 'javascript' | 'onnx',
  steps: number,
) {
  const model = modelOf(golden, file);
  const example = golden.input.shape.slice(1);
  const initial = model.init(new Generator(0), example);
  const x = batchOf(golden, model, dtype);
  const labelShape: Shape = model.takes === 'int32' ? x.shape : x.shape.slice(0, 1);
  const y = ndarray(
    Int32Array.from({ length: sizeOf(labelShape) }, (_, i) => i % golden.classes),
    labelShape,
  );
  let weights = weightsOf(golden, dtype);
  expect(flattenTree(initial.parameters).map(({ shape }) => shape)).toEqual(
    weights.map(({ shape }) => shape),
  );
  let state = flattenTree(initial.state).map((array) => asType(array, dtype));
  let velocity = weights.map(({ shape }) => ({ data: allocate(dtype, sizeOf(shape)), shape, dtype }));
  const { lr, momentum } = golden.sgd;
  const lossOf = (leaves: Leaves, own: Leaves, examples: Tensor, labels: Tensor, training: boolean) => {
    const parameters = unflattenTree(initial.parameters, leaves);
    const applied = model.apply(parameters, unflattenTree(initial.state, own), examples, { training });
    return { value: crossEntropy(applied.output, labels), aux: flattenTree(applied.state) };
  };
  const step = await compile<[Leaves, Leaves, Leaves, Tensor, Tensor], readonly Leaves[]>(
    (leaves, own, speed, examples, labels) => {
      const objective = valueAndGradWithAux<[Leaves], Leaves>((moved) =>
        lossOf(moved, own, examples, labels, true),
      );
      const { value, aux, gradient } = objective(leaves);
      const gradients = flattenTree<Tensor>(gradient);
      const next = gradients.map((g, i) => speed[i].mul(momentum).add(g));
      const moved = leaves.map((leaf, i) => leaf.sub(next[i].mul(lr)));
      return [[value], gradients, flattenTree<Tensor>(aux), next, moved];
    },
    [weights, state, velocity, x, y],
    { target },
  );
  const evaluation = await compile<[Leaves, Leaves, Tensor, Tensor], Tensor>(
    (leaves, own, examples, labels) => lossOf(leaves, own, examples, labels, false).value,
    [weights, state, x, y],
    { target },
  );
  const losses: number[] = [];
  let first: Omit<Result, 'losses'> | undefined;
  for (let taken = 0; taken < steps; taken++) {
    const [[loss], gradients, statistics, next, moved] = await step.run(weights, state, velocity, x, y);
    losses.push(loss.data[0]);
    [weights, state, velocity] = [[...moved], [...statistics], [...next]];
    first ??= {
      gradients: golden.float64.gradients.map(({ index }, place) =>
        sampled(
          gradients[place],
          index.map((i) => ourIndex(golden.parameters[place], i)),
        ),
      ),
      statistics: golden.float64.statistics.map(({ index }, place) => sampled(statistics[place], index)),
      evalLoss: (await evaluation.run(weights, state, x, y)).data[0],
    };
  }
  step.close();
  evaluation.close();
  if (first === undefined) throw new Error('no step was taken');
  return { ...first, losses };
}

/** Root mean square over the arrays of the error of norms and samples, each relative to the array's true norm or sample size. */
function error(found: readonly Found[], truth: readonly Found[]): number {
  const errors = truth.flatMap(({ norm, value }, place) => {
    const largest = Math.max(...value.map(Math.abs), 1e-3 * norm);
    return [
      (found[place].norm - norm) / norm,
      ...value.map((v, at) => (found[place].value[at] - v) / largest),
    ];
  });
  return Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length);
}

/** Root mean square of the relative errors of losses. */
function lossError(found: readonly number[], truth: readonly number[]): number {
  const errors = found.map((loss, step) => (loss - truth[step]) / truth[step]);
  return Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length);
}

/** How far results lie from PyTorch's in float64. */
function errorsOf({ gradients, statistics, losses, evalLoss }: Result, truth: Golden['float64']) {
  return {
    gradients: error(gradients, truth.gradients),
    statistics: truth.statistics.length === 0 ? 0 : error(statistics, truth.statistics),
    losses: lossError(losses, truth.losses),
    evalLoss: lossError([evalLoss], [truth.evalLoss]),
  };
}

describe('networks equal those of PyTorch on the same weights', () => {
  // Float64 keeps 16 digits; the 53 normalisations of resnet50 with few numbers a channel lose two more.
  test.each([
    ['transformer-narrow', 20],
    ['gru', 20],
    ['lstm', 20],
    ['resnet18-narrow', 5],
    ['resnet50-narrow', 1],
  ])('%s in float64 on JavaScript, %d steps', async (file, steps) => {
    const golden = readGolden(`${file}.json`) as Golden;
    const found = await follow(golden, file, 'float64', 'javascript', steps);
    for (const value of Object.values(errorsOf(found, golden.float64))) expect(value).toBeLessThan(1e-11);
  });

  // A ReLU whose input lies nearer to 0 than float32 resolves takes another side in every program, and training carries that
  // on: what can be asked is that we are no farther from float64 than PyTorch's float32 is, up to chance, hence the factor, and a
  // few units in the last place (1.2e-7).
  test.each([
    ['transformer-narrow', 20],
    ['transformer', 10],
    ['gru', 20],
    ['lstm', 20],
    ['resnet18-narrow', 20],
    ['resnet50-narrow', 20],
    ['resnet50', 1],
  ])('%s in float32 on ONNX Runtime, %d steps', async (file, steps) => {
    const golden = readGolden(`${file}.json`) as Golden;
    const found = await follow(golden, file, 'float32', 'onnx', steps);
    const own = { ...golden.float32, losses: golden.float32.losses.slice(0, steps) };
    const ours = errorsOf(found, golden.float64);
    const theirs = errorsOf(own, golden.float64);
    for (const key of ['gradients', 'statistics', 'losses', 'evalLoss'] as const) {
      expect({ [key]: ours[key] }).toEqual({
        [key]: expect.toSatisfy((e: number) => e < 4 * theirs[key] + 5e-7),
      });
    }
  });
});
