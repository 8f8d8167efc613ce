import { expect } from 'vitest';
import { readGolden } from './golden.js';
import { compile } from '../../src/compile/index.js';
import { ndarray, type NDArray } from '../../src/graph/ndarray.js';
import type { Tensor } from '../../src/graph/tensor.js';
import { flattenTree, unflattenTree, type Tree } from '../../src/graph/tree.js';
import type { Layer } from '../../src/nn/index.js';
import { grad } from '../../src/transform/index.js';

export type Values = { shape: number[]; data: number[] };

export interface Case {
  op: string;
  attributes: {
    kernel?: number;
    training?: boolean;
    reduction?: string;
    countPadding?: boolean;
    strides?: number;
    padding?: number;
    groups?: number;
    momentum?: number;
    epsilon?: number;
    labelSmoothing?: number;
    targets?: string;
    approximate?: string;
    logits?: boolean;
    delta?: number;
  };
  inputs: Record<string, Values>;
  output: Values;
  cotangent: Values;
  gradients: Record<string, Values>;
  before?: { runningMean: Values; runningVariance: Values };
  after?: { runningMean: Values; runningVariance: Values };
}

const { cases } = readGolden('losses-layers.json') as { cases: Case[] };

/** Float64 keeps 16 digits; PyTorch adds in another order. */
export const digits = 12;

export function array({ shape, data }: Values): NDArray {
  return ndarray(Float64Array.from(data), shape);
}

export function transposed({ shape: [rows, columns], data }: Values): Values {
  const moved = data.map((_, index) => data[(index % rows) * columns + Math.floor(index / rows)]);
  return { shape: [columns, rows], data: moved };
}

export function expectClose({ data }: NDArray, expected: Values): void {
  expect(data.length).toBe(expected.data.length);
  expected.data.forEach((value, index) => expect(data[index]).toBeCloseTo(value, digits));
}

/** Output, new state and gradients of sum(cotangent · output) by the parameters and the input, in float64. */
export function applied(
  layer: Layer,
  parameters: Tree<NDArray>,
  state: Tree<NDArray>,
  x: NDArray,
  cotangent: NDArray,
  training = true,
) {
  const forward = (leaves: readonly Tensor[], own: readonly Tensor[], input: Tensor) =>
    layer.apply(unflattenTree(parameters, leaves), unflattenTree(state, own), input, { training });
  const weights = flattenTree(parameters);
  const states = flattenTree(state);
  const program = compile<[Tensor[], Tensor[], Tensor], readonly (readonly Tensor[])[]>(
    (leaves, own, input) => {
      const result = forward(leaves, own, input);
      const along = grad<[readonly Tensor[]]>(([moved, ...rest]) =>
        forward(rest, own, moved).output.mul(cotangent).sum(),
      );
      const [dx, ...gradients] = along([input, ...leaves]);
      return [[result.output], flattenTree(result.state), [dx], gradients];
    },
    [weights, states, x],
  );
  const [[output], after, [dx], gradients] = program.run(weights, states, x);
  return { output, after, dx, gradients };
}

export function casesOf(...ops: string[]): { name: string; golden: Case }[] {
  return cases
    .filter(({ op }) => ops.includes(op))
    .map((golden) => ({ name: `${golden.op} ${JSON.stringify(golden.attributes)}`, golden }));
}
