import type { Received, Traffic } from './collective.js';

/** Messages between ranks: those of one sender with one tag arrive in order. A message to oneself is never sent. */
export interface Transport {
  readonly kind: 'self' | 'threads' | 'mpi';
  readonly rank: number;
  readonly size: number;
  readonly traffic: Traffic;
  /** One for each rank; all on one without it. */
  readonly hosts?: readonly number[];
  /** @param tag from 0 to 131,071: a channel of 32,768 for the group of all ranks, and three for parts of it */
  send(data: Uint8Array, to: number, tag: number): Promise<void>;
  /** @throws ScreeError when the message is longer than `into` */
  receive(into: Uint8Array, from: number | 'any', tag: number): Promise<Received>;
  abort(reason: string): never;
  close(): Promise<void>;
}
