import { z } from 'zod';
import { allocate, bytesPerElement, type DType, type TypedArray } from '../graph/dtype.js';
import { ScreeError } from '../graph/errors.js';
import type { NDArray } from '../graph/ndarray.js';
import { showShape, sizeOf } from '../graph/shape.js';

/** What a safetensors file holds. */
export interface Safetensors {
  tensors: Record<string, NDArray>;
  metadata: Record<string, string>;
}

/** A tensor's place in a file; `begin` and `end` count bytes from the end of the header. */
interface Entry {
  name: string;
  dtype: FileDType;
  shape: number[];
  begin: number;
  end: number;
}

/** A header checked against the size of its file. */
export interface SafetensorsHeader {
  entries: Entry[];
  metadata: Record<string, string>;
}

const written = { float64: 'F64', float32: 'F32', int32: 'I32', bool: 'BOOL' } as const;

/** The dtypes that are read, with the dtype that each becomes: there is no narrower integer than int32 here. */
const readAs = {
  F64: 'float64',
  F32: 'float32',
  I32: 'int32',
  BOOL: 'bool',
  U8: 'int32',
  I64: 'int32',
} as const satisfies Record<string, DType>;

type FileDType = keyof typeof readAs;

const fileBytes: Readonly<Record<FileDType, number>> = { F64: 8, F32: 4, I32: 4, BOOL: 1, U8: 1, I64: 8 };

/** Widest first, so that each tensor begins at a multiple of its element size (the order of the format's own library). */
const order: readonly DType[] = ['float64', 'float32', 'int32', 'bool'];

/** The format's own library refuses headers beyond this. */
const maxHeaderBytes = 100_000_000;

const entrySchema = z.strictObject({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});

const metadataName = '__metadata__';

/**
 * The bytes of a safetensors file: an 8-byte little-endian header length, a JSON header padded to a multiple of 8, the data.
 * Float64, float32, int32 and bool become F64, F32, I32 and BOOL. The tensors are copied.
 * Format: https://github.com/huggingface/safetensors#format
 * @throws ScreeError when a tensor is named `__metadata__` or its data do not fill its shape.
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, NDArray>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const sorted = Object.entries(tensors).sort(
    ([nameA, a], [nameB, b]) =>
      order.indexOf(a.dtype) - order.indexOf(b.dtype) || (nameA < nameB ? -1 : Number(nameA > nameB)),
  );
  const fields: string[] = [];
  if (Object.keys(metadata).length > 0) fields.push(`"${metadataName}":${JSON.stringify(metadata)}`);
  let size = 0;
  for (const [name, { data, shape, dtype }] of sorted) {
    if (name === metadataName) {
      throw new ScreeError(
        `encodeSafetensors: a tensor may not be named '${metadataName}'; the format keeps that name`,
      );
    }
    const end = size + sizeOf(shape) * bytesPerElement[dtype];
    if (data.byteLength !== end - size) {
      throw new ScreeError(
        `encodeSafetensors: tensor '${name}' has ${data.byteLength} bytes; ${dtype}${showShape(shape)} takes ${end - size}`,
      );
    }
    const entry = { dtype: written[dtype], shape, data_offsets: [size, end] };
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
    size = end;
  }
  const json = new TextEncoder().encode(`{${fields.join(',')}}`);
  const headerLength = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerLength + size);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.set(json, 8);
  bytes.fill(0x20, 8 + json.length, 8 + headerLength);
  let offset = 8 + headerLength;
  for (const [, { data }] of sorted) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return bytes;
}

/**
 * The tensors and metadata of a safetensors file. F64, F32, I32 and BOOL become float64, float32, int32 and bool, sharing the
 * memory of `bytes` where alignment allows; U8 and I64 are converted to int32.
 * @param source the name of the file, for messages.
 * @throws ScreeError naming `source` and what is wrong with a foreign, truncated or damaged file.
 */
export function decodeSafetensors(bytes: Uint8Array, source: string): Safetensors {
  const headerLength = readHeaderLength(bytes, bytes.length, source);
  const start = 8 + headerLength;
  const { entries, metadata } = parseHeader(bytes.subarray(8, start), bytes.length - start, source);
  const tensors = entries.map((entry): [string, NDArray] => {
    const data = readData(entry, bytes.subarray(start + entry.begin, start + entry.end), source);
    return [entry.name, { data, shape: entry.shape, dtype: readAs[entry.dtype] }];
  });
  // fromEntries defines even a tensor named __proto__ as a plain property.
  return { tensors: Object.fromEntries(tensors), metadata };
}

/**
 * The length of the header, from the file's first eight bytes.
 * @throws ScreeError when a file of `fileLength` bytes cannot hold such a header.
 */
