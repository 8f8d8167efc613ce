import { ScreeError } from '../graph/errors.js';
import { showShape, sizeOf, type Shape } from '../graph/shape.js';

/** An array of a .npy file in row-major order: bool and float16 widened, 64-bit integers as float64 (exact). */
export interface NpyArray {
  readonly data: NpyNumbers;
  readonly shape: Shape;
  /** NumPy's name of the elements in the file, without their byte order: `f4`, `u1`, `b1`. */
  readonly type: string;
}

export type NpyNumbers =
  Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

export interface NpyHeader {
  readonly type: string;
  readonly littleEndian: boolean;
  readonly fortranOrder: boolean;
  readonly shape: Shape;
  readonly headerBytes: number;
  readonly totalBytes: number;
}

/** What one read of Node fetches at most, and what one array may take. */
export const MOST_NPY_BYTES = 2 ** 31 - 1;
/** Bytes that hold every header of an array of numbers; NumPy writes 128, and refuses to read more than 10,000. */
export const LONGEST_NPY_HEADER = 10_012;
const MOST_AXES = 32;

const hostIsLittle = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

interface ElementType {
  readonly bytes: number;
  allocate(length: number): NpyNumbers;
  /** The array over bytes in this machine's order, where they need no change. */
  same?(buffer: ArrayBufferLike): NpyNumbers;
  read(view: DataView, offset: number, littleEndian: boolean): number;
}

const elementTypes: Readonly<Record<string, ElementType>> = {
  b1: {
    bytes: 1,
    allocate: (length) => new Uint8Array(length),
    read: (view, at) => (view.getUint8(at) ? 1 : 0),
  },
  u1: {
    bytes: 1,
    allocate: (length) => new Uint8Array(length),
    same: (buffer) => new Uint8Array(buffer),
    read: (view, at) => view.getUint8(at),
  },
  i1: {
    bytes: 1,
    allocate: (length) => new Int8Array(length),
    same: (buffer) => new Int8Array(buffer),
    read: (view, at) => view.getInt8(at),
  },
  u2: {
    bytes: 2,
    allocate: (length) => new Uint16Array(length),
    same: (buffer) => new Uint16Array(buffer),
    read: (view, at, le) => view.getUint16(at, le),
  },
  i2: {
    bytes: 2,
    allocate: (length) => new Int16Array(length),
    same: (buffer) => new Int16Array(buffer),
    read: (view, at, le) => view.getInt16(at, le),
  },
  u4: {
    bytes: 4,
    allocate: (length) => new Uint32Array(length),
    same: (buffer) => new Uint32Array(buffer),
    read: (view, at, le) => view.getUint32(at, le),
  },
  i4: {
    bytes: 4,
    allocate: (length) => new Int32Array(length),
    same: (buffer) => new Int32Array(buffer),
    read: (view, at, le) => view.getInt32(at, le),
  },
  u8: {
    bytes: 8,
    allocate: (length) => new Float64Array(length),
    read: (view, at, le) => Number(view.getBigUint64(at, le)),
  },
  i8: {
    bytes: 8,
    allocate: (length) => new Float64Array(length),
    read: (view, at, le) => Number(view.getBigInt64(at, le)),
  },
  f2: {
    bytes: 2,
    allocate: (length) => new Float32Array(length),
    read: (view, at, le) => halfToNumber(view.getUint16(at, le)),
  },
  f4: {
    bytes: 4,
    allocate: (length) => new Float32Array(length),
    same: (buffer) => new Float32Array(buffer),
    read: (view, at, le) => view.getFloat32(at, le),
  },
  f8: {
    bytes: 8,
    allocate: (length) => new Float64Array(length),
    same: (buffer) => new Float64Array(buffer),
    read: (view, at, le) => view.getFloat64(at, le),
  },
};

/** IEEE 754 half precision: sign, 5 bits of exponent, 10 of fraction. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

/**
 * Reads the header from the first bytes of a .npy file (format 1.0 to 3.0); nothing of the size that it promises is allocated.
 * @throws ScreeError when it is foreign or truncated, or promises other elements than numbers
 */
