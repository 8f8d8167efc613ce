import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { ScreeError } from '../graph/errors.js';
import { showShape, sizeOf, type Shape } from '../graph/shape.js';
import { HIGHEST_RATIO, inflate, isGzip, peekGzip } from './gzip.js';

/** What an IDX file holds: unsigned bytes, row-major. */
export interface IdxArray {
  readonly data: Uint8Array;
  readonly shape: Shape;
}

interface IdxHeader {
  readonly shape: Shape;
  readonly headerBytes: number;
  readonly totalBytes: number;
}

const UNSIGNED_BYTE = 0x08;
const MOST_AXES = 4;
const LONGEST_HEADER = 4 + 4 * MOST_AXES;
/** What one read of Node fetches at most. */
const MOST_BYTES = 2 ** 31 - 1;
const elementNames = new Map([
  [0x09, 'signed bytes'],
  [0x0b, '16-bit integers'],
  [0x0c, '32-bit integers'],
  [0x0d, '32-bit floats'],
  [0x0e, '64-bit floats'],
]);

/** Reads the header from the first bytes of a file; nothing of the size that it promises is allocated. */
function parseHeader(bytes: Uint8Array, source: string): IdxHeader {
  if (bytes.length === 0) throw new ScreeError(`${source}: empty, not an IDX file`);
  if (bytes.length < 4) throw new ScreeError(`${source}: ${bytes.length} bytes are too few for an IDX file`);
  const [zero0, zero1, type, axes] = bytes;
  if (zero0 !== 0 || zero1 !== 0 || (type !== UNSIGNED_BYTE && !elementNames.has(type))) {
    const start = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    throw new ScreeError(`${source}: not an IDX file: it starts with ${start}, not with 00 00 08`);
  }
  if (type !== UNSIGNED_BYTE) {
    throw new ScreeError(
      `${source}: holds ${elementNames.get(type)}; only IDX files of unsigned bytes are read`,
    );
  }
  if (axes < 1 || axes > MOST_AXES) {
    throw new ScreeError(`${source}: has ${axes} axes; IDX files with 1 to ${MOST_AXES} are read`);
  }
  const headerBytes = 4 + 4 * axes;
  if (bytes.length < headerBytes) {
    throw new ScreeError(
      `${source}: truncated: ${bytes.length} bytes, the header alone takes ${headerBytes}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
  const shape = Array.from({ length: axes }, (_, axis) => view.getUint32(4 + 4 * axis));
  const totalBytes = headerBytes + sizeOf(shape);
  if (totalBytes > MOST_BYTES) {
    throw new ScreeError(
      `${source}: its header promises shape ${showShape(shape)}, more than the 2 GiB that are read`,
    );
  }
  return { shape, headerBytes, totalBytes };
}

function checkLength(length: number, { shape, totalBytes }: IdxHeader, source: string): void {
  if (length === totalBytes) return;
  const fault = length < totalBytes ? 'truncated' : 'too long';
  throw new ScreeError(`${source}: ${fault}: ${length} bytes, shape ${showShape(shape)} takes ${totalBytes}`);
}

/**
 * An IDX file of unsigned bytes (the format of MNIST: two zeros, element type, count of axes, big-endian extents,
 * data). The data is a view of `bytes`.
 * @param source what to call the file in an error, usually its path
 * @throws ScreeError when it is foreign, truncated or too long, or holds other elements than unsigned bytes
 */
export function parseIdx(bytes: Uint8Array, source: string): IdxArray {
  const header = parseHeader(bytes, source);
  checkLength(bytes.length, header, source);
  return { data: bytes.subarray(header.headerBytes), shape: header.shape };
}

/**
 * Reads an IDX file, plain or packed with gzip (told by its first bytes, not by its name). The header is compared with
 * the file's length before memory for the data is taken.
 * `sha256` is the hexadecimal SHA-256 that the unpacked file must have.
 * @throws ScreeError as {@link parseIdx}, and when the file cannot be read, is damaged or has another checksum
 */
export async function readIdx(path: string, { sha256 }: { sha256?: string } = {}): Promise<IdxArray> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path);
    const bytes = await readBytes(handle, path);
    if (sha256 !== undefined) {
      const actual = createHash('sha256').update(bytes).digest('hex');
      if (actual !== sha256) {
        throw new ScreeError(
          `${path}: damaged or another file: SHA-256 ${actual} of its content, expected ${sha256}`,
        );
      }
    }
    return parseIdx(bytes, path);
  } catch (error) {
    if (error instanceof ScreeError) throw error;
    throw new ScreeError(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await handle?.close();
  }
}

async function readBytes(handle: FileHandle, path: string): Promise<Uint8Array> {
  const { size } = await handle.stat();
  if (size > MOST_BYTES) throw new ScreeError(`${path}: ${size} bytes, more than the 2 GiB that are read`);
  const start = new Uint8Array(Math.min(size, LONGEST_HEADER));
  await handle.read(start, 0, start.length, 0);
  if (!isGzip(start)) {
    checkLength(size, parseHeader(start, path), path);
    return handle.readFile();
  }
  const packed = await handle.readFile();
  const header = parseHeader(await peekGzip(packed, path), path);
  if (header.totalBytes > packed.length * HIGHEST_RATIO) {
    throw new ScreeError(
      `${path}: truncated: ${packed.length} packed bytes, shape ${showShape(header.shape)} takes ${header.totalBytes} unpacked`,
    );
  }
  return inflate(packed, header.totalBytes, path);
}
