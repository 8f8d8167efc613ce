import { open, type FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import { inflateRaw } from 'node:zlib';
import { ScreeError } from '../graph/errors.js';
import { crc32 } from './crc32.js';
import { HIGHEST_RATIO } from './gzip.js';
import { readError } from './text-file.js';

const inflateBytes = promisify(inflateRaw);

/** A file in an archive, as the archive's directory tells. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes unpacked, and packed. */
  readonly size: number;
  readonly packedSize: number;
  /** 0 stored, 8 deflated. */
  readonly method: number;
  readonly crc: number;
  /** Where its local header starts. */
  readonly offset: number;
}

const END = 0x06054b50;
const END_64 = 0x06064b50;
const END_64_LOCATOR = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const LONGEST_COMMENT = 0xffff;
const IN_EXTRA = 0xffffffff;
/** An archive of arrays has a handful of files. */
const MOST_ENTRIES = 4096;
const MOST_DIRECTORY_BYTES = 1 << 22;
/** All unpacked files of an archive together. */
const MOST_BYTES = 2 ** 31 - 1;

/**
 * A zip archive open for reading. Sizes are believed only so far: what the directory promises is held to the file's length, to
 * what deflate can reach and to 2 GiB in all before anything is unpacked, and unpacking stops at the promised size.
 */
export class ZipFile {
  private constructor(
    readonly path: string,
    readonly entries: readonly ZipEntry[],
    private readonly handle: FileHandle,
    private readonly length: number,
  ) {}

  /** @throws ScreeError when the file cannot be read, is no zip archive, is damaged, or promises what cannot be */
  static async open(path: string): Promise<ZipFile> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(path);
      const { size } = await handle.stat();
      const entries = await readDirectory(handle, size, path);
      return new ZipFile(path, entries, handle, size);
    } catch (error) {
      await handle?.close();
      throw readError(path, error);
    }
  }

  /** @throws ScreeError for an entry that is damaged (its CRC-32 differs), longer or shorter than promised, or encrypted */
  async read(entry: ZipEntry): Promise<Uint8Array> {
    const place = `${this.path}: ${entry.name}`;
    const local = await readAt(this.handle, entry.offset, 30, this.length, place);
    if (local.getUint32(0, true) !== LOCAL)
      throw new ScreeError(`${place}: damaged zip archive (no local header)`);
    if ((local.getUint16(6, true) & 1) === 1)
      throw new ScreeError(`${place} is encrypted; it cannot be read`);
    const start = entry.offset + 30 + local.getUint16(26, true) + local.getUint16(28, true);
    const view = await readAt(this.handle, start, entry.packedSize, this.length, place);
    const packed = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    const bytes = entry.method === 0 ? packed : await unpack(packed, entry.size, place);
    if (bytes.length !== entry.size) {
      throw new ScreeError(`${place}: ${bytes.length} bytes, its directory promises ${entry.size}`);
    }
    if (crc32(bytes) !== entry.crc) throw new ScreeError(`${place}: damaged: its CRC-32 differs`);
    return bytes;
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

async function unpack(packed: Uint8Array, size: number, place: string): Promise<Uint8Array> {
  try {
    const { buffer, byteOffset, byteLength } = await inflateBytes(packed, {
      maxOutputLength: Math.max(1, size),
      chunkSize: 1 << 18,
    });
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') {
      throw new ScreeError(`${place}: unpacks to more than the ${size} bytes that its directory promises`);
    }
    throw new ScreeError(`${place}: damaged (${error instanceof Error ? error.message : String(error)})`);
  }
}

async function readAt(
  handle: FileHandle,
  start: number,
  bytes: number,
  length: number,
  place: string,
): Promise<DataView> {
  if (start < 0 || start + bytes > length) {
    throw new ScreeError(`${place}: damaged or truncated zip archive (byte ${start + bytes} of ${length})`);
  }
  const buffer = new Uint8Array(bytes);
  const { bytesRead } = await handle.read(buffer, 0, bytes, start);
  if (bytesRead < bytes) throw new ScreeError(`${place}: truncated zip archive`);
  return new DataView(buffer.buffer);
}

interface Directory {
  readonly entries: number;
  readonly bytes: number;
  readonly offset: number;
}

