import type { Worker } from 'node:worker_threads';
import { ScreeError } from '../../graph/errors.js';
import type { GroupListener } from '../program.js';
import type { Message, Reply, WorkerProgram } from './messages.js';
import { startThread } from './thread.js';

interface Waiting {
  readonly resolve: (times: readonly number[] | undefined) => void;
  readonly reject: (error: Error) => void;
  readonly onGroup: GroupListener | undefined;
}

/** The worker thread that runs programs with a number of OpenMP threads; programs with the same number share it. */
export class Crew {
  private readonly counter: Int32Array;
  private readonly worker: Worker;
  private readonly waiting = new Map<number, Waiting>();
  private members = 0;
  private failure: Error | undefined;

  private constructor(
    private readonly key: string,
    library: string,
    threads: number,
  ) {
    const bell = new SharedArrayBuffer(4);
    this.counter = new Int32Array(bell);
    this.worker = startThread('worker', import.meta.url, { library, threads, bell });
    // A thread that waits for work keeps no process alive; while it works, it does.
    this.worker.unref();
    this.worker.on('message', (reply: Reply) => this.receive(reply));
    this.worker.on('error', (error: Error) => this.fail(error));
    this.worker.on('exit', () => this.fail(new ScreeError('native: the worker thread has ended')));
  }

  static join(library: string, threads: number): Crew {
    const key = `${threads} ${library}`;
    const crew = crews.get(key) ?? new Crew(key, library, threads);
    crews.set(key, crew);
    crew.members++;
    return crew;
  }

  private send(message: Message): void {
    this.worker.postMessage(message);
    Atomics.add(this.counter, 0, 1);
    Atomics.notify(this.counter, 0);
  }

  load(program: WorkerProgram): void {
    this.send({ kind: 'load', program });
  }

  /** Runs one of a program's segments. One run of a program at a time. */
  run(
    program: number,
    segment: number,
    timed: boolean,
    onGroup?: GroupListener,
  ): Promise<readonly number[] | undefined> {
    return new Promise((resolve, reject) => {
      if (this.failure !== undefined) {
        reject(this.failure);
        return;
      }
      if (this.waiting.size === 0) this.worker.ref();
      this.waiting.set(program, { resolve, reject, onGroup });
      this.send({ kind: 'run', program, segment, timed });
    });
  }

  private receive({ program, group, failure, times }: Reply): void {
    const waiting = this.waiting.get(program);
    if (group !== undefined) {
      waiting?.onGroup?.(group);
      return;
    }
    this.waiting.delete(program);
    if (this.waiting.size === 0) this.worker.unref();
    if (failure === undefined) waiting?.resolve(times);
    else waiting?.reject(new ScreeError(`native: ${failure}`));
  }

  private fail(error: Error): void {
    this.failure ??= error;
    for (const { reject } of this.waiting.values()) reject(this.failure);
    this.waiting.clear();
    if (crews.get(this.key) === this) crews.delete(this.key);
  }

  /** Forgets a program, if one was loaded; the last one to leave ends the thread, and its OpenMP threads with it. */
  leave(program?: number): void {
    if (program !== undefined) this.send({ kind: 'forget', program });
    if (--this.members > 0) return;
    crews.delete(this.key);
    this.send({ kind: 'stop' });
  }
}

const crews = new Map<string, Crew>();
