import { readFileSync } from 'node:fs';
import { ScreeError } from '../../graph/errors.js';

/** A stretch of `length` float32 values at a byte offset in a workspace's memory. */
export interface Values {
  readonly offset: number;
  readonly length: number;
}

/** The functions of kernels.wasm (sources in kernels/). Pointers are byte offsets; `adding` is 1 to add and 0 to overwrite. */
export interface Kernels {
  add(into: number, from: number, n: number): void;
  subtract(into: number, what: number, n: number): void;
  moveOver(into: number, from: number, n: number): void;
  mix(into: number, from: number, n: number, share: number): void;
  unmix(values: number, average: number, n: number, share: number): void;
  scale(into: number, n: number, factor: number): void;
  /** Fills the tables that lie at the start of the memory. @returns where they end */
  fillTables(): number;
  // Of those that encode: `kept` are n values that join, or 0 for none; what the message lacks is left at `rest`, which is `kept` again, or
  // scratch for a group of values.
  fp16Encode(values: number, kept: number, rest: number, n: number, out: number): void;
  fp16Decode(message: number, n: number, into: number, adding: number): void;
  bf16Encode(values: number, kept: number, rest: number, n: number, out: number): void;
  bf16Decode(message: number, n: number, into: number, adding: number): void;
  int8Encode(values: number, kept: number, rest: number, n: number, group: number, out: number): void;
  int8Decode(message: number, n: number, group: number, into: number, adding: number): void;
  oneBitEncode(values: number, kept: number, rest: number, n: number, group: number, out: number): void;
  oneBitDecode(message: number, n: number, group: number, into: number, adding: number): void;
  signEncode(
    values: number,
    kept: number,
    rest: number,
    n: number,
    group: number,
    scaled: number,
    out: number,
  ): void;
  signDecode(message: number, n: number, group: number, into: number, adding: number): void;
  twoBitEncode(values: number, kept: number, rest: number, n: number, threshold: number, out: number): void;
  twoBitDecode(message: number, n: number, threshold: number, into: number, adding: number): void;
  ternEncode(
    values: number,
    kept: number,
    rest: number,
    n: number,
    group: number,
    clip: number,
    seed: number,
    out: number,
  ): void;
  ternDecode(message: number, n: number, group: number, into: number, adding: number): void;
  qsgdEncode(
    values: number,
    kept: number,
    rest: number,
    n: number,
    group: number,
    seed: number,
    out: number,
  ): void;
  qsgdDecode(message: number, n: number, group: number, into: number, adding: number): void;
  naturalEncode(values: number, kept: number, rest: number, n: number, seed: number, out: number): void;
  naturalDecode(message: number, n: number, into: number, adding: number): void;
  selectAbove(values: number, n: number, threshold: number, most: number, indices: number): number;
  addAndSelect(
    values: number,
    kept: number,
    n: number,
    threshold: number,
    most: number,
    indices: number,
  ): number;
  moveAndSelect(
    values: number,
    velocity: number,
    kept: number,
    n: number,
    m: number,
    s: number,
    threshold: number,
    most: number,
    indices: number,
  ): number;
  sampleAt(
    values: number,
    velocity: number,
    kept: number,
    n: number,
    stride: number,
    m: number,
    s: number,
    out: number,
  ): number;
  rankedAt(values: number, n: number, rank: number, most: number): number;
  keepAbove(chosen: number, indices: number, count: number, threshold: number, most: number): number;
  gatherAt(values: number, indices: number, count: number, out: number): void;
  scatterAt(values: number, indices: number, count: number, from: number): void;
  clearAt(values: number, indices: number, count: number): void;
  addAt(into: number, indices: number, count: number, from: number): void;
  riceEncode(indices: number, count: number, shift: number, out: number): number;
  /** 1 where the bytes are such a message. */
  riceDecode(
    message: number,
    bytes: number,
    count: number,
    shift: number,
    n: number,
    indices: number,
  ): number;
  squareSum(values: number, n: number): number;
  addTimesRight(
    values: number,
    matrix: number,
    rows: number,
    columns: number,
    right: number,
    rank: number,
    left: number,
  ): void;
  timesLeft(matrix: number, rows: number, columns: number, left: number, rank: number, right: number): void;
  lowRank(
    left: number,
    right: number,
    rank: number,
    rows: number,
    columns: number,
    matrix: number,
    rest: number,
  ): void;
  orthonormalise(vectors: number, rank: number, n: number): void;
  driveEncode(
    values: number,
    kept: number,
    rest: number,
    n: number,
    group: number,
    seed: number,
    scratch: number,
    out: number,
  ): void;
  driveDecode(
    message: number,
    n: number,
    group: number,
    seed: number,
    scratch: number,
    into: number,
    adding: number,
  ): void;
}

/** A page of WebAssembly memory. */
const pageBytes = 2 ** 16;

/** What 32-bit pointers reach. */
const mostPages = 2 ** 16;

/** A cache line, and the widest vector register. */
const alignment = 64;

interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
  grow(pages: number): number;
}

/** What of the WebAssembly API is used: TypeScript's own types of it come with those of a browser. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
  readonly Memory: new (limits: { initial: number; maximum: number; shared: true }) => SharedMemory;
};

let module: object | undefined;

/**
 * Memory in which gradients, residuals and messages lie, so that codecs, collectives and native code work on them in place.
 * It is shared between threads, and only ever grows.
 */
export class Workspace {
  readonly #memory = new WebAssembly.Memory({ initial: 1, maximum: mostPages, shared: true });
  #used: number;
  readonly kernels: Kernels;

  constructor() {
    module ??= new WebAssembly.Module(readFileSync(new URL('kernels.wasm', import.meta.url)));
    const instance = new WebAssembly.Instance(module, { env: { memory: this.#memory } });
    this.kernels = instance.exports as Kernels;
    // They leave zeros at the null pointer, where kernels read what joins values when nothing is kept.
    this.#used = this.kernels.fillTables();
  }

  /**
   * Zeros, at a multiple of 64 bytes.
   * @returns a byte offset
   * @throws ScreeError when the workspace would outgrow 4 GiB
   */
  allocate(bytes: number): number {
    const offset = this.#used;
    const used = offset + Math.ceil(bytes / alignment) * alignment;
    const missing = Math.ceil(used / pageBytes) - this.#memory.buffer.byteLength / pageBytes;
    if (used > mostPages * pageBytes) {
      throw new ScreeError(
        `workspace: ${bytes} more bytes make ${used}, beyond the 4 GiB that it can hold; take a codec with less state or smaller buckets`,
      );
    }
    if (missing > 0) this.#memory.grow(missing);
    this.#used = used;
    return offset;
  }

  /** Room for values, which are 0. */
  allocateValues(length: number): Values {
    return { offset: this.allocate(4 * length), length };
  }

  floats({ offset, length }: Values): Float32Array {
    return new Float32Array(this.#memory.buffer, offset, length);
  }

  bytes(offset: number, length: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, offset, length);
  }
}
