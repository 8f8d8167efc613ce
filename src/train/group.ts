import type { BatchPart } from '../data/index.js';
import type { NDArray } from '../graph/ndarray.js';
import type { Position } from './position.js';
import type { TrainingState } from './state.js';
import type { Found, Stepper, StepRequest } from './step.js';

/** One rank's part of a step that several ranks take together. */
export interface StepShare {
  /** So many rows of each batch are its own: those it is given. */
  readonly rows: number;
  /** Parts that the ranks before it cut their rows into: a part draws by its number among those of all ranks. */
  readonly firstPart: number;
  /** What its mean gradient is multiplied by, so that the mean over the ranks is that of the whole batch. */
  readonly weight: number;
  /** Where its gradient is left, in the shapes in which the step holds parameters. */
  readonly gradients: readonly NDArray[];
  /** Gradients that are exchanged as one, by their places: where the exchange of some is to begin before all are there. */
  readonly groups?: readonly (readonly number[])[];
  /**
   * Begins to make a group's gradients those of the whole batch; nobody uses them until {@link reduce} is done.
   * @param step from 1
   */
  begin(group: number, step: number): void;
  /**
   * Makes the gradient, and what was found on the own rows, those of the whole batch: the same bits on every rank.
   * @param step from 1
   */
  reduce(found: Found, step: number): Promise<Found>;
}

/** What of a rank's part in training goes into the report of a run. */
export interface WireReport {
  readonly ranks: number;
  readonly exchange: string;
  readonly codec: string;
  /** Sent by rank 0 in a step, headers included. */
  readonly bytesPerStep: number;
  /** What it would send if float32 values were summed on a ring. */
  readonly rawBytesPerStep: number;
  /** Raw bytes over those sent; null where nothing was sent. */
  readonly ratio: number | null;
  /** Means of a step on rank 0: gradient and update, coding, and waiting for messages. */
  readonly computeMs: number;
  readonly codecMs: number;
  readonly wireMs: number;
  /** Coding and waiting while the gradient was computed: the part of them that costs no time. */
  readonly hiddenMs: number;
}

/**
 * The ranks that train one model together, as training sees them. Each calls `train` with the same options; all methods are called
 * on all ranks in the same order. Rank 0 alone has a run folder, tests and tells.
 */
export interface TrainGroup {
  readonly rank: number;
  readonly size: number;
  /** What makes the run the run it is, for run.json; known once a step is compiled. */
  readonly description: { readonly [name: string]: string | number | boolean };
  /** Whether a rank wished the run to end, as agreed in the last step. */
  readonly stopping: boolean;
  readonly report: WireReport | undefined;
  /** @throws ScreeError naming the first field in which a rank's options, version or data differ from rank 0's, and the rank */
  check(fields: Readonly<Record<string, unknown>>): Promise<void>;
  /**
   * The rows of a batch that this rank computes, and alone has to prepare: those of the ranks follow one another, none is left out and none taken twice.
   * @throws ScreeError when there are more ranks than rows
   */
  partOf(batchSize: number): BatchPart;
  /** The step gets batches of this rank's rows. */
  compileStep(request: StepRequest, parts: number): Promise<Stepper>;
  /**
   * Brings rank 0's state to all.
   * @param position rank 0's; what others give is not looked at
   * @param saved what {@link gather} gave rank 0 when the checkpoint was saved
   */
  begin(
    state: TrainingState,
    position: Position,
    saved: Readonly<Record<string, NDArray>>,
  ): Promise<Position>;
  /**
   * Before a state is tested or saved: the model's state becomes the mean over the ranks, the parameters are compared.
   * @throws ScreeError naming a rank that holds other parameters than rank 0
   */
  settle(step: number): Promise<void>;
  /** Does a work on rank 0, whose result is everyone's. */
  share<T>(work: () => Promise<T>): Promise<T>;
  /** What all ranks keep beside the state, on rank 0; nothing on the others. */
  gather(): Promise<Readonly<Record<string, NDArray>>>;
}
