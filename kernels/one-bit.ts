// One bit a value: its sign, and for each group the mean of the values with and of those without it (Seide et al. 2014, with groups in
// place of columns).
import { joined, maskOf, signsOf, sumOf } from './masks';
import { bitsTable } from './tables';

/** Adds up values, and values without their signs. */
function magnitudesOf(a: v128, b: v128, c: v128, d: v128): v128 {
  return f32x4.add(f32x4.add(f32x4.abs(a), f32x4.abs(b)), f32x4.add(f32x4.abs(c), f32x4.abs(d)));
}

/** `up` where a value's sign bit is 0, else `up` with the bits of `change` turned, which is the other mean. */
function decoded(value: v128, up: v128, change: v128): v128 {
  return v128.xor(up, v128.and(i32x4.shr_s(value, 31), change));
}

/**
 * @param kept and rest: see halves.ts
 * @param group values a group, a multiple of 16
 * @param out for each group the mean of the values without and with the sign; then the signs, 16 values a 16-bit word
 */
export function oneBitEncode(values: usize, kept: usize, rest: usize, n: u32, group: u32, out: usize): void {
  const groups = (n + group - 1) / group;
  const step: usize = kept === 0 ? 0 : 64;
  let word = out + (groups << 3);
  for (let g: u32 = 0; g < groups; g++) {
    const count = min(group, n - g * group);
    const whole = rest + ((count & ~15) << 2);
    const end = rest + (count << 2);
    let sums = f32x4.splat(0);
    let magnitudes = f32x4.splat(0);
    let below: u32 = 0;
    let at = rest;
    for (; at < whole; at += 64, values += 64, kept += step, word += 2) {
      const a = joined(values, kept);
      const b = joined(values + 16, kept + 16);
      const c = joined(values + 32, kept + 32);
      const d = joined(values + 48, kept + 48);
      v128.store(at, a);
      v128.store(at, b, 16);
      v128.store(at, c, 32);
      v128.store(at, d, 48);
      sums = f32x4.add(sums, f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
      magnitudes = f32x4.add(magnitudes, magnitudesOf(a, b, c, d));
      const mask = maskOf(a, b, c, d);
      store<u16>(word, <u16>mask);
      below += <u32>popcnt(mask);
    }
    let total = sumOf(sums);
    let size = sumOf(magnitudes);
    if (at < end) {
      let mask: u32 = 0;
      for (let place = 0; at < end; at += 4, values += 4, kept += 4, place++) {
        const value = f32.load(values) + f32.load(kept);
        f32.store(at, value);
        total += value;
        size += abs(value);
        mask |= (reinterpret<u32>(value) >> 31) << place;
      }
      store<u16>(word, <u16>mask);
      word += 2;
      below += <u32>popcnt(mask);
    }
    // Sums of positive and of negative values from those of all and of magnitudes.
    const up: f32 = below < count ? ((size + total) * 0.5) / <f32>(count - below) : total * 0;
    const down: f32 = below > 0 ? ((total - size) * 0.5) / <f32>below : total * 0;
    f32.store(out + (g << 3), up);
    f32.store(out + (g << 3), down, 4);
    const ups = f32x4.splat(up);
    const change = v128.xor(ups, f32x4.splat(down));
    for (at = rest; at < whole; at += 64) {
      const a = v128.load(at);
      const b = v128.load(at, 16);
      const c = v128.load(at, 32);
      const d = v128.load(at, 48);
      v128.store(at, f32x4.sub(a, decoded(a, ups, change)));
      v128.store(at, f32x4.sub(b, decoded(b, ups, change)), 16);
      v128.store(at, f32x4.sub(c, decoded(c, ups, change)), 32);
      v128.store(at, f32x4.sub(d, decoded(d, ups, change)), 48);
    }
    for (; at < end; at += 4) {
      const value = f32.load(at);
      f32.store(at, value - (reinterpret<i32>(value) < 0 ? down : up));
    }
    if (step !== 0) rest = end;
  }
}

/**
 * One of two numbers for each bit.
 * @param bits 16 a 16-bit word, n in all
 * @returns where the words end
 */
export function bitsDecode(bits: usize, n: u32, up: f32, down: f32, into: usize, adding: bool): usize {
  const keep = i32x4.splat(adding ? -1 : 0);
  const ups = f32x4.splat(up);
  const change = v128.xor(ups, f32x4.splat(down));
  const whole = into + ((n & ~15) << 2);
  const end = into + (n << 2);
  for (; into < whole; bits += 2, into += 64) {
    const low = ((<usize>load<u8>(bits)) << 5) + bitsTable;
    const a = v128.xor(ups, v128.and(v128.load(low), change));
    const b = v128.xor(ups, v128.and(v128.load(low, 16), change));
    const high = ((<usize>load<u8>(bits, 1)) << 5) + bitsTable;
    const c = v128.xor(ups, v128.and(v128.load(high), change));
    const d = v128.xor(ups, v128.and(v128.load(high, 16), change));
    v128.store(into, f32x4.add(v128.and(v128.load(into), keep), a));
    v128.store(into, f32x4.add(v128.and(v128.load(into, 16), keep), b), 16);
    v128.store(into, f32x4.add(v128.and(v128.load(into, 32), keep), c), 32);
    v128.store(into, f32x4.add(v128.and(v128.load(into, 48), keep), d), 48);
  }
  if (into < end) {
    for (let word = <u32>load<u16>(bits); into < end; into += 4, word >>= 1) {
      const value = (word & 1) !== 0 ? down : up;
      f32.store(into, adding ? f32.load(into) + value : value);
    }
    bits += 2;
  }
  return bits;
}

/** Adds to `into` where `adding`, else overwrites. */
export function oneBitDecode(message: usize, n: u32, group: u32, into: usize, adding: bool): void {
  const groups = (n + group - 1) / group;
  let bits = message + (groups << 3);
  for (let g: u32 = 0; g < groups; g++, message += 8, into += group << 2) {
    const count = min(group, n - g * group);
    bits = bitsDecode(bits, count, f32.load(message), f32.load(message, 4), into, adding);
  }
}

/**
 * A group as a float32 magnitude, and signs.
 * @param kept and rest: see halves.ts
 * @param group values a group, a multiple of 16
 * @param scaled whether the magnitude is the mean of the group's magnitudes; else it is 1
 * @param out magnitudes of all groups, then the signs, 16 values a 16-bit word
 */
export function signEncode(
  values: usize,
  kept: usize,
  rest: usize,
  n: u32,
  group: u32,
  scaled: bool,
  out: usize,
): void {
  const groups = (n + group - 1) / group;
  const step: usize = kept === 0 ? 0 : 64;
  let word = out + (groups << 2);
  for (let g: u32 = 0; g < groups; g++) {
    const count = min(group, n - g * group);
    const whole = rest + ((count & ~15) << 2);
    const end = rest + (count << 2);
    let magnitudes = f32x4.splat(0);
    let at = rest;
    for (; at < whole; at += 64, values += 64, kept += step, word += 2) {
      const a = joined(values, kept);
      const b = joined(values + 16, kept + 16);
      const c = joined(values + 32, kept + 32);
      const d = joined(values + 48, kept + 48);
      v128.store(at, a);
      v128.store(at, b, 16);
      v128.store(at, c, 32);
      v128.store(at, d, 48);
      magnitudes = f32x4.add(magnitudes, magnitudesOf(a, b, c, d));
      store<u16>(word, <u16>maskOf(a, b, c, d));
    }
    let total = sumOf(magnitudes);
    if (at < end) {
      let mask: u32 = 0;
      for (let place = 0; at < end; at += 4, values += 4, kept += 4, place++) {
        const value = f32.load(values) + f32.load(kept);
        f32.store(at, value);
        total += abs(value);
        mask |= (reinterpret<u32>(value) >> 31) << place;
      }
      store<u16>(word, <u16>mask);
      word += 2;
    }
    const mean = total / <f32>count;
    // A group that is not finite is decoded as NaN, whatever its magnitude would be; one of zeros as zeros.
    const size: f32 = mean < Infinity ? (scaled || mean === 0 ? mean : 1) : <f32>NaN;
    f32.store(out + (g << 2), size);
    const sizes = f32x4.splat(size);
    for (at = rest; at < whole; at += 32) {
      const a = v128.load(at);
      const b = v128.load(at, 16);
      v128.store(at, f32x4.sub(a, v128.or(sizes, signsOf(a))));
      v128.store(at, f32x4.sub(b, v128.or(sizes, signsOf(b))), 16);
    }
    for (; at < end; at += 4) {
      const value = f32.load(at);
      f32.store(at, value - (reinterpret<i32>(value) < 0 ? -size : size));
    }
    if (step !== 0) rest = end;
  }
}

/** Adds to `into` where `adding`, else overwrites. */
export function signDecode(message: usize, n: u32, group: u32, into: usize, adding: bool): void {
  const groups = (n + group - 1) / group;
  let bits = message + (groups << 2);
  for (let g: u32 = 0; g < groups; g++, message += 4, into += group << 2) {
    const size = f32.load(message);
    bits = bitsDecode(bits, min(group, n - g * group), size, -size, into, adding);
  }
}
