import { ScreeError } from '../graph/errors.js';
import { showShape, sizeOf, type Shape } from '../graph/shape.js';

/**
 * What was taken from the source's numbers and what they were divided by: (value − mean) / std. There is a pair a channel for
 * images, a pair a feature for tables, and one for all numbers of other examples.
 */
export interface Normalisation {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Numbers of examples as a source holds them. */
export type RawNumbers = Uint8Array | Float32Array | Float64Array;

/** From so many groups on, a table of 256 counts for each would be larger than what is counted. */
const MOST_COUNTED_GROUPS = 64;

/** Channels of an image [channels, height, width]; 1 for every other shape. */
export function channelsOf(inputShape: Shape): number {
  return inputShape.length === 3 ? inputShape[0] : 1;
}

/**
 * Mean and standard deviation of each group of numbers over all rows (of bytes exact, from counts of the 256 values). A
 * constant group has std 1. Given the training part alone, nothing of the test part leaks into training.
 * @param inputs numbers [rows, ...inputShape]
 * @param groups into how many equal pieces an example is cut that have their own pair: by default its channels
 */
export function standardisation(
  inputs: RawNumbers,
  inputShape: Shape,
  groups = channelsOf(inputShape),
): Normalisation {
  const bytes = inputs instanceof Uint8Array && groups <= MOST_COUNTED_GROUPS;
  return (bytes ? fromCounts : fromValues)(inputs, sizeOf(inputShape) / groups, groups);
}

/** Visits the pieces of all rows in their order: `group` tells which pair of constants is theirs. */
function eachPiece(
  length: number,
  plane: number,
  groups: number,
  visit: (group: number, start: number, end: number) => void,
): void {
  for (let start = 0, group = 0; start < length; start += plane, group = (group + 1) % groups) {
    visit(group, start, start + plane);
  }
}

function fromCounts(inputs: RawNumbers, plane: number, groups: number): Normalisation {
  const counts = Array.from({ length: groups }, () => new Float64Array(256));
  eachPiece(inputs.length, plane, groups, (group, start, end) => {
    const count = counts[group];
    for (let index = start; index < end; index++) count[inputs[index]]++;
  });
  const total = inputs.length / groups;
  const mean = counts.map((count) => count.reduce((sum, seen, value) => sum + seen * value, 0) / total);
  const std = counts.map((count, group) => {
    const squares = count.reduce((sum, seen, value) => sum + seen * (value - mean[group]) ** 2, 0);
    return Math.sqrt(squares / total) || 1;
  });
  return { mean, std };
}

/** In two passes, so that nothing cancels where the mean is far from zero. */
function fromValues(inputs: RawNumbers, plane: number, groups: number): Normalisation {
  const total = inputs.length / groups;
  const first = Array.from({ length: groups }, (_, group) => inputs[group * plane]);
  const constant = new Array<boolean>(groups).fill(true);
  const mean = new Array<number>(groups).fill(0);
  eachPiece(inputs.length, plane, groups, (group, start, end) => {
    let sum = 0;
    for (let index = start; index < end; index++) {
      sum += inputs[index];
      if (inputs[index] !== first[group]) constant[group] = false;
    }
    mean[group] += sum / total;
  });
  // The rounded mean of equal numbers may differ from them: what is left is not a deviation to divide by.
  for (let group = 0; group < groups; group++) if (constant[group]) mean[group] = first[group];
  const variance = new Array<number>(groups).fill(0);
  eachPiece(inputs.length, plane, groups, (group, start, end) => {
    let sum = 0;
    for (let index = start; index < end; index++) sum += (inputs[index] - mean[group]) ** 2;
    variance[group] += sum / total;
  });
  return { mean, std: variance.map((value) => Math.sqrt(value) || 1) };
}

/**
 * (value − mean) / std for every number, rounded once to float32.
 * @param inputs numbers [rows, ...inputShape]
 * @throws ScreeError when the constants are not finite pairs with std above 0, one a channel or one a number of an example
 */
export function normalise(inputs: RawNumbers, inputShape: Shape, { mean, std }: Normalisation): Float32Array {
  const size = sizeOf(inputShape);
  const channels = channelsOf(inputShape);
  const groups = mean.length;
  const usable =
    mean.every((value) => Number.isFinite(value)) && std.every((value) => value > 0 && value < Infinity);
  if ((groups !== channels && groups !== size) || std.length !== groups || !usable) {
    const counts = size === channels ? `${channels}` : `${channels} (or ${size})`;
    throw new ScreeError(
      `normalise: inputs of shape ${showShape(inputShape)} need ${counts} finite mean and positive std, ` +
        `not ${list(mean)} and ${list(std)}`,
    );
  }
  const plane = size / groups;
  const out = new Float32Array(inputs.length);
  const byTable = inputs instanceof Uint8Array && groups <= MOST_COUNTED_GROUPS;
  const tables = byTable
    ? mean.map((middle, group) =>
        Float32Array.from({ length: 256 }, (_, value) => (value - middle) / std[group]),
      )
    : [];
  eachPiece(inputs.length, plane, groups, (group, start, end) => {
    if (byTable) {
      const table = tables[group];
      for (let index = start; index < end; index++) out[index] = table[inputs[index]];
    } else {
      const middle = mean[group];
      const deviation = std[group];
      for (let index = start; index < end; index++) out[index] = (inputs[index] - middle) / deviation;
    }
  });
  return out;
}

function list(values: readonly number[]): string {
  const shown = values.slice(0, 8).join(', ');
  return values.length > 8 ? `[${shown}, … ${values.length} numbers]` : `[${shown}]`;
}
