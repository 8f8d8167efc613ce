import { ScreeError } from '../graph/errors.js';
import { sameShape, showShape } from '../graph/shape.js';
import { currentBuilder, type Tensor } from '../graph/tensor.js';
import { flattenTree, treePaths, unflattenTree, type Tree } from '../graph/tree.js';
import { resultLeaves } from '../ops/trace.js';
import { applyScan, element, type ScanStep } from './scan-op.js';

export interface ScanOptions {
  /** How many steps; needed where there are no sequences. */
  readonly length?: number;
  /** Whether to go from the last element to the first; false by default. */
  readonly reverse?: boolean;
}

/** What a step gives: the carry for the next one, and what is kept of this one. */
export interface Scanned<C extends Tree<Tensor>, Y extends Tree<Tensor>> {
  readonly carry: C;
  readonly y: Y;
}

/** The steps' number, which all sequences must agree on. */
function lengthOf(xs: Tree<Tensor>, { length }: ScanOptions): number {
  const leaves = flattenTree(xs);
  const steps = length ?? leaves[0]?.shape[0];
  if (steps === undefined || !Number.isInteger(steps) || steps < 0) {
    throw new ScreeError(`scan: length ${steps} must be an integer from 0 on, or follow from a sequence`);
  }
  const paths = treePaths(xs);
  leaves.forEach(({ shape }, index) => {
    if (shape[0] !== steps) {
      const name = paths[index] === '' ? 'the sequence' : `sequence '${paths[index]}'`;
      throw new ScreeError(
        `scan: ${name} is ${showShape(shape)}; its first axis must have ${steps} elements`,
      );
    }
  });
  return steps;
}

function requireSameCarry(before: Tree<Tensor>, after: Tree<Tensor>): void {
  const paths = treePaths(before);
  const leaves = resultLeaves('scan', after);
  const known = treePaths(after);
  flattenTree(before).forEach(({ shape, dtype }, index) => {
    const name = paths[index] === '' ? 'the carry' : `carry '${paths[index]}'`;
    const next = leaves[index];
    if (next === undefined || known[index] !== paths[index]) {
      throw new ScreeError(`scan: the step gives no ${name}; it must give the carry that it gets`);
    }
    if (next.dtype !== dtype || !sameShape(next.shape, shape)) {
      throw new ScreeError(
        `scan: ${name} is ${dtype}${showShape(shape)} before a step and ${next.dtype}${showShape(next.shape)} after it`,
      );
    }
  });
  if (leaves.length > paths.length) {
    throw new ScreeError(`scan: the step gives carry '${known[paths.length]}', which it does not get`);
  }
}

/**
 * A loop whose number of steps is known: `step` gets the carry and the elements of the sequences along their first axis, and
 * gives the next carry and what is to be kept (as jax.lax.scan). What the step computes from outer tensors alone is computed
 * once. Reverse mode keeps the carry before each step and computes the inside of a step again.
 * @param carry a tree of tensors, whose shapes and types stay the same from step to step
 * @param xs a tree of tensors [length, …]; `[]` for none
 * @returns the carry after the last step, and `ys`, in the tree of what each step kept, [length, …]
 * @throws ScreeError naming the carry that changes its type, or the sequence of another length
 * @example
 * ```ts
 * import { compile, float64, scan, type Tensor } from 'scree';
 *
 * const step = (total: Tensor, x: Tensor) => ({ carry: total.add(x), y: total });
 * const sums = compile((start: Tensor, xs: Tensor) => scan(step, start, xs), [float64(), float64(3)]);
 * const { carry, ys } = sums.run(0, [1, 2, 3]);
 * console.log(carry.data, ys.data);
 * ```
 * ```text
 * Float64Array(1) [ 6 ] Float64Array(3) [ 0, 1, 3 ]
 * ```
 */
export function scan<C extends Tree<Tensor>, X extends Tree<Tensor>, Y extends Tree<Tensor>>(
  step: (carry: C, x: X) => Scanned<C, Y>,
  carry: C,
  xs: X,
  options: ScanOptions = {},
): { carry: C; ys: Y } {
  const length = lengthOf(xs, options);
  const { reverse = false } = options;
  const builder = currentBuilder('scan');
  const sequences = flattenTree<Tensor>(xs);
  let kept: Y | undefined;
  const run = (before: readonly Tensor[], elements: readonly Tensor[]): ScanStep => {
    const after = step(
      unflattenTree<Tensor, Tensor>(carry, before) as C,
      unflattenTree<Tensor, Tensor>(xs, elements) as X,
    );
    requireSameCarry(carry, after.carry);
    kept = after.y;
    const result = { carry: flattenTree<Tensor>(after.carry), kept: resultLeaves('scan', after.y) };
    if (result.carry.length + result.kept.length > 0) return result;
    throw new ScreeError('scan: the step neither carries nor keeps anything');
  };
  const start = flattenTree<Tensor>(carry);
  let results: Tensor[];
  if (length === 1) {
    const after = run(
      start,
      sequences.map((sequence) => element(sequence, 0)),
    );
    results = [...after.carry, ...after.kept.map((y) => y.reshape([1, ...y.shape]))];
  } else {
    results = applyScan(builder, { carry: start, sequences }, { length, reverse }, run);
    if (length === 0) results = results.map((result, k) => start[k] ?? result.zerosLike());
  }
  if (kept === undefined) throw new ScreeError('scan: the step was not run');
  return {
    carry: unflattenTree<Tensor, Tensor>(carry, results.slice(0, start.length)) as C,
    ys: unflattenTree<Tensor, Tensor>(kept, results.slice(start.length)) as Y,
  };
}
