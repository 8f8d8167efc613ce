import { describe, expect, test } from 'vitest';
import { ndarray } from '../graph/ndarray.js';
import { Generator, normal } from '../random/index.js';
import { carryOver, nameStates, statesOf, type StateLayout } from './carry-over.js';
import type { CoderState } from './codec/codec.js';

const length = 100;

/** Ranks that each own a part: what is lacking of the others' parts is of the own gradient, of the own part of the mean. */
function twoPhase(ranks: number): StateLayout[] {
  const border = (part: number) => Math.floor((part * length) / ranks);
  return Array.from({ length: ranks }, (_, rank) =>
    Object.fromEntries(
      Array.from({ length: ranks }, (_, part) => [
        `${part === rank ? 'mean.' : ''}${border(part)}.residual`,
        border(part + 1) - border(part),
      ]),
    ),
  );
}

const whole = (ranks: number): StateLayout[] =>
  Array.from({ length: ranks }, () => ({ '0.residual': length, '0.velocity': length }));

function filled(layouts: readonly StateLayout[]): CoderState[] {
  const generator = new Generator(1);
  return layouts.map((layout) =>
    Object.fromEntries(Object.entries(layout).map(([name, size]) => [name, normal(generator, [size])])),
  );
}

/** What the mean over the ranks lacks, by the meaning of the names. */
function lacking(states: readonly CoderState[]): Float64Array {
  const sum = new Float64Array(length);
  for (const state of states) {
    for (const [name, { data }] of Object.entries(state)) {
      if (!name.endsWith('residual')) continue;
      const words = name.split('.');
      const place = Number(words[words.length - 2]);
      data.forEach(
        (value, index) => (sum[place + index] += words.length === 3 ? value : value / states.length),
      );
    }
  }
  return sum;
}

describe.each([
  ['two-phase', twoPhase],
  ['all-gather', whole],
])('%s', (_name, layout) => {
  test.each([
    [4, 3],
    [3, 4],
    [2, 1],
    [1, 5],
  ])('%i ranks to %i keep what the mean lacks', (before, after) => {
    const old = filled(layout(before));
    const layouts = layout(after);
    const states = layouts.map((_, rank) => carryOver(old, layouts, rank));
    const [then, now] = [lacking(old), lacking(states)];
    // Each is a sum of a few float32 numbers of about 1.
    then.forEach((value, index) => expect(Math.abs(now[index] - value)).toBeLessThan(1e-6));
    expect(then.some((value) => Math.abs(value) > 0.1)).toBe(true);
  });
});

test('what is no residual becomes its mean', () => {
  const old = filled(whole(2));
  const [state] = [carryOver(old, whole(3), 1)];
  state['0.velocity'].data.forEach((value, index) =>
    expect(value).toBeCloseTo((old[0]['0.velocity'].data[index] + old[1]['0.velocity'].data[index]) / 2, 6),
  );
});

test('states are named by rank in a checkpoint, beside other tensors', () => {
  const states: CoderState[] = [{ '0.residual': ndarray([1]) }, { 'mean.0.residual': ndarray([2]) }];
  expect(statesOf({ 'model.0.weight': ndarray([3]), ...nameStates(states) })).toEqual(states);
});
