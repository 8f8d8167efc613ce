// DRIVE: one bit a value after a random rotation, which spreads a vector evenly over its coordinates. The rotation is signs at random and a
// Walsh-Hadamard transform, unscaled; decoding transforms again, and the factors of both are in a block's scale.
import { joined, maskOf, sumOf } from './masks';
import { nextRandom, startRandom } from './random';
import { rotationTable } from './tables';

/** Signs at random, as what turns them: the sign bit of each lane. */
function drawSigns(signs: usize, n: u32, seed: u32): void {
  let random = startRandom(seed, 0);
  for (const end = signs + (n << 2); signs < end; signs += 16) {
    random = nextRandom(random);
    v128.store(signs, v128.and(random, i32x4.splat(0x80000000)));
  }
}

/**
 * Three rounds of a transform over vectors of numbers of a type, those of `half` bytes and of two and four times as many, where eight values are
 * read and written once for all three.
 */
function threeRounds<T>(values: usize, end: usize, half: usize): void {
  for (let block = values; block < end; block += half << 3) {
    for (let at = block; at < block + half; at += 16) {
      const second = at + (half << 1);
      const third = at + (half << 2);
      const fourth = third + (half << 1);
      const a = v128.load(at);
      const b = v128.load(at + half);
      const c = v128.load(second);
      const d = v128.load(second + half);
      const ab = v128.add<T>(a, b);
      const aB = v128.sub<T>(a, b);
      const cd = v128.add<T>(c, d);
      const cD = v128.sub<T>(c, d);
      const abcd = v128.add<T>(ab, cd);
      const aBcD = v128.add<T>(aB, cD);
      const abCD = v128.sub<T>(ab, cd);
      const aBCd = v128.sub<T>(aB, cD);
      const e = v128.load(third);
      const f = v128.load(third + half);
      const g = v128.load(fourth);
      const h = v128.load(fourth + half);
      const ef = v128.add<T>(e, f);
      const eF = v128.sub<T>(e, f);
      const gh = v128.add<T>(g, h);
      const gH = v128.sub<T>(g, h);
      const efgh = v128.add<T>(ef, gh);
      const eFgH = v128.add<T>(eF, gH);
      const efGH = v128.sub<T>(ef, gh);
      const eFGh = v128.sub<T>(eF, gH);
      v128.store(at, v128.add<T>(abcd, efgh));
      v128.store(at + half, v128.add<T>(aBcD, eFgH));
      v128.store(second, v128.add<T>(abCD, efGH));
      v128.store(second + half, v128.add<T>(aBCd, eFGh));
      v128.store(third, v128.sub<T>(abcd, efgh));
      v128.store(third + half, v128.sub<T>(aBcD, eFgH));
      v128.store(fourth, v128.sub<T>(abCD, efGH));
      v128.store(fourth + half, v128.sub<T>(aBCd, eFGh));
    }
  }
}

function twoRounds<T>(values: usize, end: usize, half: usize): void {
  for (let block = values; block < end; block += half << 2) {
    for (let at = block; at < block + half; at += 16) {
      const other = at + (half << 1);
      const a = v128.load(at);
      const b = v128.load(at + half);
      const c = v128.load(other);
      const d = v128.load(other + half);
      const ab = v128.add<T>(a, b);
      const aB = v128.sub<T>(a, b);
      const cd = v128.add<T>(c, d);
      const cD = v128.sub<T>(c, d);
      v128.store(at, v128.add<T>(ab, cd));
      v128.store(at + half, v128.add<T>(aB, cD));
      v128.store(other, v128.sub<T>(ab, cd));
      v128.store(other + half, v128.sub<T>(aB, cD));
    }
  }
}

function oneRound<T>(values: usize, end: usize, half: usize): void {
  for (let block = values; block < end; block += half << 1) {
    for (let at = block; at < block + half; at += 16) {
      const a = v128.load(at);
      const b = v128.load(at + half);
      v128.store(at, v128.add<T>(a, b));
      v128.store(at + half, v128.sub<T>(a, b));
    }
  }
}

