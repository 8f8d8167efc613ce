import type { NDArray } from '../../graph/ndarray.js';
import type { Shape } from '../../graph/shape.js';
import type { Values, Workspace } from './workspace.js';

/** One bucket of gradients on one rank. */
export interface CoderRequest {
  readonly workspace: Workspace;
  /** Values in the bucket. */
  readonly length: number;
  /** The tensors in the bucket, in their order: for codecs that work by matrices, or leave small tensors alone. */
  readonly shapes: readonly Shape[];
  /** Of everything random; the same on all ranks. */
  readonly seed: number;
  readonly rank: number;
  readonly ranks: number;
}

/** What is saved with a run: views in the workspace, by name, to be copied or written to. */
export type CoderState = Readonly<Record<string, NDArray>>;

/**
 * Turns values into a message and back. A message holds all that its decoder needs except the bucket's length and the codec's
 * options, which both sides know. Values that are not finite are never lost: what is decoded in their place is not finite.
 */
export interface Coder {
  readonly kind: 'coder';
  readonly state: CoderState;
  /** The most bytes of a message of `length` values. */
  maxBytes(length: number): number;
  /**
   * @param values stay as they are
   * @param out byte offset of room for `maxBytes`, a multiple of 16
   * @param draw number of the message, for those that round at random: the same draw, seed and rank give the same message
   * @returns bytes of the message
   */
  encode(values: Values, out: number, draw: number): number;
  /**
   * `encode` of values + residual, which leaves in the residual what the message lacks; for codecs that do it in one pass.
   * @param residual byte offset of as many values
   */
  encodeWithFeedback?(values: Values, residual: number, out: number, draw: number): number;
  /**
   * @param message byte offset, a multiple of 16
   * @param adding whether to add to `into` or to overwrite it
   * @throws ScreeError for a message that is not one of so many values
   */
  decode(message: number, bytes: number, into: Values, adding: boolean): void;
}

/**
 * A codec whose messages are numbers that are summed over the ranks before they are decoded, in one or more rounds. What it loses
 * it keeps itself.
 */
export interface LinearCoder {
  readonly kind: 'linear';
  readonly state: CoderState;
  /**
   * @param values overwritten by the mean over the ranks when the last round is done
   * @param sum sums values over the ranks, in place
   */
  reduce(values: Values, draw: number, sum: (part: Values) => Promise<void>): Promise<void>;
}

export interface Codec {
  readonly name: string;
  readonly options: Readonly<Record<string, number | boolean>>;
  /** Whether training fails without error feedback around it. */
  readonly needsFeedback: boolean;
  /** Whether messages are a few values with their places: a sum of several is larger, so they are gathered, not summed. */
  readonly sparse?: boolean;
  create(request: CoderRequest): Coder | LinearCoder;
}
