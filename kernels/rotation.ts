// DRIVE: one bit a value after a random rotation, which spreads a vector evenly over its coordinates.
import { lanesOf, maskOf, sumOf } from './masks';
import { nextRandom, startRandom } from './random';

/** Values times ±1 at random; twice with the same seed changes nothing. n is a multiple of 16. */
function flip(values: usize, n: u32, seed: u32): void {
  const sign = i32x4.splat(0x80000000);
  let random = startRandom(seed);
  for (const end = values + (n << 2); values < end; values += 16) {
    random = nextRandom(random);
    v128.store(values, v128.xor(v128.load(values), v128.and(random, sign)));
  }
}

/** The Walsh-Hadamard transform, unscaled, in place; n is a power of two from 16. */
function transform(values: usize, n: u32): void {
  const end = values + (n << 2);
  for (let at = values; at < end; at += 16) {
    const x = v128.load(at);
    const a = i8x16.shuffle(x, x, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
    const first = f32x4.add(a, v128.xor(x, i32x4(0, 0x80000000, 0, 0x80000000)));
    const b = i8x16.shuffle(first, first, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
    v128.store(at, f32x4.add(b, v128.xor(first, i32x4(0, 0, 0x80000000, 0x80000000))));
  }
  let half: usize = 16;
  // Two rounds at a time: four values are read and written once for both.
  for (; half << 2 <= (<usize>n) << 2; half <<= 2) {
    for (let block = values; block < end; block += half << 2) {
      for (let at = block; at < block + half; at += 16) {
        const a = v128.load(at);
        const b = v128.load(at + half);
        const c = v128.load(at + 2 * half);
        const d = v128.load(at + 3 * half);
        const ab = f32x4.add(a, b);
        const cd = f32x4.add(c, d);
        const a_b = f32x4.sub(a, b);
        const c_d = f32x4.sub(c, d);
        v128.store(at, f32x4.add(ab, cd));
        v128.store(at + half, f32x4.add(a_b, c_d));
        v128.store(at + 2 * half, f32x4.sub(ab, cd));
        v128.store(at + 3 * half, f32x4.sub(a_b, c_d));
      }
    }
  }
  for (; half < (<usize>n) << 2; half <<= 1) {
    for (let block = values; block < end; block += half << 1) {
      for (let at = block; at < block + half; at += 16) {
        const a = v128.load(at);
        const b = v128.load(at + half);
        v128.store(at, f32x4.add(a, b));
        v128.store(at + half, f32x4.sub(a, b));
      }
    }
  }
}

/** A block's length: the group's, or for the last values the next power of two from 16. */
function blockOf(left: u32, group: u32): u32 {
  if (left >= group) return group;
  let block: u32 = 16;
  while (block < left) block <<= 1;
  return block;
}

/**
 * @param group values a block, a power of two from 16
 * @param scratch room for a block
 * @param out for each block a float32 scale, |x|² / |Rx|₁, and a bit a coordinate of Rx, whether it is at least 0
 * @returns bytes written
 */
export function driveEncode(values: usize, n: u32, group: u32, seed: u32, scratch: usize, out: usize): u32 {
  const zero = f32x4.splat(0);
  const start = out;
  for (let done: u32 = 0; done < n; done += group, seed += 0x9e3779b9) {
    const count = min(group, n - done);
    const block = blockOf(count, group);
    memory.copy(scratch, values + (done << 2), count << 2);
    memory.fill(scratch + (count << 2), 0, (block - count) << 2);
    flip(scratch, block, seed);
    let squares = zero;
    const end = scratch + (block << 2);
    for (let at = scratch; at < end; at += 16)
      squares = f32x4.add(squares, f32x4.mul(v128.load(at), v128.load(at)));
    transform(scratch, block);
    let magnitudes = zero;
    let word = out + 4;
    for (let at = scratch; at < end; at += 64, word += 2) {
      const a = v128.load(at);
      const b = v128.load(at, 16);
      const c = v128.load(at, 32);
      const d = v128.load(at, 48);
      const low = f32x4.add(f32x4.abs(a), f32x4.abs(b));
      magnitudes = f32x4.add(magnitudes, f32x4.add(low, f32x4.add(f32x4.abs(c), f32x4.abs(d))));
      const mask = maskOf(f32x4.ge(a, zero), f32x4.ge(b, zero), f32x4.ge(c, zero), f32x4.ge(d, zero));
      store<u16>(word, <u16>mask);
    }
    const square = sumOf(squares);
    const magnitude = sumOf(magnitudes);
    // The transform is unscaled: R = transform / √block, and decoding has that factor too, so that √block cancels.
    f32.store(out, square < Infinity ? (magnitude > 0 ? square / magnitude : 0) : <f32>NaN);
    out = word;
  }
  return <u32>(out - start);
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
  const places = i32x4(1, 2, 4, 8);
  for (let done: u32 = 0; done < n; done += group, seed += 0x9e3779b9) {
    const count = min(group, n - done);
    const block = blockOf(count, group);
    const size = f32.load(message);
    const up = f32x4.splat(size);
    const down = f32x4.splat(-size);
    message += 4;
    for (let at = scratch; at < scratch + (block << 2); message += 2) {
      let word = i32x4.splat(load<u16>(message));
      for (let quarter = 0; quarter < 4; quarter++, at += 16, word = i32x4.shr_u(word, 4)) {
        v128.store(at, v128.bitselect(up, down, lanesOf(word, places)));
      }
    }
    transform(scratch, block);
    flip(scratch, block, seed);
    const place = into + (done << 2);
    const keep = i32x4.splat(adding ? -1 : 0);
    const whole = (count & ~3) << 2;
    for (let at: usize = 0; at < whole; at += 16) {
      v128.store(place + at, f32x4.add(v128.and(v128.load(place + at), keep), v128.load(scratch + at)));
    }
    for (let at: usize = whole; at < count << 2; at += 4) {
      const value = f32.load(scratch + at);
      f32.store(place + at, adding ? f32.load(place + at) + value : value);
    }
  }
}
