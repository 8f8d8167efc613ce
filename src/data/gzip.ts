import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { constants, createGunzip, gunzip } from 'node:zlib';
import { ScreeError } from '../graph/errors.js';

const gunzipBytes = promisify(gunzip);

/** Deflate cannot pack better than 1032 to 1: a longer promise than this is a false one. */
export const HIGHEST_RATIO = 1032;
/** Compressed bytes that are enough for a look at the start of a file; they unpack to 4 MB at most. */
const PEEK_BYTES = 4096;

export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function gzipError(error: unknown, source: string): ScreeError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'Z_BUF_ERROR') return new ScreeError(`${source}: truncated gzip file`);
  if (code === 'ERR_BUFFER_TOO_LARGE')
    return new ScreeError(`${source}: unpacks to more bytes than expected of it`);
  return new ScreeError(
    `${source}: damaged gzip file (${error instanceof Error ? error.message : String(error)})`,
  );
}

/** The first unpacked bytes of a gzip file, as many as its first 4 kB hold. */
export async function peekGzip(bytes: Uint8Array, source: string): Promise<Uint8Array> {
  try {
    return await gunzipBytes(bytes.subarray(0, PEEK_BYTES), { finishFlush: constants.Z_SYNC_FLUSH });
  } catch (error) {
    throw gzipError(error, source);
  }
}

/**
 * Unpacks a gzip file.
 * @param mostBytes more than these are an error, and are never held in memory
 * @throws ScreeError when it is truncated, damaged or longer
 */
export async function inflate(bytes: Uint8Array, mostBytes: number, source: string): Promise<Uint8Array> {
  try {
    return await gunzipBytes(bytes, { maxOutputLength: Math.max(1, mostBytes), chunkSize: 1 << 18 });
  } catch (error) {
    throw gzipError(error, source);
  }
}

/**
 * SHA-256, in hexadecimal, of a file's content: unpacked first if it is a gzip file, since the same content is
 * packed differently from place to place. Reads in pieces.
 */
export async function contentSha256(path: string): Promise<string> {
  const handle = await open(path);
  const start = new Uint8Array(2);
  try {
    await handle.read(start, 0, 2, 0);
  } finally {
    await handle.close();
  }
  const hash = createHash('sha256');
  const sink = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      hash.update(chunk);
      done();
    },
  });
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  try {
    if (isGzip(start)) await pipeline(file, createGunzip({ chunkSize: 1 << 18 }), sink);
    else await pipeline(file, sink);
  } catch (error) {
    throw gzipError(error, path);
  }
  return hash.digest('hex');
}
