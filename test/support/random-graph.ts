import { allocate, type DType } from '../../src/graph/dtype.js';
import type { Graph } from '../../src/graph/graph.js';
import type { NDArray } from '../../src/graph/ndarray.js';
import { sizeOf, type Shape } from '../../src/graph/shape.js';
import { Builder, building, type Tensor } from '../../src/graph/tensor.js';
import { matmul } from '../../src/ops/index.js';
import { Generator } from '../../src/random/index.js';

function pick<T>(random: Generator, choices: readonly T[]): T {
  return choices[random.integer(0, choices.length)];
}

const extents = [0, 1, 1, 2, 3, 4, 5, 7, 20];
const dtypes: readonly DType[] = ['float64', 'float64', 'float64', 'float32', 'float32', 'int32', 'bool'];

function randomShape(random: Generator): Shape {
  return Array.from({ length: random.integer(0, 4) }, () => pick(random, extents));
}

/** Special values come often: they are where rewritten arithmetic would differ. */
function randomArray(random: Generator, shape: Shape, dtype: DType): NDArray {
  const data = allocate(dtype, sizeOf(shape));
  for (let i = 0; i < data.length; i++) {
    if (dtype === 'bool') data[i] = random.integer(0, 2);
    else if (dtype === 'int32')
      data[i] = pick(random, [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), random.integer(0, 100)]);
    else
      data[i] = pick(random, [
        0,
        -0,
        NaN,
        Infinity,
        -Infinity,
        1,
        ...Array.from({ length: 20 }, () => random.uniform() * 6 - 3),
      ]);
  }
  return { data, shape, dtype };
}

const unary = [
  'neg',
  'square',
  'abs',
  'sign',
  'exp',
  'log',
  'sqrt',
  'sin',
  'tanh',
  'relu',
  'sigmoid',
  'floor',
  'round',
  'erf',
  'reciprocal',
  'not',
  'cbrt',
] as const;
const binary = [
  'add',
  'sub',
  'mul',
  'div',
  'pow',
  'maximum',
  'minimum',
  'less',
  'equal',
  'greaterEqual',
  'add',
  'mul',
  'sub',
] as const;

/** A tensor that broadcasts against `x`: of the same shape, with axes of extent 1, or with fewer axes. */
function partner(random: Generator, x: Tensor, pool: readonly Tensor[]): Tensor {
  const same = pool.filter((y) => y.shape.join() === x.shape.join());
  if (same.length > 1 && random.uniform() < 0.5) return pick(random, same);
  const shape = x.shape
    .map((extent) => (random.uniform() < 0.3 ? 1 : extent))
    .slice(random.integer(0, x.rank + 1));
  const source = pick(random, pool);
  const row = source.reshape([source.size]);
  const size = sizeOf(shape);
  return row.size >= size ? row.slice([row.size - size], [row.size]).reshape(shape) : x;
}

function randomView(random: Generator, x: Tensor): Tensor {
  const each = (f: (extent: number) => number) => x.shape.map(f);
  switch (random.integer(0, 8)) {
    case 0: {
      const starts = each((extent) => random.integer(0, extent + 1));
      const ends = x.shape.map((extent, axis) => random.integer(starts[axis], extent + 1));
      return x.slice(
        starts,
        ends,
        each(() => random.integer(1, 4)),
      );
    }
    case 1:
      return x.transpose(each((extent) => extent).map((_, axis, all) => (axis + 1) % all.length));
    case 2:
      return x.flip(x.shape.map((_, axis) => axis).filter(() => random.uniform() < 0.5));
    case 3:
      return x.reshape([x.size]);
    case 4:
      return x.size % 2 === 0 ? x.reshape([2, x.size / 2]) : x.reshape([1, x.size, 1]);
    case 5:
      return x.broadcastTo([random.integer(1, 4), ...x.shape]);
    case 6:
      return x.rank === 3 ? x.reshape([x.shape[0] * x.shape[1], x.shape[2]]) : x.reshape([...x.shape, 1]);
    default:
      return x.pad({
        low: each(() => random.integer(0, 3)),
        high: each(() => random.integer(0, 3)),
        interior: each(() => (random.uniform() < 0.2 ? 1 : 0)),
      });
  }
}

