import { createHash, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ScreeError } from '../graph/errors.js';
import { errorCode, fileError } from './file-errors.js';
import { isAlive, processBirth } from './processes.js';

/** The name of the lock file in a run folder; names that begin with it and a point belong to locking too. */
export const lockName = 'lock';

const holderSchema = z.object({ pid: z.int().positive(), host: z.string(), birth: z.string() });
type Holder = z.infer<typeof holderSchema>;

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
  // The id tells two locks of one process apart.
  const holder = { pid: process.pid, host: hostname(), birth: processBirth(process.pid), id: randomUUID() };
  const own = JSON.stringify(holder);
  const draft = `${path}.${holder.id}.tmp-${process.pid}`;
  try {
    await writeFile(draft, own);
    const other = await acquire(path, own, draft);
    if (other !== undefined) throw inUse(folder, path, other);
  } catch (error) {
    throw fileError('cannot write', path, error);
  } finally {
    await rm(draft, { force: true });
  }
  return {
    release: async () => {
      // Whoever removed the lock by hand may have let another process in.
      if ((await readLock(path)) === own) await rm(path, { force: true });
    },
  };
}

/**
 * Makes the file `path` with the text `own`, or returns the living process that has it. A dead one's file is removed first, which
 * only that process may do that holds a lock named for the dead one's text: else two could find the same dead lock, and the slower
 * one remove what the quicker one has put in its place. If that process dies meanwhile, its lock is a dead one like any other.
 */
async function acquire(path: string, own: string, draft: string): Promise<Holder | undefined> {
  for (;;) {
    if (await create(path, own, draft)) return undefined;
    const found = await readLock(path);
    if (found === undefined) continue;
    const holder = living(found);
    if (holder !== undefined) return holder;
    const claim = `${path}.${createHash('sha256').update(found).digest('hex').slice(0, 16)}`;
    if ((await acquire(claim, own, draft)) !== undefined) {
      // Somebody else is at it, which takes no time.
      await sleep(5);
      continue;
    }
    try {
      if ((await readLock(path)) === found) await rm(path, { force: true });
    } finally {
      await rm(claim, { force: true });
    }
  }
}

/** Makes the file with its text at one stroke: as a link to the draft. Returns false where there is one already. */
async function create(path: string, own: string, draft: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    if (!['EPERM', 'ENOTSUP', 'ENOSYS'].includes(errorCode(error) ?? '')) throw error;
  }
  // A file system without links, such as a memory stick's: the next best are two calls without anything between.
  try {
    writeFileSync(path, own, { flag: 'wx' });
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** The text of a lock, undefined if there is none. An empty one may be about to be written, and is read again. */
async function readLock(path: string): Promise<string | undefined> {
  for (let turn = 0; ; turn++) {
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw fileError('cannot read', path, error);
    });
    if (text !== '' || turn === 10) return text;
    await sleep(20);
  }
}

/** Who holds a lock; undefined for a dead process, and for a text that is no lock (its writer was killed). */
function living(text: string): Holder | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { data: holder } = holderSchema.safeParse(json);
  if (holder === undefined || holder.host !== hostname()) return holder;
  return isAlive(holder.pid) && processBirth(holder.pid) === holder.birth ? holder : undefined;
}

function inUse(folder: string, path: string, { pid, host }: Holder): ScreeError {
  return host === hostname()
    ? new ScreeError(
        `run folder '${folder}' is in use by process ${pid}; wait for it or choose another folder`,
      )
    : new ScreeError(
        `run folder '${folder}' is in use by process ${pid} on '${host}'; if that process is gone, remove '${path}'`,
      );
}
