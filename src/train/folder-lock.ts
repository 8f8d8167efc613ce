import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ScreeError } from '../graph/errors.js';
import { errorCode, fileError } from './file-errors.js';
import { isAlive, processBirth } from './processes.js';

/** The name of the lock file in a run folder. */
export const lockName = 'lock';

const holderSchema = z.object({ pid: z.int().positive(), host: z.string(), birth: z.string() });

/** A held lock. */
export interface FolderLock {
  /** Gives the folder free. */
  release(): Promise<void>;
}

/**
 * Takes a folder for this process: a file `lock` that says who has it. A lock whose process is dead is taken over. The lock of
 * another machine (a shared disk) is believed, for nobody here can see whether its process lives.
 * @throws ScreeError naming the process that has the folder.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = join(folder, lockName);
  const own = JSON.stringify({
    pid: process.pid,
    host: hostname(),
    birth: processBirth(process.pid),
    // Two locks of one process differ too.
    id: randomUUID(),
  });
  // Another process may take over a dead one's lock at the same moment; then the next turn finds a living holder.
  for (let turn = 0; turn < 10; turn++) {
    try {
      await writeFile(path, own, { flag: 'wx' });
      return { release: () => release(path, own) };
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw fileError('cannot write', path, error);
    }
    const found = await readLock(path);
    const holder = living(found);
    if (holder !== undefined) throw inUse(folder, path, holder);
    await removeStale(path, found, folder);
  }
  throw new ScreeError(`run folder '${folder}': several processes try to take it at once`);
}

function inUse(folder: string, path: string, holder: z.infer<typeof holderSchema>): ScreeError {
  return holder.host === hostname()
    ? new ScreeError(
        `run folder '${folder}' is in use by process ${holder.pid}; wait for it or choose another folder`,
      )
    : new ScreeError(
        `run folder '${folder}' is in use by process ${holder.pid} on '${holder.host}'; if that process is gone, remove '${path}'`,
      );
}

/** The text of a lock, undefined if there is none. A lock is written right after it is made: an empty one is read again. */
async function readLock(path: string): Promise<string | undefined> {
  for (let turn = 0; ; turn++) {
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw fileError('cannot read', path, error);
    });
    if (text !== '' || turn === 5) return text;
    await sleep(20);
  }
}

/** Who holds a lock; undefined for none, for a dead process, and for a text that is no lock (its writer was killed). */
function living(text: string | undefined): z.infer<typeof holderSchema> | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
  const { data: holder } = holderSchema.safeParse(json);
  if (holder === undefined || holder.host !== hostname()) return holder;
  return isAlive(holder.pid) && processBirth(holder.pid) === holder.birth ? holder : undefined;
}

/** Removes the stale lock that was read as `found`, and no other that may have come in its place meanwhile. */
async function removeStale(path: string, found: string | undefined, folder: string): Promise<void> {
  // A temporary file's name: if this process dies here, the next one that resumes the run clears it away.
  const aside = `${path}.tmp-${process.pid}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw fileError('cannot write', path, error);
  }
  const moved = await readFile(aside, 'utf8');
  const holder = moved === found ? undefined : living(moved);
  if (holder === undefined) {
    await rm(aside, { force: true });
  } else {
    await rename(aside, path);
    throw inUse(folder, path, holder);
  }
}

async function release(path: string, own: string): Promise<void> {
  // Whoever removed the lock by hand may have let another process in.
  if ((await readLock(path)) === own) await rm(path, { force: true });
}
