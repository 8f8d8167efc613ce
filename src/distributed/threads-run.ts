import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';
import { startThread } from '../compile/native/thread.js';
import type { Dataset, Split } from '../data/index.js';
import { ScreeError } from '../graph/errors.js';
import type { NDArray } from '../graph/ndarray.js';
import { train, type TrainOptions, type TrainResult } from '../train/index.js';
import type { Collective } from './collective/collective.js';
import { joinThreadsAndProcesses, relayFor, type RelaySeat } from './collective/threads-and-processes.js';
import { joinThreads, portsOf, threadSeats, type ThreadSeat } from './collective/threads.js';
import { trainGroup, type GroupOptions } from './group.js';

/** Options of a run that can be given to a thread: text and numbers, no functions. */
export type ThreadTrainOptions = Omit<TrainOptions, 'group' | 'onProgress' | 'signal' | 'out'>;

export interface ThreadsOptions extends Omit<GroupOptions, 'signal' | 'seed'> {
  /** Ranks: this thread and so many less one. */
  readonly workers: number;
  /** How long a rank waits for another before it ends the run, in milliseconds. Default a minute. */
  readonly timeoutMs?: number;
  /** Other processes that train along, each with as many threads and the same options: this thread's group with theirs. */
  readonly processes?: Collective;
}

/** What a thread is given to begin. */
export interface ThreadTask {
  readonly seat: ThreadSeat;
  /** Where there are other processes. */
  readonly relay: RelaySeat | undefined;
  readonly options: ThreadTrainOptions;
  readonly wire: Omit<GroupOptions, 'signal' | 'onNote'>;
  readonly timeoutMs: number | undefined;
}

/** What a thread says when it has done its part. */
export const threadDone = 'done';

/** What a thread says when it ends before its time. */
export interface ThreadFailure {
  readonly message: string;
  readonly stack: string | undefined;
  readonly foreseen: boolean;
}

/** How long rank 0 has to tell in its own words what another rank tells, too. */
const graceMs = 500;

/** How long threads have to start, read their modules and compile, at least. */
export const startMs = 120_000;

/** A data set whose numbers all threads read in one place. */
function shared(data: Dataset): Dataset {
  const array = ({ data: own, shape, dtype }: NDArray): NDArray => {
    const bytes = new Uint8Array(new SharedArrayBuffer(own.byteLength));
    bytes.set(new Uint8Array(own.buffer, own.byteOffset, own.byteLength));
    const { buffer } = bytes;
    switch (dtype) {
      case 'float64':
        return { data: new Float64Array(buffer), shape, dtype };
      case 'float32':
        return { data: new Float32Array(buffer), shape, dtype };
      case 'int32':
        return { data: new Int32Array(buffer), shape, dtype };
      case 'bool':
        return { data: bytes, shape, dtype };
    }
  };
  const split = ({ size, inputs, labels }: Split): Split => ({
    size,
    inputs: array(inputs),
    labels: array(labels),
  });
  const { train: trained, validation, test } = data;
  return {
    ...data,
    train: split(trained),
    ...(validation && { validation: split(validation) }),
    test: split(test),
  };
}

/** A seat from which another thread of this process reaches other processes. */
function relayOf(processes: Collective, relays: MessagePort[]): RelaySeat {
  const { port1, port2 } = new MessageChannel();
  relayFor(port1, processes);
  relays.push(port1);
  return { process: processes.rank, processes: processes.size, port: port2 };
}

/** @throws ScreeError for what only this thread has */
function givable({ onProgress: _, signal: __, out: ___, group: ____, ...options }: TrainOptions) {
  for (const [name, value] of Object.entries(options)) {
    if (name === 'data' || name === 'dataSource') continue;
    if (typeof value === 'function' || (typeof value === 'object' && value !== null)) {
      throw new ScreeError(
        `trainOnThreads: ${name} must be given as text for other threads to have it, not as ${typeof value === 'function' ? 'a function' : 'an object'}`,
      );
    }
  }
  return options;
}

/**
 * Trains on threads of this process, each a rank with its share of every batch. This thread is rank 0: it alone has the run
 * folder, tests and tells. An error in any rank ends all.
 * @throws ScreeError as `train` does, for more threads than rows of a batch, and for a rank that fails or does not answer
 */
export async function trainOnThreads(
  options: TrainOptions,
  { workers, timeoutMs, processes, ...wire }: ThreadsOptions,
): Promise<TrainResult> {
  if (!Number.isInteger(workers) || workers < 1 || workers > 1024) {
    throw new ScreeError(`train: workers must be an integer from 1 to 1024, not ${workers}`);
  }
  const { onNote, ...told } = { ...wire, seed: options.seed };
  const given = workers === 1 ? undefined : { ...givable(options), data: shared(options.data) };
  const first = processes === undefined ? 0 : processes.rank * workers;
  const broken = new AbortController();
  const seats = threadSeats(workers);
  const threads: Worker[] = [];
  const relays: MessagePort[] = [];
  const done: Promise<void>[] = [];
  // For whoever waits for nothing that a broken group would tell.
  const failure = new Promise<never>((_, reject) => {
    broken.signal.addEventListener('abort', () => reject(broken.signal.reason as Error));
  });
  failure.catch(() => undefined);
  let over = false;
  const fail = (error: Error): void => {
    if (over) return;
    over = true;
    setTimeout(() => broken.abort(error), graceMs);
  };
  try {
    const limits = { timeoutMs, startMs, signal: broken.signal };
    const here = joinThreads(seats[0], limits);
    const collective = processes === undefined ? here : joinThreadsAndProcesses(here, processes, limits);
    // Its options are judged before any thread is started.
    const group = trainGroup(collective, { ...told, onNote, signal: options.signal });
    if (given !== undefined) {
      for (const seat of seats.slice(1)) {
        const thread = startThread('train-thread', import.meta.url, undefined);
        threads.push(thread);
        let finish: () => void = () => undefined;
        done.push(new Promise((resolve) => (finish = resolve)));
        thread.on('message', (told: ThreadFailure | typeof threadDone) => {
          if (told === threadDone) {
            finish();
            return;
          }
          const { message, stack, foreseen } = told;
          const error = foreseen
            ? new ScreeError(message)
            : new Error(`rank ${first + seat.rank}: ${message}`);
          if (stack !== undefined) error.stack = stack;
          fail(error);
        });
        thread.on('error', (error: Error) => fail(new Error(`rank ${first + seat.rank}: ${error.message}`)));
        thread.on('exit', (code) => {
          if (code !== 0)
            fail(new ScreeError(`train: the thread of rank ${first + seat.rank} ended with code ${code}`));
        });
        const relay = processes && relayOf(processes, relays);
        const task: ThreadTask = { seat, relay, options: given, wire: told, timeoutMs };
        thread.postMessage(task, [...portsOf(seat), ...(relay === undefined ? [] : [relay.port])]);
      }
    }
    const result = await train({ ...options, group });
    await collective.close();
    // What this thread relays for others must have left before processes part.
    if (processes !== undefined) await Promise.race([Promise.all(done), failure]);
    return result;
  } finally {
    over = true;
    for (const port of [...portsOf(seats[0]), ...relays]) port.close();
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}
