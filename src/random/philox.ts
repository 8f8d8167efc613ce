/**
 * Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as
 * 1, 2, 3" (SC 2011). A block of four 32-bit words is a bijection of a 128-bit counter under a 64-bit key, so any word
 * of any stream is had without the ones before it: a state is two small numbers and a count.
 *
 * Counters here: words 0 and 1 hold the number of the block (below 2⁵³), words 2 and 3 the purpose: 0 for drawn
 * numbers, another for deriving keys, so that a derived key is never part of a stream.
 *
 * A key is two 32-bit integers; a negative one stands for the unsigned one with the same bits.
 */
export type PhiloxKey = readonly [number, number];

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** The high 32 bits of the product of two unsigned 32-bit integers, by halves of 16 bits; signed as Math.imul's. */
export function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const low = Math.imul(aLow, bLow);
  const middle = (Math.imul(aHigh, bLow) + (low >>> 16)) | 0;
  const carry = (Math.imul(aLow, bHigh) + (middle & 0xffff)) | 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (carry >>> 16)) | 0;
}

/** One block: four unsigned words of `counter` under `key`. The plain form of {@link philoxFill}, for deriving keys. */
export function philoxBlock(counter: readonly [number, number, number, number], key: PhiloxKey): Uint32Array {
  const out = new Uint32Array(4);
  fillBlocks(out, 0, 4, key, counter[0], counter[1], counter[2], counter[3]);
  return out;
}

/**
 * Fills `out` from `start` to `end` with the words of the blocks `block`, `block + 1`, … of the stream of `key`.
 * A last block that does not fit is cut.
 * @param block a non-negative safe integer
 */
export function philoxFill(
  out: Uint32Array,
  key: PhiloxKey,
  block: number,
  start = 0,
  end: number = out.length,
): void {
  const whole = end - ((end - start) & 3);
  fillBlocks(out, start, whole, key, block, Math.floor(block / 2 ** 32), 0, 0);
  if (whole === end) return;
  const last = block + (whole - start) / 4;
  const words = philoxBlock([last, Math.floor(last / 2 ** 32), 0, 0], key);
  for (let index = whole; index < end; index++) out[index] = words[index - whole];
}

function fillBlocks(
  out: Uint32Array,
  start: number,
  end: number,
  key: PhiloxKey,
  counter0: number,
  counter1: number,
  counter2: number,
  counter3: number,
): void {
  let low = counter0 >>> 0;
  let high = counter1 >>> 0;
  for (let index = start; index < end; index += 4) {
    let c0 = low | 0;
    let c1 = high | 0;
    let c2 = counter2 | 0;
    let c3 = counter3 | 0;
    let k0 = key[0] | 0;
    let k1 = key[1] | 0;
    for (let round = 0; round < ROUNDS; round++) {
      const high0 = multiplyHigh(c0, MULTIPLIER_0);
      const high1 = multiplyHigh(c2, MULTIPLIER_1);
      const low0 = Math.imul(c0, MULTIPLIER_0);
      const low1 = Math.imul(c2, MULTIPLIER_1);
      c0 = high1 ^ c1 ^ k0;
      c1 = low1;
      c2 = high0 ^ c3 ^ k1;
      c3 = low0;
      k0 = (k0 + WEYL_0) | 0;
      k1 = (k1 + WEYL_1) | 0;
    }
    out[index] = c0;
    out[index + 1] = c1;
    out[index + 2] = c2;
    out[index + 3] = c3;
    low = (low + 1) >>> 0;
    if (low === 0) high = (high + 1) >>> 0;
  }
}

const scratch = new Uint32Array(1024);

/** A uniform float32 in [0, 1) from the high 24 bits of one word. */
export function toFloat32(word: number): number {
  return (word >>> 8) * 2 ** -24;
}

/** A uniform float64 in [0, 1) from 53 bits of two words. */
export function toFloat64(first: number, second: number): number {
  return ((first >>> 5) * 2 ** 26 + (second >>> 6)) * 2 ** -53;
}

/**
 * Fills `out` with uniform numbers in [0, 1): a pure function of its arguments, for a graph op such as dropout.
 * A float32 takes one word (24 bits), a float64 two (53 bits): n float32 use ⌈n/4⌉ blocks, n float64 ⌈n/2⌉.
 * @param counterStart number of the first block: a non-negative safe integer
 */
export function philoxUniform(out: Float32Array | Float64Array, key: PhiloxKey, counterStart: number): void {
  const wordsEach = out instanceof Float32Array ? 1 : 2;
  const chunk = scratch.length / wordsEach;
  let block = counterStart;
  for (let start = 0; start < out.length; start += chunk) {
    const count = Math.min(chunk, out.length - start);
    philoxFill(scratch, key, block, 0, count * wordsEach);
    if (wordsEach === 1) {
      for (let index = 0; index < count; index++) out[start + index] = toFloat32(scratch[index]);
    } else {
      for (let index = 0; index < count; index++) {
        out[start + index] = toFloat64(scratch[2 * index], scratch[2 * index + 1]);
      }
    }
    block += scratch.length / 4;
  }
}