export function parseNpyHeader(bytes: Uint8Array, source: string): NpyHeader {
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
  if (!magic.every((byte, index) => bytes[index] === byte)) {
    throw new ScreeError(`${source}: not a NumPy file: it does not start with \\x93NUMPY`);
  }
  const [, , , , , , major] = bytes;
  if (bytes.length < 12) throw new ScreeError(`${source}: truncated: ${bytes.length} bytes, no whole header`);
  if (major < 1 || major > 3) {
    throw new ScreeError(`${source}: format ${major} of NumPy files; 1 to 3 are read`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = major === 1 ? 10 : 12;
  const headerBytes = start + (major === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (headerBytes > LONGEST_NPY_HEADER) {
    throw new ScreeError(`${source}: a header of ${headerBytes} bytes; that of an array of numbers is short`);
  }
  if (headerBytes > bytes.length) {
    throw new ScreeError(
      `${source}: truncated: ${bytes.length} bytes, the header alone takes ${headerBytes}`,
    );
  }
  const text = new TextDecoder('latin1').decode(bytes.subarray(start, headerBytes));
  const { type, littleEndian } = parseType(text, source);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const shape = parseShape(text);
  if (order === undefined || shape === undefined) {
    throw new ScreeError(`${source}: damaged NumPy header ${JSON.stringify(text.trim().slice(0, 120))}`);
  }
  const totalBytes = headerBytes + sizeOf(shape) * elementTypes[type].bytes;
  if (totalBytes > MOST_NPY_BYTES) {
    throw new ScreeError(
      `${source}: its header promises shape ${showShape(shape)}, more than the 2 GiB that are read`,
    );
  }
  return { type, littleEndian, fortranOrder: order === 'True', shape, headerBytes, totalBytes };
}

function parseType(text: string, source: string): Pick<NpyHeader, 'type' | 'littleEndian'> {
  const description = /'descr'\s*:\s*('[^']*'|\[)/.exec(text)?.[1];
  if (description === undefined) {
    throw new ScreeError(`${source}: damaged NumPy header ${JSON.stringify(text.trim().slice(0, 120))}`);
  }
  const [, order, type] = /^'([<>|=])([a-zA-Z]\d*)'$/.exec(description) ?? [];
  if (type?.startsWith('O')) {
    throw new ScreeError(
      `${source}: holds Python objects, which only running their code would give back; they are never read`,
    );
  }
  if (type === undefined || !Object.hasOwn(elementTypes, type)) {
    const known = Object.keys(elementTypes).join(', ');
    const shown = description === '[' ? 'records' : description;
    throw new ScreeError(`${source}: holds ${shown}; arrays of numbers are read (${known})`);
  }
  return { type, littleEndian: order !== '>' };
}

function parseShape(text: string): Shape | undefined {
  const list = /'shape'\s*:\s*\(([\d,\s]*)\)/.exec(text)?.[1];
  if (list === undefined) return undefined;
  const extents = list
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  const whole = extents.every((extent) => Number.isSafeInteger(extent));
  return whole && extents.length <= MOST_AXES ? extents : undefined;
}

/** @throws ScreeError when a file of `length` bytes is not what its header says */
export function checkNpyLength(length: number, { shape, totalBytes }: NpyHeader, source: string): void {
  if (length === totalBytes) return;
  const fault = length < totalBytes ? 'truncated' : 'too long';
  throw new ScreeError(`${source}: ${fault}: ${length} bytes, shape ${showShape(shape)} takes ${totalBytes}`);
}

/**
 * The array of a .npy file (NEP 1): bool, integers and floats of either byte order, in C or Fortran order.
 * @param source what to call the file in an error, usually its path
 * @throws ScreeError when it is foreign, truncated or too long, holds anything but numbers (objects are never unpickled), or a
 *   64-bit integer beyond 2⁵³
 */
export function parseNpy(bytes: Uint8Array, source: string): NpyArray {
  const header = parseNpyHeader(bytes, source);
  checkNpyLength(bytes.length, header, source);
  const { type, littleEndian, shape, headerBytes } = header;
  const element = elementTypes[type];
  const view = new DataView(bytes.buffer, bytes.byteOffset + headerBytes);
  const length = sizeOf(shape);
  const next = header.fortranOrder && shape.length > 1 ? fortranWalk(shape) : undefined;
  if (
    next === undefined &&
    element.same !== undefined &&
    (element.bytes === 1 || littleEndian === hostIsLittle)
  ) {
    // A copy at a place of its own: the bytes of a file need not be aligned.
    const start = bytes.byteOffset + headerBytes;
    return { data: element.same(bytes.buffer.slice(start, start + length * element.bytes)), shape, type };
  }
  const data = element.allocate(length);
  for (let index = 0, place = 0; index < data.length; index++, place++) {
    data[index] = element.read(view, (next ? next() : place) * element.bytes, littleEndian);
  }
  if (type === 'i8' || type === 'u8') {
    const beyond = data.findIndex((value) => !Number.isSafeInteger(value));
    if (beyond >= 0)
      throw new ScreeError(`${source}: element ${beyond} is an integer beyond 2^53; it has no exact float64`);
  }
  return { data, shape, type };
}

/** The places, in a file in Fortran order, of the elements as they follow each other in C order. */
function fortranWalk(shape: Shape): () => number {
  const strides: number[] = [];
  let stride = 1;
  for (const extent of shape) {
    strides.push(stride);
    stride *= extent;
  }
  const indices = new Array<number>(shape.length).fill(0);
  let place = 0;
  return () => {
    const now = place;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      indices[axis]++;
      place += strides[axis];
      if (indices[axis] < shape[axis]) break;
      place -= strides[axis] * shape[axis];
      indices[axis] = 0;
    }
    return now;
  };
}