/** The rounds of a transform over whole vectors of `bytes` bytes together; those inside of vectors are done elsewhere. */
function transform<T>(values: usize, bytes: usize): void {
  let half: usize = 16;
  for (; half << 3 <= bytes; half <<= 3) threeRounds<T>(values, values + bytes, half);
  if (half << 2 <= bytes) {
    twoRounds<T>(values, values + bytes, half);
    half <<= 2;
  }
  if (half < bytes) oneRound<T>(values, values + bytes, half);
}

/** The transform of the signs of a message, as 16-bit numbers: the table has the first three rounds. */
function transformSigns(codes: usize, values: usize, n: u32): void {
  const bytes = (<usize>n) << 1;
  for (let at = values; at < values + bytes; at += 16, codes++) {
    v128.store(at, v128.load(((<usize>load<u8>(codes)) << 4) + rotationTable));
  }
  transform<i16>(values, bytes);
}

function lowLanes(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
}

function highLanes(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
}

/**
 * The last two rounds, inside of vectors, two by two, and the signs of what comes out: 8 values a byte, in the order that the table knows.
 * @returns the sum of magnitudes
 */
function writeSigns(values: usize, n: u32, codes: usize): f32 {
  let magnitudes = f32x4.splat(0);
  for (const end = values + (n << 2); values < end; values += 64, codes += 2) {
    const a = v128.load(values);
    const b = v128.load(values, 16);
    const lowA = lowLanes(a, b);
    const highA = highLanes(a, b);
    const sumA = f32x4.add(lowA, highA);
    const differenceA = f32x4.sub(lowA, highA);
    const evenA = lowLanes(sumA, differenceA);
    const oddA = highLanes(sumA, differenceA);
    const firstA = f32x4.add(evenA, oddA);
    const secondA = f32x4.sub(evenA, oddA);
    const c = v128.load(values, 32);
    const d = v128.load(values, 48);
    const lowB = lowLanes(c, d);
    const highB = highLanes(c, d);
    const sumB = f32x4.add(lowB, highB);
    const differenceB = f32x4.sub(lowB, highB);
    const evenB = lowLanes(sumB, differenceB);
    const oddB = highLanes(sumB, differenceB);
    const firstB = f32x4.add(evenB, oddB);
    const secondB = f32x4.sub(evenB, oddB);
    store<u16>(codes, <u16>maskOf(firstA, secondA, firstB, secondB));
    const some = f32x4.add(f32x4.abs(firstA), f32x4.abs(secondA));
    magnitudes = f32x4.add(magnitudes, f32x4.add(some, f32x4.add(f32x4.abs(firstB), f32x4.abs(secondB))));
  }
  return sumOf(magnitudes);
}

/** A block's length: the group's, or for the last values the next power of two from 16. */
function blockOf(left: u32, group: u32): u32 {
  if (left >= group) return group;
  let block: u32 = 16;
  while (block < left) block <<= 1;
  return block;
}

/**
 * @param kept and rest: see halves.ts
 * @param group values a block, a power of two from 16 to 2^14: a transform of its signs fits 16-bit numbers
 * @param scratch room for two blocks
 * @param out for each block a float32 scale, |x|² / |Rx|₁, and the signs of the coordinates of Rx
 */
