import { open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { ScreeError } from '../graph/errors.js';
import { errorCode, fileError } from './file-errors.js';
import { isAlive } from './processes.js';

/** Writes all of `bytes` at `position`. */
export async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

/** Fills `bytes` from `position`. @throws ScreeError when the file is shorter. */
export async function readFully(
  file: FileHandle,
  bytes: Uint8Array,
  position: number,
  path: string,
): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, position + done);
    if (bytesRead === 0) {
      throw new ScreeError(
        `cannot read '${path}': it ends at byte ${position + done}, it was longer a moment ago`,
      );
    }
    done += bytesRead;
  }
}

const temporaryName = /\.tmp-(\d+)$/;
const inFlight = new Set<string>();

/**
 * Writes a file that at every moment, even across kill −9 and power loss, is either the old one or the new one, whole: a
 * temporary file in the same folder (named for this process), fsync, rename, fsync of the folder. If writing fails, the old
 * one stays and the temporary file is removed.
 * @param body the content, or what writes it into the open file.
 * @throws ScreeError naming `path` and what hindered it, such as a full disk.
 */
export async function writeDurably(
  path: string,
  body: string | Uint8Array | ((file: FileHandle) => Promise<void>),
): Promise<void> {
  const temporary = resolve(`${path}.tmp-${process.pid}`);
  if (inFlight.has(temporary)) throw new ScreeError(`cannot write '${path}': it is being written already`);
  inFlight.add(temporary);
  try {
    const file = await open(temporary, 'w');
    try {
      if (typeof body === 'function') await body(file);
      else await file.writeFile(body);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fileError('cannot write', path, error);
  } finally {
    inFlight.delete(temporary);
  }
}

/** Makes the names in a folder durable, where the system can: Windows opens no folders, and some network disks do not sync them. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    if (errorCode(error) !== 'EINVAL' && errorCode(error) !== 'ENOTSUP') throw error;
  } finally {
    await handle.close();
  }
}

/** Removes the temporary files that killed writers left in `folder`; those of living processes stay. */
export async function removeStaleTemporaries(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = Number(temporaryName.exec(name)?.[1] ?? NaN);
    // A process of the same number may be another one by now, even this one: in a container numbers are small and come again.
    const stale = pid === process.pid ? !inFlight.has(resolve(folder, name)) : pid > 0 && !isAlive(pid);
    if (stale) await rm(resolve(folder, name), { force: true });
  }
}

/** Whether a name in a folder is that of a temporary file of writeDurably. */
export function isTemporary(path: string): boolean {
  return temporaryName.test(basename(path));
}
