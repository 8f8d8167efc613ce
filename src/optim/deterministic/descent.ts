/** The loop that all line-search methods share. */
import { scale } from '../../linalg/index.js';
import { noiseOf, Progress } from './rounding.js';
import { Line, type LineSearch } from './line.js';
import { startAt, type Stop, type Iterate, type Position } from './method.js';
import type { Problem } from './problem.js';

/** How one method goes: its directions and what it learns from a step. */
export interface DirectionRule {
  /** direction [n] ← where to look from `position`; false where only steepest descent is left. May note what it did. */
  choose(position: Position, direction: Float64Array): boolean;
  /** First trial; `isFresh` after a start or a restart, when there is no last step to learn from. */
  initial(line: Line, position: Position, isFresh: boolean): number;
  /** After a search that succeeded and before the position moves: step, trial gradient and slopes are the line's. */
  learn?(line: Line, position: Position, direction: Float64Array): void;
  /** Forgets what it learned. */
  restart?(): void;
}

/**
 * Goes along the rule's directions by a line search. Where a direction does not lead down, or the search fails on it, the
 * rule restarts from steepest descent; where even that fails, the value cannot fall any more in this arithmetic.
 */
export function* descend(
  problem: Problem,
  start: Float64Array,
  search: LineSearch,
  rule: DirectionRule,
): Generator<Iterate, Stop, undefined> {
  const position = startAt(problem, start);
  const direction = new Float64Array(start.length);
  const line = new Line(problem);
  const progress = new Progress();
  yield position;
  for (let isFresh = true; ;) {
    position.note = undefined;
    let isSteepest = !rule.choose(position, direction);
    if (!isSteepest) line.from(position, direction);
    if (isSteepest || !(line.slope0 < 0)) {
      isSteepest = isFresh = true;
      steepest(line, position, direction);
    }
    if (!search(line, rule.initial(line, position, isFresh))) {
      if (isSteepest || isFresh) return exhausted(line);
      rule.restart?.();
      isFresh = true;
      steepest(line, position, direction);
      if (!search(line, rule.initial(line, position, isFresh))) return exhausted(line);
    }
    rule.learn?.(line, position, direction);
    line.accept(position);
    isFresh = false;
    yield position;
    if (!progress.see(position)) return exhausted(line);
  }
}

function steepest(line: Line, position: Position, direction: Float64Array): void {
  scale(-1, position.gradient, direction);
  line.from(position, direction);
}

/** No trial along the negative gradient was better: the fall that the slope promises is below what rounding shows. */
function exhausted(line: Line): Stop {
  return {
    reason: 'function',
    criterion: 'fall of the value along the negative gradient',
    value: line.value0 - line.value,
    threshold: noiseOf(line.value0),
  };
}