export function driveEncode(
  values: usize,
  kept: usize,
  rest: usize,
  n: u32,
  group: u32,
  seed: u32,
  scratch: usize,
  out: usize,
): void {
  const step: usize = kept === 0 ? 0 : 64;
  const signs = scratch + (group << 2);
  drawSigns(signs, min(group, (n + 15) & ~15), seed);
  for (let done: u32 = 0; done < n; done += group) {
    const count = min(group, n - done);
    const block = blockOf(count, group);
    const whole = (count & ~15) << 2;
    let squares = f32x4.splat(0);
    let at: usize = 0;
    for (; at < whole; at += 64, values += 64, kept += step) {
      const a = joined(values, kept);
      const b = joined(values + 16, kept + 16);
      const c = joined(values + 32, kept + 32);
      const d = joined(values + 48, kept + 48);
      v128.store(rest + at, a);
      v128.store(rest + at, b, 16);
      v128.store(rest + at, c, 32);
      v128.store(rest + at, d, 48);
      v128.store(scratch + at, v128.xor(a, v128.load(signs + at)));
      v128.store(scratch + at, v128.xor(b, v128.load(signs + at, 16)), 16);
      v128.store(scratch + at, v128.xor(c, v128.load(signs + at, 32)), 32);
      v128.store(scratch + at, v128.xor(d, v128.load(signs + at, 48)), 48);
      const low = f32x4.add(f32x4.mul(a, a), f32x4.mul(b, b));
      squares = f32x4.add(squares, f32x4.add(low, f32x4.add(f32x4.mul(c, c), f32x4.mul(d, d))));
    }
    let square = sumOf(squares);
    for (; at < count << 2; at += 4, values += 4, kept += 4) {
      const value = f32.load(values) + f32.load(kept);
      f32.store(rest + at, value);
      square += value * value;
      i32.store(scratch + at, reinterpret<i32>(value) ^ i32.load(signs + at));
    }
    memory.fill(scratch + at, 0, ((<usize>block) << 2) - at);
    transform<f32>(scratch, (<usize>block) << 2);
    const magnitude = writeSigns(scratch, block, out + 4);
    const size: f32 = square < Infinity ? (magnitude > 0 ? square / magnitude : 0) : <f32>NaN;
    f32.store(out, size);
    transformSigns(out + 4, scratch, block);
    const sizes = f32x4.splat(-size);
    addBlock(rest, scratch, signs, count, sizes, i32x4.splat(-1));
    out += 4 + (block >> 3);
    if (step !== 0) rest += group << 2;
  }
}

/** Adds 16-bit numbers times a size and signs, to what is kept of the values there. */
function addBlock(into: usize, from: usize, signs: usize, count: u32, size: v128, keep: v128): void {
  const whole = into + ((count & ~7) << 2);
  for (; into < whole; into += 32, from += 16, signs += 32) {
    const words = v128.load(from);
    const low = f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(words)), size);
    const high = f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(words)), size);
    const first = v128.xor(low, v128.load(signs));
    const second = v128.xor(high, v128.load(signs, 16));
    v128.store(into, f32x4.add(v128.and(v128.load(into), keep), first));
    v128.store(into, f32x4.add(v128.and(v128.load(into, 16), keep), second), 16);
  }
  for (let rest = count & 7; rest > 0; rest--, into += 4, from += 2, signs += 4) {
    const value = v128.xor(f32x4.mul(f32x4.splat(<f32>load<i16>(from)), size), i32x4.splat(i32.load(signs)));
    const before = v128.and(f32x4.splat(f32.load(into)), keep);
    f32.store(into, f32x4.extract_lane(f32x4.add(before, value), 0));
  }
}

/** Adds to `into` where `adding`, else overwrites. */
export function driveDecode(
  message: usize,
  n: u32,
  group: u32,
  seed: u32,
  scratch: usize,
  into: usize,
  adding: bool,
): void {
  const keep = i32x4.splat(adding ? -1 : 0);
  const signs = scratch + (group << 2);
  drawSigns(signs, min(group, (n + 15) & ~15), seed);
  for (let done: u32 = 0; done < n; done += group, into += group << 2) {
    const count = min(group, n - done);
    const block = blockOf(count, group);
    transformSigns(message + 4, scratch, block);
    addBlock(into, scratch, signs, count, f32x4.splat(f32.load(message)), keep);
    message += 4 + (block >> 3);
  }
}
