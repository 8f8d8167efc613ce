/** Bytes that this rank handed to others and got from them since it began. */
export interface Traffic {
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** Where a message came from, and how many bytes it had. */
export interface Received {
  readonly from: number;
  readonly bytes: number;
}

/**
 * A group of ranks that call the same methods in the same order (`send` and `receive` aside). Calls may overlap: each is matched
 * by its place in that order. Buffers belong to a call until its promise is kept; none is kept longer. What sums gives the same
 * bits on every rank. A rank that does not arrive in time ends the run on all ranks.
 */
export interface Collective {
  readonly kind: 'self' | 'threads' | 'mpi';
  /** From 0. */
  readonly rank: number;
  readonly size: number;
  /** The host of each rank, from 0: those of one share memory, or at least a machine. */
  readonly hosts: readonly number[];
  /** Counted where bytes leave and arrive, not computed. */
  readonly traffic: Traffic;
  /** The bytes of `root` become everyone's. */
  broadcast(data: Uint8Array, root: number): Promise<void>;
  /**
   * The sum over the ranks, in place: on a ring, 2(P − 1)/P of the data out and in (Patarasuk and Yuan 2009).
   * @param stream from 0: calls with a number are matched with the others' calls of that number, whatever else is called
   */
  allReduce(data: Float32Array | Float64Array, stream?: number): Promise<void>;
  /**
   * @param send `counts[rank]` bytes
   * @param receive the parts of all ranks, one behind the other, rank r's of `counts[r]` bytes
   */
  allGather(send: Uint8Array, receive: Uint8Array, counts: readonly number[]): Promise<void>;
  /**
   * Each rank gives each other one a part.
   * @param send one part for each rank, one behind the other, of `sendCounts[r]` bytes
   * @param receive the parts from all ranks, of `receiveCounts[r]` bytes
   */
  allToAll(
    send: Uint8Array,
    sendCounts: readonly number[],
    receive: Uint8Array,
    receiveCounts: readonly number[],
  ): Promise<void>;
  /** @param tag from 0 to 16,383 */
  send(data: Uint8Array, to: number, tag: number): Promise<void>;
  /** @throws ScreeError when the message is longer than `into` */
  receive(into: Uint8Array, from: number | 'any', tag: number): Promise<Received>;
  barrier(): Promise<void>;
  /**
   * Some of the ranks as a group of their own: those that are in it make it, each with the same list.
   * @param members ranks of this group, in the order in which they are numbered in the new one
   * @param channel from 1 to 3: groups that are used at once by one rank need one each
   */
  group(members: readonly number[], channel: number): Collective;
  /** Ends all ranks, for a reason that is told. */
  abort(reason: string): never;
  /** Leaves the group, once all ranks are here. */
  close(): Promise<void>;
}
