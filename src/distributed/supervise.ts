import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ScreeError } from '../graph/errors.js';
import { listCheckpoints } from '../train/index.js';

/** A host and how many ranks it takes. */
export interface Host {
  readonly name: string;
  readonly slots: number;
}

export interface SuperviseOptions {
  /** Of the run: what is watched, and gone on with. */
  readonly folder: string;
  readonly ranks: number;
  readonly maxRestarts: number;
  /** An attempt whose run folder does not change for so long is ended, in milliseconds. */
  readonly hangMs: number;
  /** Hosts that are asked before each restart; a run goes on without those that do not answer. */
  readonly hosts: readonly Host[];
  /** The command of an attempt, its program first. */
  command(ranks: number, hosts: readonly Host[], resuming: boolean): readonly string[];
  /** Whether a host answers. */
  answers(host: Host): boolean;
  readonly tell: (note: string) => void;
  /** Ends the attempt in order, without another. */
  readonly signal?: AbortSignal;
}

export interface Supervised {
  /** Of the last attempt. */
  readonly exitCode: number;
  readonly restarts: number;
  readonly ranks: number;
}

/** How long a command has to end after SIGTERM; then it is killed. */
const graceMs = 5000;

/** The first pause before a restart that follows an attempt without progress; it doubles. */
const firstPauseMs = 100;
const longestPauseMs = 60_000;

const lockSchema = z.object({ pid: z.int().positive(), host: z.string() });

/** When anything of a run last changed, in milliseconds since 1970. */
function lastChange(folder: string): number {
  return ['', 'run.json', 'metrics.jsonl', 'checkpoints'].reduce((latest, name) => {
    const path = join(folder, name);
    return existsSync(path) ? Math.max(latest, statSync(path).mtimeMs) : latest;
  }, 0);
}

const newestStep = async (folder: string): Promise<number> =>
  (await listCheckpoints(join(folder, 'checkpoints'))).at(0)?.step ?? 0;

/** Sends a signal to a command and all that it started. */
function signalAll({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended.
  }
}

/** Runs one attempt to its end, which comes even where it hangs. */
async function attempt(
  command: readonly string[],
  { folder, hangMs, tell, signal }: SuperviseOptions,
): Promise<{ code: number; how: string }> {
  const [program, ...args] = command;
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });
  let began = Date.now();
  let killed = false;
  const end = (): void => {
    signalAll(child, 'SIGTERM');
    setTimeout(() => signalAll(child, 'SIGKILL'), graceMs).unref();
  };
  const onAbort = (): void => signalAll(child, 'SIGINT');
  signal?.addEventListener('abort', onAbort);
  const watch = setInterval(
    () => {
      began = Math.max(began, lastChange(folder));
      if (killed || Date.now() - began < hangMs) return;
      killed = true;
      tell(`nothing has changed in '${folder}' for ${hangMs / 1000} s: the attempt is ended`);
      end();
    },
    Math.min(1000, hangMs / 4),
  );
  try {
    return await new Promise((resolve, reject) => {
      child.on('error', (error: NodeJS.ErrnoException) =>
        reject(
          new ScreeError(
            error.code === 'ENOENT'
              ? `launch: there is no ${program}; install Open MPI or MPICH, or take --launcher threads`
              : `launch: ${program} cannot be started: ${error.message}`,
          ),
        ),
      );
      child.on('exit', (code, by) =>
        resolve({
          code: code ?? 128,
          how: by === null ? `with code ${code}` : `by ${by}`,
        }),
      );
    });
  } finally {
    clearInterval(watch);
    signal?.removeEventListener('abort', onAbort);
    // What the command left behind when it was killed itself.
    signalAll(child, 'SIGKILL');
  }
}

