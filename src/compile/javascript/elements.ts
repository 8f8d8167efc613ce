import type { Node } from '../../graph/graph.js';
import { sizeOf, stridesOf, type Shape } from '../../graph/shape.js';
import { matmulOp } from '../../ops/matmul.js';
import { concatOp, padOp } from '../../ops/slices.js';
import { accumulation } from './nest.js';
import { rounded } from './text.js';

/** The name of element `place` of operand `index`. */
type Operand = (index: number, place: number) => string;

/**
 * For each element of a small node that is neither elementwise nor a view, the expression that gives it; each adds in the order
 * of the op's kernel, so that both give the same bits.
 */
export function elementTexts(node: Node, operands: readonly Node[], operand: Operand): string[] {
  const { op } = node;
  if (op === padOp) return padTexts(node, operands[0].shape, operand);
  if (op === concatOp) return concatTexts(node, operands, operand);
  if (op === matmulOp) return matmulTexts(node, operands, operand);
  return reduceTexts(node, operands[0].shape, operand);
}

/** The index along each axis of every element, in row-major order. */
function indices(shape: Shape): number[][] {
  return shape.reduce<number[][]>(
    (all, extent) => all.flatMap((index) => Array.from({ length: extent }, (_, k) => [...index, k])),
    [[]],
  );
}

function placeOf(index: readonly number[], strides: readonly number[]): number {
  return index.reduce((place, k, axis) => place + k * strides[axis], 0);
}

function padTexts({ shape, attributes }: Node, part: Shape, operand: Operand): string[] {
  const along = (name: string) => attributes[name] as readonly number[];
  const [low, interior] = [along('low'), along('interior')];
  const texts = new Array<string>(sizeOf(shape)).fill('0');
  indices(part).forEach((index, place) => {
    const target = index.map((k, axis) => low[axis] + k * (interior[axis] + 1));
    texts[placeOf(target, stridesOf(shape))] = operand(0, place);
  });
  return texts;
}

function concatTexts({ shape, attributes }: Node, parts: readonly Node[], operand: Operand): string[] {
  const axis = attributes.axis as number;
  const texts = new Array<string>(sizeOf(shape));
  let start = 0;
  parts.forEach((part, which) => {
    indices(part.shape).forEach((index, place) => {
      const target = index.with(axis, index[axis] + start);
      texts[placeOf(target, stridesOf(shape))] = operand(which, place);
    });
    start += part.shape[axis];
  });
  return texts;
}

function reduceTexts({ op, shape, dtype, attributes }: Node, input: Shape, operand: Operand): string[] {
  const axes = attributes.axes as readonly number[];
  const kept = input.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
  const strides = stridesOf(kept).map((stride, axis) => (axes.includes(axis) ? 0 : stride));
  const { initial, update } = accumulation(op.name);
  const totals = new Array<string>(sizeOf(shape)).fill(initial);
  indices(input).forEach((index, place) => {
    const target = placeOf(index, strides);
    totals[target] = update(totals[target], operand(0, place));
  });
  return totals.map((total) => rounded(total, dtype));
}

function matmulTexts({ shape, dtype }: Node, [a, b]: readonly Node[], operand: Operand): string[] {
  const batch = shape.slice(0, -2);
  const [m, n] = shape.slice(-2);
  const k = a.shape[a.shape.length - 1];
  const matrix = (of: Shape, index: readonly number[]): number => {
    const outer = of.slice(0, -2);
    const aligned = index.slice(batch.length - outer.length).map((at, axis) => (outer[axis] === 1 ? 0 : at));
    return placeOf(aligned, stridesOf(outer));
  };
  return indices(batch).flatMap((index) => {
    const [left, right] = [matrix(a.shape, index) * m * k, matrix(b.shape, index) * k * n];
    return indices([m, n]).map(([row, column]) => {
      let total = '0';
      for (let p = 0; p < k; p++) {
        total += ` + ${operand(0, left + row * k + p)} * ${operand(1, right + p * n + column)}`;
      }
      return rounded(total, dtype);
    });
  });
}
