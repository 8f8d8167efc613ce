import { constants, mkdir, open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ScreeError } from '../graph/errors.js';
import { contentSha256 } from './gzip.js';

export interface DownloadProgress {
  readonly file: string;
  /** Bytes on disk, with those of an earlier attempt. */
  readonly bytes: number;
  /** Undefined when the server does not say. */
  readonly totalBytes: number | undefined;
}

export interface DownloadOptions {
  /** Hexadecimal SHA-256 of the content, unpacked if the file is packed with gzip. */
  readonly sha256: string;
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Attempts in a row that bring no byte before it gives up. */
  readonly attempts?: number;
  readonly retryDelayMs?: number;
  /** An attempt that brings no byte for so long has failed. */
  readonly stallTimeoutMs?: number;
}

/** The innermost reason: fetch says only "fetch failed" itself. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause !== undefined) return reasonOf(error.cause);
  return error.message || ('code' in error ? String(error.code) : error.name);
}

async function fileSize(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}

async function onDisk<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new ScreeError(`download: cannot write ${path}: ${reasonOf(error)}`);
  }
}

/**
 * Fetches `url` to `destination` by way of `destination.part`, which a broken attempt leaves behind and the next one, in
 * this call or a later run, goes on from (HTTP range). The file gets its name when it is whole, checked and on disk.
 * Processes that fetch the same file at once write the same bytes to the same places.
 * @throws ScreeError when the server cannot be reached or refuses, the transfer breaks off for good (what came is kept),
 *   the disk is full, or the checksum differs (what came is deleted)
 */
export async function download(
  url: string,
  destination: string,
  { sha256, onProgress, attempts = 5, retryDelayMs = 1000, stallTimeoutMs = 30_000 }: DownloadOptions,
): Promise<void> {
  const part = `${destination}.part`;
  await onDisk(destination, () => mkdir(dirname(destination), { recursive: true }));
  let begun = false;
  let failures = 0;
  for (;;) {
    let brought = 0;
    try {
      await attempt(url, part, stallTimeoutMs, {
        onAnswer: () => {
          begun = true;
        },
        onBytes: (bytes, totalBytes) => {
          brought++;
          onProgress?.({ file: basename(destination), bytes, totalBytes });
        },
      });
      break;
    } catch (error) {
      if (error instanceof ScreeError) throw error;
      failures = brought > 0 ? 0 : failures + 1;
      if (!begun) throw new ScreeError(`download: cannot reach ${url}: ${reasonOf(error)}`);
      if (failures >= attempts) {
        const kept = await fileSize(part);
        throw new ScreeError(
          `download: ${url} broke off (${reasonOf(error)}); run again to go on from byte ${kept}`,
        );
      }
      await wait(retryDelayMs);
    }
  }
  const checksum = (path: string): Promise<string> =>
    contentSha256(path).catch((error: unknown) => reasonOf(error));
  const actual = await checksum(part);
  try {
    if (actual !== sha256) {
      throw new ScreeError(
        `download: ${url} is damaged or another file (SHA-256 ${actual}, expected ${sha256})`,
      );
    }
    await onDisk(destination, () => rename(part, destination));
  } catch (error) {
    // Another process may have been done first, and taken the part.
    if ((await checksum(destination)) === sha256) return;
    if (actual !== sha256) await rm(part, { force: true });
    throw error;
  }
}

interface AttemptEvents {
  readonly onAnswer: () => void;
  /** All bytes on disk, and those of the whole file. */
  readonly onBytes: (bytes: number, totalBytes: number | undefined) => void;
}

/** One request, from where `part` ends. Throws a ScreeError for what another attempt would not mend. */
async function attempt(
  url: string,
  part: string,
  stallTimeoutMs: number,
  { onAnswer, onBytes }: AttemptEvents,
): Promise<void> {
  const start = await fileSize(part);
  const controller = new AbortController();
  const stalled = (): void => controller.abort(new Error(`no byte for ${stallTimeoutMs / 1000} s`));
  const timer = setTimeout(stalled, stallTimeoutMs);
  // Packed on the way, the bytes would not be those of the file and could not be counted.
  const headers: Record<string, string> = { 'accept-encoding': 'identity' };
  if (start > 0) headers['range'] = `bytes=${start}-`;
  let handle: FileHandle | undefined;
  try {
    const response = await fetch(url, { headers, signal: controller.signal });
    onAnswer();
    const range = /^bytes (?:(\d+)-\d+|\*)\/(\d+)$/.exec(response.headers.get('content-range') ?? '');
    if (response.status === 416 && Number(range?.[2]) === start) return;
    if (response.status === 416 || (response.status === 206 && Number(range?.[1]) !== start)) {
      // The file on the server is another one than that of which the part is the start.
      await rm(part, { force: true });
      throw new Error(`the server has no bytes from ${start} on`);
    }
    if (!response.ok || response.body === null) {
      throw new ScreeError(`download: ${url} answered ${response.status} ${response.statusText}`.trimEnd());
    }
    let position = response.status === 206 ? start : 0;
    const length = response.headers.get('content-length');
    const total = length === null ? undefined : position + Number(length);
    // Never emptied: another process may be writing the same bytes.
    const file = await onDisk(part, () => open(part, constants.O_RDWR | constants.O_CREAT));
    handle = file;
    const body: AsyncIterable<Uint8Array> = response.body;
    for await (const chunk of body) {
      timer.refresh();
      await onDisk(part, () => file.write(chunk, 0, chunk.length, position));
      position += chunk.length;
      onBytes(position, total);
    }
    if (total !== undefined && position < total) throw new Error(`${position} of ${total} bytes came`);
    await onDisk(part, () => file.truncate(position));
    await onDisk(part, () => file.sync());
  } finally {
    clearTimeout(timer);
    await handle?.close();
  }
}