/** Sees that nobody of an attempt that is over still has the run folder. */
async function freeFolder(folder: string, hosts: readonly Host[]): Promise<void> {
  const path = join(folder, 'lock');
  const holder = (): z.infer<typeof lockSchema> | undefined => {
    try {
      return lockSchema.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data;
    } catch {
      return undefined;
    }
  };
  const found = holder();
  if (found === undefined) return;
  if (found.host !== hostname()) {
    // Nobody here can see whether that process lives; but it was one of the attempt's, which is over.
    if (hosts.some(({ name }) => name === found.host)) rmSync(path, { force: true });
    return;
  }
  for (let turn = 0; turn < 40; turn++) {
    try {
      process.kill(found.pid, turn < 20 ? 0 : 'SIGKILL');
    } catch {
      return;
    }
    if (holder()?.pid !== found.pid) return;
    await sleep(100);
  }
}

/**
 * Runs a training command until it ends well: after a failure it goes on from the newest checkpoint, without the hosts that are gone.
 * @throws ScreeError when it has failed more often than it may be restarted, or cannot be started
 */
export async function supervise(options: SuperviseOptions): Promise<Supervised> {
  const { folder, maxRestarts, tell, signal } = options;
  let { ranks, hosts } = options;
  let pauseMs = firstPauseMs;
  for (let restarts = 0; ; restarts++) {
    const before = await newestStep(folder);
    const resuming = existsSync(join(folder, 'run.json'));
    const { code, how } = await attempt(options.command(ranks, hosts, resuming), options);
    if (code === 0 || signal?.aborted === true) return { exitCode: code, restarts, ranks };
    const step = await newestStep(folder);
    if (!existsSync(join(folder, 'run.json')) && code === 1) {
      throw new ScreeError('launch: the run did not begin; its own message says why');
    }
    if (restarts === maxRestarts) {
      throw new ScreeError(
        `launch: the run ended ${how} and may not be restarted again (--max-restarts ${maxRestarts}); its newest checkpoint is of step ${step}`,
      );
    }
    await freeFolder(folder, options.hosts);
    if (hosts.length > 0) {
      hosts = options.hosts.filter((host) => options.answers(host));
      const slots = hosts.reduce((sum, host) => sum + host.slots, 0);
      if (slots === 0) throw new ScreeError('launch: none of the hosts answers');
      const gone = options.hosts.filter((host) => !hosts.includes(host)).map(({ name }) => name);
      if (gone.length > 0)
        tell(`without ${gone.join(', ')}, which ${gone.length === 1 ? 'does' : 'do'} not answer`);
      ranks = Math.min(options.ranks, slots);
    }
    pauseMs = step > before ? firstPauseMs : Math.min(longestPauseMs, 2 * pauseMs);
    tell(
      `the run ended ${how}; it goes on from step ${step} on ${ranks} rank${ranks === 1 ? '' : 's'} (restart ${restarts + 1} of ${maxRestarts})`,
    );
    await sleep(pauseMs);
  }
}

/** Whether mpirun starts a process on a host. */
export function mpirunReaches(mpirun: string, { name }: Host): boolean {
  const { status } = spawnSync(mpirun, ['-n', '1', '--host', name, 'true'], {
    timeout: 15_000,
    stdio: 'ignore',
  });
  return status === 0;
}

/** Which MPI a launcher is of. @throws ScreeError when there is none, or it is of an unknown kind */
export function mpirunKind(mpirun: string): 'Open MPI' | 'MPICH' {
  const { error, stdout } = spawnSync(mpirun, ['--version'], { encoding: 'utf8', timeout: 15_000 });
  if (error !== undefined) {
    throw new ScreeError(
      `launch: there is no ${mpirun}; install Open MPI or MPICH (on Debian: openmpi-bin or mpich), or take --launcher threads`,
    );
  }
  if (/Open MPI|OpenRTE/.test(stdout)) return 'Open MPI';
  if (/HYDRA|MPICH/.test(stdout)) return 'MPICH';
  throw new ScreeError(
    `launch: ${mpirun} is of an unknown kind ('${stdout.split('\n')[0].trim()}'); Open MPI and MPICH are known`,
  );
}
