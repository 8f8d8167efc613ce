/**
 * A learning rate by the number of steps already taken: 0 for the first step. Pure, so that a run resumed at any step goes on
 * as it would have.
 */
export interface Schedule {
  (step: number): number;
  /** Where present, the momentum by the number of steps already taken, for StepContext.momentum. */
  readonly momentum?: (step: number) => number;
  /** Where present, the rate is to be multiplied by the factor of this state, which follows a metric. */
  readonly plateau?: Plateau;
}

/** What is remembered of a metric that should fall: plain JSON, to be kept in a checkpoint. */
export interface PlateauState {
  /** What the learning rate is multiplied by. */
  readonly factor: number;
  /** The best value so far; null before the first. */
  readonly best: number | null;
  /** Values since the best one that were no better. */
  readonly worse: number;
  /** Values still to come that do not count as worse. */
  readonly cooldown: number;
}

export interface Plateau {
  readonly initial: PlateauState;
  /** The state after one more value of the metric, such as the validation loss of an epoch. NaN is no better. */
  update(state: PlateauState, metric: number): PlateauState;
}
