/**
 * Two loops over float64 vectors as WebAssembly with 128-bit SIMD, written out in its bytes: in JavaScript every access is checked against the end of its
 * array, which takes most of the time of such loops. There is no compiler to WebAssembly among our dependencies, and a
 * hundred bytes need none (WebAssembly Core Specification 2.0, chapter 5).
 */

/** What of the WebAssembly API is used: the types that TypeScript has of it come with those of a browser. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> };
  validate(bytes: Uint8Array): boolean;
}

/** Addresses are in bytes; lengths in elements, a multiple of `LANES`. */
export interface SimdKernels {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  /** Σ aᵢbᵢ. */
  dot(a: number, b: number, length: number): number;
  /** y ← scale·y + factor·x; returns Σ yᵢwᵢ. */
  combine(factor: number, x: number, scale: number, y: number, w: number, length: number): number;
  /** Σ aᵢwᵢ for float32 a, in float64. */
  dotSingle(a: number, w: number, length: number): number;
  /** w ← w + factor·a for float32 a, in float64. */
  addSingle(factor: number, a: number, w: number, length: number): void;
}

/** Elements a round of a loop takes: two vectors of two, so that additions need not wait for each other. */
export const LANES = 4;

const I32 = 0x7f;
const F64 = 0x7c;
const VECTOR = 0x7b;

type Bytes = number | readonly number[];

const code = (...parts: readonly Bytes[]): number[] => parts.flat();

/** An unsigned integer in LEB128. */
function leb(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...leb(Math.floor(value / 128))];
}

const sized = (bytes: readonly number[]): number[] => code(leb(bytes.length), bytes);
const list = (items: readonly (readonly number[])[]): number[] => code(leb(items.length), items.flat());
const section = (id: number, items: readonly (readonly number[])[]): number[] => code(id, sized(list(items)));
const named = (name: string): number[] => sized(Array.from(name, (letter) => letter.charCodeAt(0)));

const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];
const tee = (local: number): number[] => [0x22, local];
const int = (value: number): number[] => [0x41, value];
const addInts = 0x6a;
const shiftLeft = 0x74;
const isLess = 0x49;
const addDoubles = 0xa0;
const end = 0x0b;
const load = (local: number, offset: number): number[] => code(get(local), 0xfd, 0x00, 3, offset);
/** Two float32 as a vector of two float64. */
const loadSingles = (local: number, offset: number): number[] =>
  code(get(local), 0xfd, 0x5d, 2, offset, 0xfd, 0x5f);
const store = (offset: number): number[] => [0xfd, 0x0b, 3, offset];
const splat = [0xfd, 0x14];
const lane = (index: number): number[] => [0xfd, 0x21, index];
const add = [0xfd, 0xf0, 0x01];
const multiply = [0xfd, 0xf2, 0x01];
const advance = (local: number, bytes = 8): number[] =>
  code(get(local), int(bytes * LANES), addInts, set(local));

/** do { body } while (pointer < limit), unless there is nothing to do. */
function loop(pointer: number, limit: number, body: readonly number[]): number[] {
  const isBefore = code(get(pointer), get(limit), isLess);
  return code(isBefore, 0x04, 0x40, 0x03, 0x40, body, isBefore, 0x0d, 0x00, end, end);
}

/** limit ← pointer + 8·length. */
const limitOf = (pointer: number, length: number, limit: number): number[] =>
  code(get(pointer), get(length), int(3), shiftLeft, addInts, set(limit));

/** The sum of the lanes of two vectors. */
function total(a: number, b: number): number[] {
  const sum = code(get(a), get(b), add);
  return code(sum, lane(0), sum, lane(1), addDoubles);
}

/** Locals by type after the parameters, and code. */
function body(
  locals: readonly (readonly [count: number, type: number])[],
  instructions: readonly number[],
): number[] {
  return sized(code(list(locals), instructions, end));
}