function randomReduction(random: Generator, x: Tensor): Tensor {
  const axes = x.shape.map((_, axis) => axis).filter(() => random.uniform() < 0.6);
  const options = { axes, keepDims: random.uniform() < 0.5 };
  if (random.uniform() < 0.5 || x.size === 0) return x.sum(options);
  if (random.uniform() < 0.2 && x.rank > 0) return x.argmax(random.integer(0, x.rank));
  return random.uniform() < 0.5 ? x.max(options) : x.min(options);
}

function randomStep(random: Generator, pool: readonly Tensor[]): Tensor {
  const x =
    random.uniform() < 0.7
      ? pool[pool.length - 1 - random.integer(0, Math.min(4, pool.length))]
      : pick(random, pool);
  const choice = random.uniform();
  if (choice < 0.2) return x[pick(random, unary)]();
  if (choice < 0.5) return x[pick(random, binary)](partner(random, x, pool));
  if (choice < 0.55) return x.less(0.5).where(partner(random, x, pool), x);
  if (choice < 0.6) return x.cast(pick(random, dtypes));
  if (choice < 0.82) return randomView(random, x);
  if (choice < 0.93) return randomReduction(random, x);
  if (choice < 0.97 && x.rank > 0) return x.concat(x.exp(), random.integer(0, x.rank));
  return x.rank === 2 ? matmul(x, x.transpose()) : x.mul(0.5);
}

export interface RandomGraph {
  readonly graph: Graph;
  readonly inputs: readonly NDArray[];
}

export interface RandomGraph {
  readonly graph: Graph;
  readonly inputs: readonly NDArray[];
}

function randomPool(
  random: Generator,
  builder: Builder,
): { arrays: NDArray[]; inputs: Tensor[]; pool: Tensor[] } {
  const arrays = Array.from({ length: random.integer(1, 4) }, () =>
    randomArray(random, randomShape(random), pick(random, dtypes)),
  );
  const inputs = arrays.map((array) => builder.input(array));
  const pool = [...inputs, builder.constant(randomArray(random, randomShape(random), 'float64'))];
  const steps = random.integer(1, 30);
  for (let step = 0; step < steps; step++) {
    const next = randomStep(random, pool);
    if (next.size <= 3000) pool.push(next);
  }
  return { arrays, inputs, pool };
}

/**
 * A graph of up to 30 random ops on inputs of random shapes (empty, scalar and with axes of extent 1 among them) and element
 * types, and values for its inputs.
 */
export function randomGraph(seed: number): RandomGraph {
  const random = new Generator(seed);
  const builder = new Builder();
  return building(builder, () => {
    const { arrays, inputs, pool } = randomPool(random, builder);
    const outputs = Array.from({ length: random.integer(1, 5) }, () => pick(random, pool.slice(-6)));
    return { graph: builder.graph(inputs, [...outputs, pool[pool.length - 1]]), inputs: arrays };
  });
}

/** The same as one step of a loop: the first `carry` outputs are new values of the first inputs. */
export function randomStepGraph(seed: number): RandomGraph & { carry: number } {
  const random = new Generator(seed);
  const builder = new Builder();
  return building(builder, () => {
    const { arrays, inputs, pool } = randomPool(random, builder);
    const carry = random.integer(1, inputs.length + 1);
    const last = pool[pool.length - 1];
    const next = inputs.slice(0, carry).map((input) => {
      const alike = inputs.slice(0, carry).filter((other) => other.toString() === input.toString());
      if (alike.length > 1 && random.uniform() < 0.5) return pick(random, alike);
      if (input.dtype === 'bool') return random.uniform() < 0.5 ? input : input.not();
      const drift = last.sum().cast('float64').mul(0.01).cast(input.dtype);
      return random.uniform() < 0.2 ? input : input.sub(drift);
    });
    return { graph: builder.graph(inputs, [...next, pick(random, pool), last]), inputs: arrays, carry };
  });
}