async function findDirectory(handle: FileHandle, length: number, path: string): Promise<Directory> {
  const tail = Math.min(length, 22 + LONGEST_COMMENT);
  const start = length - tail;
  const view = await readAt(handle, start, tail, length, path);
  let end = tail - 22;
  while (end >= 0 && view.getUint32(end, true) !== END) end--;
  if (end < 0) throw new ScreeError(`${path}: no zip archive, or a truncated one`);
  const small = {
    entries: view.getUint16(end + 10, true),
    bytes: view.getUint32(end + 12, true),
    offset: view.getUint32(end + 16, true),
  };
  if (small.entries !== 0xffff && small.bytes !== IN_EXTRA && small.offset !== IN_EXTRA) return small;
  const locator = await readAt(handle, start + end - 20, 20, length, path);
  if (locator.getUint32(0, true) !== END_64_LOCATOR)
    throw new ScreeError(`${path}: damaged zip archive (its end)`);
  const large = await readAt(handle, Number(locator.getBigUint64(8, true)), 56, length, path);
  if (large.getUint32(0, true) !== END_64) throw new ScreeError(`${path}: damaged zip archive (its end)`);
  return {
    entries: Number(large.getBigUint64(32, true)),
    bytes: Number(large.getBigUint64(40, true)),
    offset: Number(large.getBigUint64(48, true)),
  };
}

async function readDirectory(handle: FileHandle, length: number, path: string): Promise<ZipEntry[]> {
  const directory = await findDirectory(handle, length, path);
  if (directory.entries > MOST_ENTRIES || directory.bytes > MOST_DIRECTORY_BYTES) {
    throw new ScreeError(
      `${path}: ${directory.entries} files in the archive, more than the ${MOST_ENTRIES} that are read`,
    );
  }
  const view = await readAt(handle, directory.offset, directory.bytes, length, path);
  const entries: ZipEntry[] = [];
  const damaged = (): ScreeError => new ScreeError(`${path}: damaged zip archive (its directory)`);
  let total = 0;
  let place = 0;
  for (let index = 0; index < directory.entries; index++) {
    if (place + 46 > view.byteLength || view.getUint32(place, true) !== CENTRAL) throw damaged();
    const nameBytes = view.getUint16(place + 28, true);
    const extraBytes = view.getUint16(place + 30, true);
    const next = place + 46 + nameBytes + extraBytes + view.getUint16(place + 32, true);
    if (next > view.byteLength) throw damaged();
    const name = new TextDecoder().decode(
      new Uint8Array(view.buffer, view.byteOffset + place + 46, nameBytes),
    );
    const extra = new DataView(view.buffer, view.byteOffset + place + 46 + nameBytes, extraBytes);
    const [size, packedSize, offset] = longFields(extra, [
      view.getUint32(place + 24, true),
      view.getUint32(place + 20, true),
      view.getUint32(place + 42, true),
    ]);
    const entry = {
      name,
      size,
      packedSize,
      method: view.getUint16(place + 10, true),
      crc: view.getUint32(place + 16, true),
      offset,
    };
    checkEntry(entry, length, path);
    total += size;
    entries.push(entry);
    place = next;
  }
  if (total > MOST_BYTES) {
    throw new ScreeError(`${path}: unpacks to ${total} bytes, more than the 2 GiB that are read`);
  }
  return entries;
}

/** Fields that are too long for 32 bits stand in the extra field 1, in their order. */
function longFields(extra: DataView, fields: readonly number[]): readonly number[] {
  let place = 0;
  while (place + 4 <= extra.byteLength) {
    const id = extra.getUint16(place, true);
    const end = Math.min(extra.byteLength, place + 4 + extra.getUint16(place + 2, true));
    if (id === 1) {
      let from = place + 4;
      return fields.map((field) => {
        if (field !== IN_EXTRA || from + 8 > end) return field;
        from += 8;
        return Number(extra.getBigUint64(from - 8, true));
      });
    }
    place = end;
  }
  return fields;
}

function checkEntry(
  { name, size, packedSize, method, offset }: ZipEntry,
  length: number,
  path: string,
): void {
  if (method !== 0 && method !== 8) {
    throw new ScreeError(
      `${path}: ${name} is packed by method ${method}; stored and deflated files are read`,
    );
  }
  if (offset + packedSize > length || (method === 0 && size !== packedSize)) {
    throw new ScreeError(
      `${path}: ${name}: damaged or truncated zip archive (its directory promises ${packedSize} bytes)`,
    );
  }
  if (size > packedSize * HIGHEST_RATIO + 64) {
    throw new ScreeError(
      `${path}: ${name}: ${packedSize} packed bytes cannot unpack to ${size}: a false promise`,
    );
  }
}