function dotBody(): number[] {
  const [a, b, length, limit, low, high] = [0, 1, 2, 3, 4, 5];
  const accumulate = (sum: number, offset: number): number[] =>
    code(get(sum), load(a, offset), load(b, offset), multiply, add, set(sum));
  const round = code(accumulate(low, 0), accumulate(high, 16), advance(a), advance(b));
  return body(
    [
      [1, I32],
      [2, VECTOR],
    ],
    code(limitOf(a, length, limit), loop(a, limit, round), total(low, high)),
  );
}

function combineBody(): number[] {
  const [factor, x, scale, y, w, length, limit, factors, scales, value, low, high] = Array.from(
    { length: 12 },
    (_, local) => local,
  );
  const step = (sum: number, offset: number): number[] =>
    code(
      get(y),
      code(load(y, offset), get(scales), multiply),
      code(load(x, offset), get(factors), multiply),
      add,
      tee(value),
      store(offset),
      code(get(sum), get(value), load(w, offset), multiply, add, set(sum)),
    );
  const round = code(step(low, 0), step(high, 16), advance(x), advance(y), advance(w));
  return body(
    [
      [1, I32],
      [5, VECTOR],
    ],
    code(
      code(get(factor), splat, set(factors)),
      code(get(scale), splat, set(scales)),
      limitOf(y, length, limit),
      loop(y, limit, round),
      total(low, high),
    ),
  );
}

function dotSingleBody(): number[] {
  const [a, w, length, limit, low, high] = [0, 1, 2, 3, 4, 5];
  const accumulate = (sum: number, place: number): number[] =>
    code(get(sum), loadSingles(a, 8 * place), load(w, 16 * place), multiply, add, set(sum));
  const round = code(accumulate(low, 0), accumulate(high, 1), advance(a, 4), advance(w));
  return body(
    [
      [1, I32],
      [2, VECTOR],
    ],
    code(limitOf(w, length, limit), loop(w, limit, round), total(low, high)),
  );
}

function addSingleBody(): number[] {
  const [factor, a, w, length, limit, factors] = [0, 1, 2, 3, 4, 5];
  const step = (place: number): number[] =>
    code(
      get(w),
      code(loadSingles(a, 8 * place), get(factors), multiply),
      load(w, 16 * place),
      add,
      store(16 * place),
    );
  const round = code(step(0), step(1), advance(a, 4), advance(w));
  return body(
    [
      [1, I32],
      [1, VECTOR],
    ],
    code(get(factor), splat, set(factors), limitOf(w, length, limit), loop(w, limit, round)),
  );
}

function moduleBytes(): Uint8Array {
  const signature = (parameters: readonly number[], results: readonly number[]): number[] =>
    code(0x60, sized(parameters), sized(results));
  const [dot, combine, dotSingle, addSingle, memory] = [0, 1, 2, 3, 0];
  return Uint8Array.from(
    code(
      [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      section(1, [
        signature([I32, I32, I32], [F64]),
        signature([F64, I32, F64, I32, I32, I32], [F64]),
        signature([F64, I32, I32, I32], []),
      ]),
      // Each function's signature, by its number above.
      section(3, [[0], [1], [0], [2]]),
      section(5, [[0, 0]]),
      section(7, [
        code(named('memory'), 2, memory),
        code(named('dot'), 0, dot),
        code(named('combine'), 0, combine),
        code(named('dotSingle'), 0, dotSingle),
        code(named('addSingle'), 0, addSingle),
      ]),
      section(10, [dotBody(), combineBody(), dotSingleBody(), addSingleBody()]),
    ),
  );
}

/** TypeScript knows it only with the types of a browser. */
declare const WebAssembly: WebAssemblyApi | undefined;

/** Undefined until it is first asked for; null where there is no WebAssembly, or none with SIMD, or a policy forbids it. */
let compiled: object | null | undefined;

function compileOnce(): object | null {
  if (typeof WebAssembly === 'undefined') return null;
  try {
    const bytes = moduleBytes();
    return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null;
  } catch {
    return null;
  }
}

/** The kernels with a memory of their own, empty at first; undefined where they cannot run. */
export function simdKernels(): SimdKernels | undefined {
  compiled ??= compileOnce();
  if (compiled === null || typeof WebAssembly === 'undefined') return undefined;
  return new WebAssembly.Instance(compiled).exports as object as SimdKernels;
}
