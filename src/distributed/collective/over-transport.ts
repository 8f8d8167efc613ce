import { ScreeError } from '../../graph/errors.js';
import type { Collective, Received } from './collective.js';
import type { Transport } from './transport.js';

export interface CollectiveOptions {
  /** How long a rank waits for another before it ends the run, in milliseconds. Default a minute. */
  readonly timeoutMs?: number;
  /** The same until the first message has come: ranks start one after another. Default `timeoutMs`. */
  readonly startMs?: number;
  /** Ends every wait with its reason, which is an error: for whoever learns by another way that the group is broken. */
  readonly signal?: AbortSignal;
}

/** Tags below are the caller's; those from here on belong to collectives, each message stream with one of its own. */
const firstOwnTag = 2 ** 14;
const ownTags = 2 ** 13;

/** The rest is for numbered streams: so many of them with so many tags each. */
const numberedStreams = 64;
const tagsOfStream = ownTags / numberedStreams;

/** Tags of a group and of its streams. */
const tagsOfChannel = 2 ** 15;

/** Larger messages go in pieces: a whole 100 MB buffer is up to 18 times slower through Open MPI's shared memory. */
const pieceBytes = 4 * 2 ** 20;

/** Rings under way at once: while one block is summed, the others keep the link busy. */
const ringsAtOnce = 4;

type Summable = Float32Array | Float64Array;

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** The pieces of a stretch of bytes. */
function* piecesOf(data: Uint8Array): IterableIterator<Uint8Array> {
  for (let start = 0; start < data.length; start += pieceBytes)
    yield data.subarray(start, start + pieceBytes);
}

/** Cuts data into parts of so many bytes, one behind the other. @throws ScreeError when they do not fill it */
function cut(operation: string, data: Uint8Array, counts: readonly number[], size: number): Uint8Array[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (counts.length !== size || total !== data.length) {
    throw new ScreeError(
      `${operation}: ${counts.length} parts of ${total} bytes in all do not fit ${size} ranks and a buffer of ${data.length} bytes`,
    );
  }
  let start = 0;
  return counts.map((count) => data.subarray(start, (start += count)));
}

function add(into: Summable, from: Summable): void {
  for (let index = 0; index < into.length; index++) into[index] += from[index];
}

