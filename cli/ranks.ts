import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import {
  broadcastObject,
  codecs,
  exchanges,
  joinMpi,
  launcherLibrary,
  shareWork,
  synchronisers,
  trainGroup,
  trainOnThreads,
  type Collective,
  type WireOptions,
} from '../src/distributed/index.js';
import { ScreeError } from '../src/graph/errors.js';
import { readRun, train, type Run, type TrainOptions, type TrainResult } from '../src/train/index.js';
import { parseNumber } from './options.js';

/** What `addRankOptions` brings, as commander names it. */
export interface RankOptionValues {
  workers?: number;
  exchange?: string;
  compress?: string;
  feedback?: boolean;
  bucketSize?: number;
  scaleLr?: boolean;
  rankTimeout?: number;
}

/** How long processes have to start, on a slow disk too, in milliseconds. */
const startMs = 120_000;

/** Those that may be given when a run goes on. */
export const freeRankOptions = ['workers', 'rankTimeout'];

const exchangeNames = [...new Set([...Object.keys(exchanges), ...Object.keys(synchronisers)])].join(', ');

/** The options of training on several ranks. */
export function addRankOptions(command: Command): Command {
  return command
    .option(
      '--workers <n>',
      'train on so many threads, each with its share of every batch (under mpirun: in each process)',
      parseNumber,
    )
    .option('--exchange <spec>', `${exchangeNames} (default: the one made for the codec)`)
    .option(
      '--compress <spec>',
      `what gradients are sent as: ${Object.keys(codecs).join(', ')}, or auto (default: none)`,
    )
    .option('--feedback', 'send later what a message lacks (default: where training needs it)')
    .option('--no-feedback', 'forget what a message lacks')
    .option('--bucket-size <MiB>', 'of gradient that is sent as one (default: 25)', parseNumber)
    .option('--scale-lr', 'take --batch for each rank, and so many times the learning rate after a warm-up')
    .option('--rank-timeout <seconds>', 'how long ranks wait for one another (default: 60)', parseNumber);
}

const described = z.object({
  exchange: z.string(),
  compress: z.string(),
  feedback: z.boolean(),
  bucketBytes: z.int(),
  ranks: z.int().min(1).max(1024).default(1),
});

/** How a process trains: alone, as the first of some threads, or as one of the processes of a launcher. */
export class Ranks {
  private constructor(
    private readonly options: RankOptionValues,
    /** Under a launcher. */
    private readonly processes: Collective | undefined,
  ) {}

  /** @throws ScreeError for options that do not go together, and when the launcher's library cannot be used */
  static async join(options: RankOptionValues): Promise<Ranks> {
    const { workers, exchange, compress, scaleLr, rankTimeout = 60 } = options;
    if (!(rankTimeout > 0 && rankTimeout <= 1e6)) {
      throw new ScreeError(`--rank-timeout must be above 0 and up to a million seconds, not ${rankTimeout}`);
    }
    const library = launcherLibrary(process.env);
    if (workers !== undefined && !(Number.isInteger(workers) && workers >= 1 && workers <= 1024)) {
      throw new ScreeError(`--workers must be an integer from 1 to 1024, not ${workers}`);
    }
    const given = Object.entries({ exchange, compress, scaleLr }).find(([, value]) => value !== undefined);
    if (library === undefined && workers === undefined && given !== undefined) {
      const name = given[0] === 'scaleLr' ? 'scale-lr' : given[0];
      throw new ScreeError(`--${name} is for training on several ranks: add --workers, or start with mpirun`);
    }
    const timeoutMs = 1000 * rankTimeout;
    return new Ranks(
      options,
      library === undefined
        ? undefined
        : await joinMpi(library, { timeoutMs, startMs: Math.max(timeoutMs, startMs) }),
    );
  }

  /** Rank 0 alone tells and writes. */
  get isFirst(): boolean {
    return this.processes === undefined || this.processes.rank === 0;
  }

  get size(): number {
    return (this.processes?.size ?? 1) * (this.options.workers ?? 1);
  }

  /** Threads of the engine for each rank on this machine. */
  get threads(): number {
    const { OMPI_COMM_WORLD_LOCAL_SIZE: openMpi, MPI_LOCALNRANKS: mpich } = process.env;
    const local = this.processes === undefined ? 1 : Number(openMpi ?? mpich ?? 1);
    return Math.max(1, Math.floor(availableParallelism() / (local * (this.options.workers ?? 1))));
  }

  /** Rank 0 reads first: what it downloads is there for the others. */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.processes === undefined) return work();
    let own: T | undefined;
    await shareWork(this.processes, async () => {
      own = await work();
    });
    return own ?? work();
  }

  /** What a run's run.json says, on every rank. */
  async readRun(path: string): Promise<Run> {
    const { processes } = this;
    if (processes === undefined) return readRun(path);
    // Only rank 0 needs to have the folder.
    const run = processes.rank === 0 ? await readRun(path) : undefined;
    const told = await broadcastObject(processes, run);
    if (told === undefined) throw new ScreeError(`rank 0 did not tell what the run '${path}' is`);
    return told;
  }

  /** Trains by the options of the command line, or those with which a run was begun. */
  async train(options: TrainOptions, onNote: (note: string) => void, begun?: Run): Promise<TrainResult> {
    const { processes } = this;
    const wire = { ...this.wireOf(begun), onNote };
    const { workers, rankTimeout = 60 } = this.options;
    const timeoutMs = 1000 * rankTimeout;
    if (processes !== undefined) {
      const { seed, signal } = options;
      const result =
        workers === undefined || workers === 1
          ? await train({ ...options, group: trainGroup(processes, { ...wire, seed, signal }) })
          : await trainOnThreads(options, { ...wire, workers, timeoutMs, processes });
      await processes.close();
      return result;
    }
    const before = described.safeParse(begun?.options.distributed).data?.ranks;
    const count = workers ?? before;
    if (workers === undefined && before !== undefined) {
      onNote(
        `the run goes on with ${before} rank${before === 1 ? '' : 's'}, as before: --workers takes others`,
      );
    }
    if (count === undefined) return train(options);
    return trainOnThreads(options, { ...wire, workers: count, timeoutMs });
  }

  private wireOf(begun: Run | undefined): WireOptions {
    if (begun !== undefined) {
      const { data } = described.safeParse(begun.options.distributed);
      if (data !== undefined) {
        const { ranks: _, ...wire } = data;
        return wire;
      }
      if (this.size === 1) return {};
      throw new ScreeError(
        'the run was begun on one rank, and goes on with one: leave out --workers or mpirun',
      );
    }
    const { exchange, compress, feedback, bucketSize } = this.options;
    const twoLevels = this.processes !== undefined && (this.options.workers ?? 1) > 1;
    return {
      // Threads of a process share its memory: between them nothing is gained by a codec.
      exchange: exchange ?? (twoLevels && compress !== 'auto' ? 'hierarchical' : undefined),
      compress,
      feedback,
      bucketBytes: bucketSize === undefined ? undefined : Math.round(bucketSize * 2 ** 20),
    };
  }

  /** Ends all ranks with one message, after an error in this one. Returns where there are no others. */
  async fail(error: unknown): Promise<void> {
    const { processes } = this;
    if (processes === undefined || processes.size === 1) return;
    const message = error instanceof Error ? error.message : String(error);
    const text = message.replace(/\s*\n\s*/g, ' ');
    // What all ranks find, such as options out of range, rank 0 tells.
    if (processes.rank > 0) await sleep(1000);
    processes.abort(processes.rank === 0 ? text : `rank ${processes.rank}: ${text}`);
  }
}
