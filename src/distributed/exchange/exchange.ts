import type { Shape } from '../../graph/shape.js';
import type { Codec, CoderState } from '../codec/codec.js';
import type { Values, Workspace } from '../codec/workspace.js';
import type { Collective } from '../collective/collective.js';

/** A stretch of the gradient that is exchanged as one. */
export interface Bucket {
  readonly values: Values;
  /** The tensors in it, in their order. */
  readonly shapes: readonly Shape[];
}

export interface ExchangeRequest {
  readonly collective: Collective;
  readonly codec: Codec;
  readonly workspace: Workspace;
  /** The same on all ranks, at places of their own. */
  readonly buckets: readonly Bucket[];
  /** Of everything random; the same on all ranks. */
  readonly seed: number;
}

/** Where the time of an exchange went, in milliseconds since it was made. */
export interface ExchangeTimes {
  /** Encoding and decoding. */
  readonly codecMs: number;
  /** Waiting for others and their messages, summed over buckets: those under way at once count each. */
  readonly wireMs: number;
}

/** How the gradients of all ranks become their mean. */
export interface Exchange {
  /**
   * Makes a bucket's values the mean over the ranks, with the same bits on each of them. All ranks give their buckets in the same
   * order; the next may be given before the last is done.
   * @param step from 1
   */
  reduce(bucket: number, step: number): Promise<void>;
  /** What is saved with the run on this rank: views. */
  readonly state: CoderState;
  readonly times: ExchangeTimes;
  /** Waits until nothing is under way, before state is saved; for exchanges whose `reduce` does not wait for its own messages. */
  settle?(): Promise<void>;
}

export type ExchangeMaker = (request: ExchangeRequest) => Exchange;
