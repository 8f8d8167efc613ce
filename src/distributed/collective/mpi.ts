import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { ScreeError } from '../../graph/errors.js';
import type { Collective, Received } from './collective.js';
import { startMpi, type MpiRequest } from './mpi-library.js';
import { overTransport, type CollectiveOptions } from './over-transport.js';
import type { Transport } from './transport.js';

interface Pending {
  readonly request: MpiRequest;
  /** Held until the message is done: the library writes to it or reads from it. */
  readonly memory: Uint8Array;
  readonly done: (received: Received) => void;
  readonly failed: (error: unknown) => void;
}

/** How long messages are asked for without a pause. Then the cores are left to the computation for a millisecond at a time. */
const eagerMs = 2;

/** How long messages are asked for before the event loop has its turn: long messages move on only while they are asked for. */
const turnMs = 0.2;

/**
 * Joins the group of the processes that a launcher started. All messages are non-blocking and are asked for from the event loop,
 * which stays free: Open MPI's own waits would keep a core busy.
 */
export async function joinMpi(library: string, options?: CollectiveOptions): Promise<Collective> {
  const { timeoutMs = 60_000, startMs = timeoutMs } = options ?? {};
  const mpi = await startMpi(library, startMs);
  const traffic = { sentBytes: 0, receivedBytes: 0 };
  const pending: Pending[] = [];
  let polling = false;

  /** Looks after every pending message once. @returns whether one was done */
  function poll(): boolean {
    const before = pending.length;
    for (let index = 0; index < pending.length;) {
      const { request, done, failed } = pending[index];
      try {
        const received = mpi.test(request);
        if (received === undefined) {
          index++;
          continue;
        }
        done(received);
      } catch (error) {
        failed(error);
      }
      pending.splice(index, 1);
    }
    return pending.length < before;
  }

  async function pollAll(): Promise<void> {
    polling = true;
    let lastProgress = performance.now();
    while (pending.length > 0) {
      const began = performance.now();
      let done = poll();
      // What waits for a message that is done goes on only after this turn.
      while (!done && performance.now() - began < turnMs) done = poll();
      if (done) lastProgress = performance.now();
      if (performance.now() - lastProgress < eagerMs) await setImmediate();
      else await setTimeout(1);
    }
    polling = false;
  }

  function begin(request: MpiRequest, memory: Uint8Array): Promise<Received> {
    return new Promise((done, failed) => {
      pending.push({ request, memory, done, failed });
      if (!polling) void pollAll();
    });
  }

  const transport: Transport = {
    kind: 'mpi',
    rank: mpi.rank,
    size: mpi.size,
    traffic,
    async send(data, to, tag) {
      traffic.sentBytes += data.length;
      await begin(mpi.send(data, to, tag), data);
    },
    async receive(into, from, tag) {
      // A longer message is an error of the library's own, which ends all ranks.
      const received = await begin(mpi.receive(into, from, tag), into);
      traffic.receivedBytes += received.bytes;
      return received;
    },
    abort(reason) {
      process.stderr.write(`error: ${reason}\n`);
      mpi.abort(1);
      throw new ScreeError(reason);
    },
    close() {
      mpi.finalize();
      return Promise.resolve();
    },
  };
  // Not of the machine, but of what it calls itself: all that a process can know of it.
  const name = createHash('sha256').update(hostname()).digest();
  const names = Buffer.alloc(name.length * mpi.size);
  await overTransport(transport, options).allGather(
    name,
    names,
    new Array<number>(mpi.size).fill(name.length),
  );
  const texts = Array.from({ length: mpi.size }, (_, rank) =>
    names.toString('hex', rank * name.length, (rank + 1) * name.length),
  );
  const known = [...new Set(texts)];
  return overTransport({ ...transport, hosts: texts.map((text) => known.indexOf(text)) }, options);
}
