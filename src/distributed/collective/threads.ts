import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { ScreeError } from '../../graph/errors.js';
import type { Collective, Received } from './collective.js';
import { overTransport, type CollectiveOptions } from './over-transport.js';

/** What a thread needs to join its group: give it to the thread's workerData, and the ports in its transferList. */
export interface ThreadSeat {
  readonly rank: number;
  readonly size: number;
  /** One for each rank; none for the own one. */
  readonly ports: readonly (MessagePort | null)[];
}

/** A group's seats, one for each rank. */
export function threadSeats(size: number): ThreadSeat[] {
  const ports = Array.from({ length: size }, () => new Array<MessagePort | null>(size).fill(null));
  for (let low = 0; low < size; low++) {
    for (let high = low + 1; high < size; high++) {
      const { port1, port2 } = new MessageChannel();
      ports[low][high] = port1;
      ports[high][low] = port2;
    }
  }
  return ports.map((own, rank) => ({ rank, size, ports: own }));
}

/** The ports of a seat, for a transferList. */
export const portsOf = ({ ports }: ThreadSeat): MessagePort[] => ports.filter((port) => port !== null);

/** What travels between threads: a message (shared memory is not copied), or word that one was taken. */
type Mail =
  | { readonly kind: 'message'; readonly id: number; readonly tag: number; readonly data: Uint8Array }
  | { readonly kind: 'taken'; readonly id: number };

/** Mail that waits for a receiver. */
interface Waiting {
  readonly from: number;
  readonly id: number;
  readonly data: Uint8Array;
}

interface Receiver {
  readonly from: number | 'any';
  readonly into: Uint8Array;
  readonly resolve: (received: Received) => void;
  readonly reject: (error: ScreeError) => void;
}

/**
 * Takes a seat in a group of threads. Messages go through ports; data in a SharedArrayBuffer are read in place by the receiver.
 */
export function joinThreads({ rank, size, ports }: ThreadSeat, options?: CollectiveOptions): Collective {
  const traffic = { sentBytes: 0, receivedBytes: 0 };
  const sent = new Map<number, () => void>();
  const waiting = new Map<number, Waiting[]>();
  const receivers = new Map<number, Receiver[]>();
  let ids = 0;

  const listOf = <T>(map: Map<number, T[]>, tag: number): T[] => {
    const list = map.get(tag) ?? [];
    map.set(tag, list);
    return list;
  };

  function take({ into, resolve, reject }: Receiver, { from, id, data }: Waiting): void {
    if (data.length > into.length) {
      reject(
        new ScreeError(
          `receive: rank ${from} sent ${data.length} bytes, more than the ${into.length} there is room for`,
        ),
      );
      return;
    }
    into.set(data);
    traffic.receivedBytes += data.length;
    ports[from]?.postMessage({ kind: 'taken', id } satisfies Mail);
    resolve({ from, bytes: data.length });
  }

  function deliver(from: number, mail: Mail): void {
    if (mail.kind === 'taken') {
      sent.get(mail.id)?.();
      sent.delete(mail.id);
      return;
    }
    const message = { from, id: mail.id, data: mail.data };
    const ready = listOf(receivers, mail.tag);
    const place = ready.findIndex((receiver) => receiver.from === 'any' || receiver.from === from);
    if (place < 0) listOf(waiting, mail.tag).push(message);
    else take(ready.splice(place, 1)[0], message);
  }

  ports.forEach((port, from) => port?.on('message', (mail: Mail) => deliver(from, mail)));

  return overTransport(
    {
      kind: 'threads',
      rank,
      size,
      traffic,
      send: (data, to, tag) =>
        new Promise((resolve) => {
          const id = ids++;
          sent.set(id, resolve);
          traffic.sentBytes += data.length;
          // A view of ordinary memory would be sent with the whole buffer behind it.
          const own = data.buffer instanceof SharedArrayBuffer ? data : data.slice();
          ports[to]?.postMessage({ kind: 'message', id, tag, data: own } satisfies Mail);
        }),
      receive: (into, from, tag) =>
        new Promise((resolve, reject) => {
          const receiver = { from, into, resolve, reject };
          const mail = listOf(waiting, tag);
          const place = mail.findIndex((message) => from === 'any' || message.from === from);
          if (place < 0) listOf(receivers, tag).push(receiver);
          else take(receiver, mail.splice(place, 1)[0]);
        }),
      abort(reason) {
        // The thread that started the others hears of an error in one of them and ends them all.
        throw new ScreeError(reason);
      },
      close() {
        for (const port of portsOf({ rank, size, ports })) port.close();
        return Promise.resolve();
      },
    },
    options,
  );
}
