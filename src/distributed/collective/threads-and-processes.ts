import type { MessagePort } from 'node:worker_threads';
import { ScreeError } from '../../graph/errors.js';
import type { Collective, Received } from './collective.js';
import { overTransport, type CollectiveOptions } from './over-transport.js';

/** Where a group of threads stands among the processes, each of which has as many. */
export interface ProcessSeat {
  readonly process: number;
  readonly processes: number;
}

/** What a thread needs to speak with those of other processes: give it to the thread, with its port. */
export interface RelaySeat extends ProcessSeat {
  /** To the thread that speaks with the other processes. */
  readonly port: MessagePort;
}

/** How messages leave this process: tags here tell the threads at both ends. */
type Outside = Pick<Collective, 'send' | 'receive' | 'traffic'>;

const tagsOfGroups = 2 ** 17;

/** Tags are numbers below 2²⁸ in all MPI libraries that are known here: 17 bits are those of a message, the rest two threads. */
const mostThreads = 32;

type Order =
  | {
      readonly kind: 'send';
      readonly id: number;
      readonly data: Uint8Array;
      readonly to: number;
      readonly tag: number;
    }
  | {
      readonly kind: 'receive';
      readonly id: number;
      readonly into: Uint8Array;
      readonly from: number;
      readonly tag: number;
    };

type Answer = { readonly id: number } & (Received | { readonly error: string });

/** Sends and receives for another thread of this process. */
export function relayFor(port: MessagePort, processes: Collective): void {
  port.on('message', (order: Order) => {
    const { id, tag } = order;
    const work =
      order.kind === 'send'
        ? processes.send(order.data, order.to, tag).then(() => ({ from: order.to, bytes: 0 }))
        : processes.receive(order.into, order.from, tag);
    work.then(
      (received) => port.postMessage({ id, ...received } satisfies Answer),
      (error: unknown) =>
        port.postMessage({
          id,
          error: error instanceof Error ? error.message : String(error),
        } satisfies Answer),
    );
  });
}

const share = (data: Uint8Array): Uint8Array => {
  const copy = new Uint8Array(new SharedArrayBuffer(data.length));
  copy.set(data);
  return copy;
};

/** Other processes as a thread sees them that another thread speaks for. */
function outsideBy(port: MessagePort): Outside & { close(): void } {
  const traffic = { sentBytes: 0, receivedBytes: 0 };
  const waiting = new Map<number, { done: (received: Received) => void; failed: (error: Error) => void }>();
  let ids = 0;
  port.on('message', (answer: Answer) => {
    const one = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('error' in answer) one?.failed(new ScreeError(answer.error));
    else one?.done(answer);
  });
  const ask = (order: Order) =>
    new Promise<Received>((done, failed) => {
      waiting.set(order.id, { done, failed });
      port.postMessage(order);
    });
  return {
    traffic,
    async send(data, to, tag) {
      traffic.sentBytes += data.length;
      const own = data.buffer instanceof SharedArrayBuffer ? data : share(data);
      await ask({ kind: 'send', id: ids++, data: own, to, tag });
    },
    async receive(into, from, tag) {
      if (from === 'any')
        throw new ScreeError('receive: threads of several processes name whom they receive from');
      const isShared = into.buffer instanceof SharedArrayBuffer;
      const place = isShared ? into : new Uint8Array(new SharedArrayBuffer(into.length));
      const received = await ask({ kind: 'receive', id: ids++, into: place, from, tag });
      if (!isShared) into.set(place.subarray(0, received.bytes));
      traffic.receivedBytes += received.bytes;
      return received;
    },
    close: () => port.close(),
  };
}

/**
 * Threads of several processes as one group: thread t of process p is rank p · threads + t. Each process is a host. Only one thread of a
 * process speaks with other processes; it does for the others, too. What stays in a process does not count as traffic.
 * @param threads the threads of this process
 * @param outside the processes' group on the thread that speaks with them, a seat on others
 */
export function joinThreadsAndProcesses(
  threads: Collective,
  outside: Collective | RelaySeat,
  options?: CollectiveOptions,
): Collective {
  const { rank: thread, size: each } = threads;
  const relayed = 'port' in outside;
  const { process, processes } = relayed ? outside : { process: outside.rank, processes: outside.size };
  if (each > mostThreads) {
    throw new ScreeError(`train: ${each} threads in each of several processes are more than ${mostThreads}`);
  }
  const beyond: Outside & { close(): void } = relayed
    ? outsideBy(outside.port)
    : { ...outside, close: () => undefined };
  const size = processes * each;
  const processOf = (rank: number) => Math.floor(rank / each);
  const outer = (tag: number, from: number, to: number) => (from * mostThreads + to) * tagsOfGroups + tag;
  return overTransport(
    {
      kind: 'mpi',
      rank: process * each + thread,
      size,
      hosts: Array.from({ length: size }, (_, rank) => processOf(rank)),
      traffic: beyond.traffic,
      send: (data, to, tag) =>
        processOf(to) === process
          ? threads.send(data, to % each, tag)
          : beyond.send(data, processOf(to), outer(tag, thread, to % each)),
      async receive(into, from, tag) {
        if (from === 'any' && processes > 1) {
          throw new ScreeError('receive: threads of several processes name whom they receive from');
        }
        if (from === 'any' || processOf(from) === process) {
          const received = await threads.receive(into, from === 'any' ? from : from % each, tag);
          return { ...received, from: process * each + received.from };
        }
        const { bytes } = await beyond.receive(into, processOf(from), outer(tag, from % each, thread));
        return { from, bytes };
      },
      abort: (reason) => (relayed ? threads.abort(reason) : outside.abort(reason)),
      close() {
        beyond.close();
        return threads.close();
      },
    },
    options,
  );
}
