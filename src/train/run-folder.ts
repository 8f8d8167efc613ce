import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { ScreeError } from '../graph/errors.js';
import { errorCode, fileError } from './file-errors.js';
import { isTemporary, removeStaleTemporaries, syncFolder, writeDurably } from './files.js';
import { lockFolder, lockName, type FolderLock } from './folder-lock.js';

const json = z.json();
const named = z.object({ name: z.string().min(1) }).catchall(json);

/** What `run.json` holds: everything needed to repeat a run, or to go on with it. */
const runSchema = z.strictObject({
  schema: z.literal(1),
  /** The versions that made the run. */
  scree: z.string(),
  node: z.string(),
  /** Such as `linux-x64`: bits may differ on another. */
  platform: z.string(),
  /** ISO 8601, UTC. */
  created: z.iso.datetime(),
  /** The options of the command, defaults filled in. */
  options: z.record(z.string(), json),
  /** Its name (`lenet`) and whatever else its builder takes. */
  model: named,
  /** Its name, path, split, normalisation, checksum: whatever the reader needs to make the same batches. */
  data: named,
  seed: z.int().nonnegative(),
  threads: z.int().positive(),
  /** The compile target, such as `onnx`, and the engine behind it with its version. */
  target: z.string(),
  engine: z.string(),
  /** How many numbers are trained. */
  parameters: z.int().nonnegative(),
  status: z.enum(['running', 'finished', 'interrupted', 'failed']),
  /** What a finished run reached. */
  result: z.record(z.string(), json).optional(),
});

export type Run = z.infer<typeof runSchema>;

/** What the caller of createRunFolder says; the rest is filled in. */
export type RunDescription = Omit<Run, 'schema' | 'node' | 'platform' | 'created' | 'status' | 'result'>;

const runName = 'run.json';

/** Where the checkpoints of a run lie: the newest ones, and the best one where there is a validation part. */
export function checkpointFolders(path: string): { readonly last: string; readonly best: string } {
  return { last: join(path, 'checkpoints'), best: join(path, 'checkpoints', 'best') };
}

/** The folder of a run, held by this process until `close`. */
export class RunFolder {
  /** Where saveCheckpoint puts the run's states. */
  readonly checkpoints: string;
  /** Where the state with the lowest validation loss is kept. */
  readonly best: string;
  /** The path of metrics.jsonl. */
  readonly metrics: string;
  private current: Run;

  private constructor(
    readonly path: string,
    run: Run,
    private readonly lock: FolderLock,
  ) {
    const { last, best } = checkpointFolders(path);
    this.checkpoints = last;
    this.best = best;
    this.metrics = join(path, 'metrics.jsonl');
    this.current = run;
  }

  /** What run.json holds. */
  get run(): Run {
    return this.current;
  }

  /**
   * Makes a run folder with its run.json and takes its lock.
   * @throws ScreeError when the folder holds anything already, or cannot be made.
   */
  static async create(path: string, description: RunDescription): Promise<RunFolder> {
    const run = checkRun(
      {
        schema: 1,
        node: process.version,
        platform: `${process.platform}-${process.arch}`,
        created: new Date().toISOString(),
        ...description,
        status: 'running',
      },
      join(path, runName),
    );
    await mkdir(path, { recursive: true }).catch((error: unknown) => {
      throw fileError('cannot make run folder', path, error);
    });
    await refuseFull(path);
    const lock = await lockFolder(path);
    try {
      // Another process may have come and gone between.
      await refuseFull(path);
      await writeRun(path, run);
      await syncFolder(dirname(path));
    } catch (error) {
      await lock.release();
      throw fileError('cannot make run folder', path, error);
    }
    return new RunFolder(path, run, lock);
  }

  /**
   * Takes the lock of an existing run folder, to go on with its run.
   * @param change what is new about it
   * @throws ScreeError when it is none, when run.json is damaged, or when another process has it.
   */
  static async resume(
    path: string,
    change: Partial<Pick<Run, 'target' | 'engine' | 'options'>> = {},
  ): Promise<RunFolder> {
    // Before the lock is taken: nothing is written into a folder that is none of ours.
    await readRun(path);
    const lock = await lockFolder(path);
    try {
      await removeStaleTemporaries(path);
      const folder = new RunFolder(path, await readRun(path), lock);
      await folder.update({ ...change, status: 'running', result: undefined });
      return folder;
    } catch (error) {
      await lock.release();
      throw fileError('cannot go on with', path, error);
    }
  }

  /** Changes run.json; await one update before the next. */
  async update(change: Partial<Run>): Promise<void> {
    const run = checkRun({ ...this.current, ...change }, join(this.path, runName));
    await writeRun(this.path, run);
    this.current = run;
  }

  /** Gives the folder free. A killed process does without: its lock is taken over. */
  close(): Promise<void> {
    return this.lock.release();
  }
}

/**
 * What the run.json of a folder holds; needs no lock.
 * @throws ScreeError when the folder is no run folder, or naming what is wrong in run.json.
 */
export async function readRun(path: string): Promise<Run> {
  const file = join(path, runName);
  const text = await readFile(file, 'utf8').catch(async (error: unknown) => {
    const code = errorCode(error);
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw fileError('cannot read', file, error);
    const exists = await stat(path).catch(() => undefined);
    throw new ScreeError(
      exists === undefined
        ? `there is no run folder '${path}'`
        : `'${path}' is not a run folder: it holds no ${runName}`,
    );
  });
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new ScreeError(`'${file}' is damaged: it is not JSON`);
  }
  return checkRun(parsed, file);
}

const versioned = z.object({ schema: z.int().min(2) });

function checkRun(value: unknown, file: string): Run {
  const newer = versioned.safeParse(value);
  if (newer.success) {
    throw new ScreeError(
      `'${file}' is of schema ${newer.data.schema}, written by a newer Scree; this one reads 1`,
    );
  }
  const checked = runSchema.safeParse(value);
  if (checked.success) return checked.data;
  const [{ path, message }] = checked.error.issues;
  throw new ScreeError(`'${file}': ${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`);
}

async function writeRun(path: string, run: Run): Promise<void> {
  await writeDurably(join(path, runName), `${JSON.stringify(run, undefined, 2)}\n`);
}

/** A lock and a temporary file do not count: they are all that a process leaves that was killed in its first moment. */
async function refuseFull(path: string): Promise<void> {
  const names = (await readdir(path)).filter(
    (name) => name !== lockName && !name.startsWith(`${lockName}.`) && !isTemporary(name),
  );
  if (names.length === 0) return;
  throw new ScreeError(
    names.includes(runName)
      ? `run folder '${path}' holds a run already; go on with it (--resume ${path}) or choose another folder (--out)`
      : `run folder '${path}' is not empty; choose a new or an empty one (--out)`,
  );
}