/** The collective operations over messages from rank to rank. */
export function overTransport(transport: Transport, options: CollectiveOptions = {}): Collective {
  const { timeoutMs = 60_000, startMs = timeoutMs, signal } = options;
  const { rank, size } = transport;
  const others = Array.from({ length: size - 1 }, (_, index) => (rank + 1 + index) % size);
  let streams = 0;
  const nextTag = () => firstOwnTag + (streams++ % ownTags);
  const calls = new Uint32Array(numberedStreams);
  const nextTagOf = (stream: number) => {
    const own = stream % numberedStreams;
    return firstOwnTag + ownTags + own * tagsOfStream + (calls[own]++ % tagsOfStream);
  };

  let limitMs = startMs;
  const waits = new Set<(reason: Error) => void>();
  const broken = () =>
    signal?.reason instanceof Error ? signal.reason : new ScreeError(String(signal?.reason));
  signal?.addEventListener('abort', () => {
    for (const end of waits) end(broken());
  });

  /** Ends the run when a message takes longer than the limit. */
  async function watched<T>(message: Promise<T>, what: () => string): Promise<T> {
    if (signal?.aborted === true) throw broken();
    const waitMs = limitMs;
    let timer: NodeJS.Timeout | undefined;
    let end: ((reason: Error) => void) | undefined;
    const expiry = new Promise<never>((_, reject) => {
      end = reject;
      waits.add(reject);
      timer = setTimeout(() => {
        try {
          transport.abort(`rank ${rank} waited ${waitMs / 1000} s ${what()}: it hangs, or its link is down`);
        } catch (error) {
          reject(error instanceof Error ? error : new ScreeError(String(error)));
        }
      }, waitMs);
    });
    try {
      const result = await Promise.race([message, expiry]);
      limitMs = timeoutMs;
      return result;
    } finally {
      clearTimeout(timer);
      if (end !== undefined) waits.delete(end);
    }
  }

  const send = (data: Uint8Array, to: number, tag: number): Promise<void> =>
    watched(transport.send(data, to, tag), () => `to send ${data.length} bytes to rank ${to}`);

  const receive = (into: Uint8Array, from: number | 'any', tag: number): Promise<Received> =>
    watched(transport.receive(into, from, tag), () =>
      from === 'any' ? 'for a message from any rank' : `for ${into.length} bytes from rank ${from}`,
    );

  /** Receives a message whose length is known. */
  async function receiveWhole(into: Uint8Array, from: number, tag: number): Promise<void> {
    const { bytes } = await receive(into, from, tag);
    if (bytes === into.length) return;
    transport.abort(
      `rank ${from} sent ${bytes} bytes where rank ${rank} expects ${into.length}: the ranks do not run the same program`,
    );
  }

  const sendPieces = (data: Uint8Array, to: number, tag: number) =>
    Promise.all([...piecesOf(data)].map((piece) => send(piece, to, tag)));

  const receivePieces = (into: Uint8Array, from: number, tag: number) =>
    Promise.all([...piecesOf(into)].map((piece) => receiveWhole(piece, from, tag)));

  /**
   * All-reduce on a ring: a part travels round once to be summed and once to be told. Each part is summed in one order only,
   * so that all ranks get the same bits.
   */
  async function ring(block: Summable, scratch: Summable, tag: number): Promise<void> {
    const right = (rank + 1) % size;
    const left = (rank + size - 1) % size;
    const border = (part: number) => Math.floor((part * block.length) / size);
    const part = (index: number) => {
      const wrapped = ((index % size) + size) % size;
      return block.subarray(border(wrapped), border(wrapped + 1));
    };
    for (let step = 0; step < 2 * (size - 1); step++) {
      const summing = step < size - 1;
      const outgoing = part(rank - step);
      const incoming = part(rank - step - 1);
      const place = summing ? scratch.subarray(0, incoming.length) : incoming;
      await Promise.all([
        outgoing.length > 0 ? send(bytesOf(outgoing), right, tag) : undefined,
        incoming.length > 0 ? receiveWhole(bytesOf(place), left, tag) : undefined,
      ]);
      if (summing) add(incoming, place);
    }
  }

  async function allReduce(data: Summable, stream?: number): Promise<void> {
    if (size === 1 || data.length === 0) return;
    const length = Math.max(1, Math.floor(pieceBytes / data.BYTES_PER_ELEMENT)) * size;
    const blocks = Array.from({ length: Math.ceil(data.length / length) }, (_, index) => ({
      values: data.subarray(index * length, (index + 1) * length),
      tag: stream === undefined ? nextTag() : nextTagOf(stream),
    }));
    let next = 0;
    const lane = async (): Promise<void> => {
      const scratchLength = Math.ceil(Math.min(length, data.length) / size);
      const scratch =
        data instanceof Float32Array ? new Float32Array(scratchLength) : new Float64Array(scratchLength);
      while (next < blocks.length) {
        const { values, tag } = blocks[next++];
        await ring(values, scratch, tag);
      }
    };
    await Promise.all(Array.from({ length: Math.min(ringsAtOnce, blocks.length) }, lane));
  }

  async function allToAll(
    sent: Uint8Array,
    sendCounts: readonly number[],
    received: Uint8Array,
    receiveCounts: readonly number[],
  ): Promise<void> {
    const outgoing = cut('allToAll', sent, sendCounts, size);
    const incoming = cut('allToAll', received, receiveCounts, size);
    const tag = nextTag();
    if (outgoing[rank].length !== incoming[rank].length) {
      throw new ScreeError(
        `allToAll: rank ${rank} gives itself ${outgoing[rank].length} bytes and takes ${incoming[rank].length}`,
      );
    }
    incoming[rank].set(outgoing[rank]);
    await Promise.all(
      others.flatMap((other) => [
        sendPieces(outgoing[other], other, tag),
        receivePieces(incoming[other], other, tag),
      ]),
    );
  }

  async function allGather(sent: Uint8Array, received: Uint8Array, counts: readonly number[]): Promise<void> {
    const parts = cut('allGather', received, counts, size);
    if (sent.length !== counts[rank]) {
      throw new ScreeError(
        `allGather: rank ${rank} sends ${sent.length} bytes; its count says ${counts[rank]}`,
      );
    }
    const tag = nextTag();
    parts[rank].set(sent);
    await Promise.all(
      others.flatMap((other) => [sendPieces(sent, other, tag), receivePieces(parts[other], other, tag)]),
    );
  }

  /** A binomial tree: those that have the data pass it on to as many others each round. */
  async function broadcast(data: Uint8Array, root: number): Promise<void> {
    const tag = nextTag();
    const place = (rank - root + size) % size;
    const at = (other: number) => (other + root) % size;
    let reach = 1;
    while (reach < size) {
      if (place >= reach && place < 2 * reach) await receivePieces(data, at(place - reach), tag);
      else if (place < reach && place + reach < size) await sendPieces(data, at(place + reach), tag);
      reach *= 2;
    }
  }

  /** Dissemination (Hensgen, Finkel and Manber 1988): after ⌈log₂ P⌉ rounds everyone has heard of everyone. */
  async function barrier(): Promise<void> {
    const tag = nextTag();
    const heard = new Uint8Array(1);
    for (let reach = 1; reach < size; reach *= 2) {
      await Promise.all([
        send(heard, (rank + reach) % size, tag),
        receiveWhole(new Uint8Array(1), (rank - reach + size) % size, tag),
      ]);
    }
  }

  return {
    kind: transport.kind,
    rank,
    size,
    hosts: transport.hosts ?? new Array<number>(size).fill(0),
    traffic: transport.traffic,
    group(members, channel) {
      const { hosts = [] } = transport;
      const own = members.indexOf(rank);
      if (own < 0 || channel < 1 || channel > 3) {
        throw new ScreeError(
          `group: rank ${rank} is none of ${members.join(', ')}, or channel ${channel} not 1 to 3`,
        );
      }
      const outer = (tag: number) => channel * tagsOfChannel + tag;
      return overTransport(
        {
          ...transport,
          rank: own,
          size: members.length,
          hosts: members.map((member) => hosts[member] ?? 0),
          send: (data, to, tag) => transport.send(data, members[to], outer(tag)),
          async receive(into, from, tag) {
            const sender = from === 'any' ? from : members[from];
            const received = await transport.receive(into, sender, outer(tag));
            return { ...received, from: members.indexOf(received.from) };
          },
          close: () => Promise.resolve(),
        },
        options,
      );
    },
    broadcast,
    allReduce,
    allGather,
    allToAll,
    send,
    receive,
    barrier,
    abort: (reason) => transport.abort(reason),
    async close() {
      await barrier();
      await transport.close();
    },
  };
}
