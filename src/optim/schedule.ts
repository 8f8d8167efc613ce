/**
 * A learning rate by the number of steps already taken: 0 for the first step. Pure, so that a run resumed at any step goes on
 * as it would have. A schedule that also cycles the momentum says it by `momentum`.
 */
export interface Schedule {
  (step: number): number;
  readonly momentum?: (step: number) => number;
}