export function readHeaderLength(first: Uint8Array, fileLength: number, source: string): number {
  if (first.length < 8) {
    throw new ScreeError(
      `'${source}' is not a safetensors file: it has ${first.length} bytes, the least is 8`,
    );
  }
  const length = new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(Math.min(fileLength - 8, maxHeaderBytes))) {
    throw new ScreeError(
      `'${source}' is truncated or not a safetensors file: its first 8 bytes announce a header of ${length} bytes, the file has ${fileLength}`,
    );
  }
  return Number(length);
}

/**
 * Reads a header and checks it against the `dataLength` bytes that follow it: the tensors lie end to end and fill them.
 * @throws ScreeError naming `source` and what is wrong.
 */
export function parseHeader(header: Uint8Array, dataLength: number, source: string): SafetensorsHeader {
  const { [metadataName]: rawMetadata, ...rawEntries } = parseJson(header, source);
  const metadata = rawMetadata ?? {};
  if (!isStringRecord(metadata)) {
    throw new ScreeError(
      `'${source}' is not a safetensors file: its ${metadataName} holds more than strings`,
    );
  }
  const entries = Object.entries(rawEntries).map(([name, raw]) => parseEntry(name, raw, source));
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const entry of entries) {
    if (entry.begin !== end) {
      throw new ScreeError(
        `'${source}' is damaged: tensor '${entry.name}' begins at byte ${entry.begin} of the data, the one before it ends at ${end}`,
      );
    }
    end = entry.end;
  }
  if (end > dataLength) {
    throw new ScreeError(
      `'${source}' is truncated: its tensors take ${end} bytes, the file has ${dataLength} after the header`,
    );
  }
  if (end < dataLength) {
    throw new ScreeError(`'${source}' is damaged: ${dataLength - end} bytes at its end belong to no tensor`);
  }
  return { entries, metadata };
}

function parseJson(header: Uint8Array, source: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(header));
  } catch {
    throw new ScreeError(`'${source}' is not a safetensors file: its header is not JSON`);
  }
  if (!isObject(json)) {
    throw new ScreeError(`'${source}' is not a safetensors file: its header is not a JSON object`);
  }
  return json;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isStringRecord(value: unknown): value is Record<string, string> {
  return isObject(value) && Object.values(value).every((item) => typeof item === 'string');
}

function parseEntry(name: string, raw: unknown, source: string): Entry {
  const parsed = entrySchema.safeParse(raw);
  if (!parsed.success) {
    throw new ScreeError(
      `'${source}' is not a safetensors file: the header entry of tensor '${name}' is not {dtype, shape, data_offsets}`,
    );
  }
  const { dtype, shape, data_offsets: offsets } = parsed.data;
  if (!isFileDType(dtype)) {
    throw new ScreeError(
      `'${source}': tensor '${name}' is of dtype ${dtype}; only ${Object.keys(readAs).join(', ')} are read`,
    );
  }
  const [begin, end] = offsets;
  const expected = sizeOf(shape) * fileBytes[dtype];
  if (end - begin !== expected) {
    throw new ScreeError(
      `'${source}' is damaged: tensor '${name}' takes bytes ${begin} to ${end}, but ${dtype}${showShape(shape)} has ${expected}`,
    );
  }
  return { name, dtype, shape, begin, end };
}

function isFileDType(dtype: string): dtype is FileDType {
  return Object.hasOwn(readAs, dtype);
}

function readData({ name, dtype, shape }: Entry, bytes: Uint8Array, source: string): TypedArray {
  if (dtype === 'U8') return Int32Array.from(bytes);
  if (dtype === 'I64') return readInt64(bytes, sizeOf(shape), name, source);
  const wrong = dtype === 'BOOL' ? bytes.find((byte) => byte > 1) : undefined;
  if (wrong !== undefined) {
    throw new ScreeError(`'${source}' is damaged: tensor '${name}' is BOOL and holds a ${wrong}`);
  }
  // Not slice(): a Buffer's shares its memory.
  const aligned = bytes.byteOffset % fileBytes[dtype] === 0 ? bytes : new Uint8Array(bytes);
  return allocate(readAs[dtype], sizeOf(shape), aligned.buffer, aligned.byteOffset);
}

function readInt64(bytes: Uint8Array, count: number, name: string, source: string): Int32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Int32Array(count);
  for (let index = 0; index < count; index++) {
    const value = view.getBigInt64(index * 8, true);
    values[index] = Number(value);
    if (BigInt(values[index]) !== value) {
      throw new ScreeError(`'${source}': tensor '${name}' holds ${value}, which does not fit int32`);
    }
  }
  return values;
}
