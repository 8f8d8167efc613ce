import { isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';
import { ScreeError } from '../graph/errors.js';
import { inflate, isGzip } from './gzip.js';

/** V8's strings hold little more than twice as many characters. */
const MOST_BYTES = 1 << 28;

/**
 * A UTF-8 text, plain or packed with gzip, without its byte order mark.
 * @throws ScreeError when it cannot be read, has more than 256 MiB or is not UTF-8 (naming the line)
 */
export async function readText(path: string): Promise<string> {
  const bytes = await readAll(path, MOST_BYTES);
  const text = isGzip(bytes) ? await inflate(bytes, MOST_BYTES, path) : bytes;
  const decoded = new TextDecoder().decode(text);
  if (isUtf8(text)) return decoded;
  const line = decoded.slice(0, decoded.indexOf('\uFFFD')).split('\n').length;
  throw new ScreeError(`${path}: line ${line} is not UTF-8 text; save the file as UTF-8`);
}

/**
 * All bytes of a file, whose size is looked at before memory is taken.
 * @throws ScreeError when it cannot be read or is larger than `mostBytes`
 */
export async function readAll(path: string, mostBytes: number): Promise<Uint8Array> {
  try {
    const handle = await open(path);
    try {
      const { size } = await handle.stat();
      if (size > mostBytes) {
        throw new ScreeError(`${path}: ${size} bytes, more than the ${mostBytes} that are read`);
      }
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw readError(path, error);
  }
}

/** What to throw for a file that the system does not let be read. */
export function readError(path: string, error: unknown): ScreeError {
  if (error instanceof ScreeError) return error;
  return new ScreeError(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  });
}
