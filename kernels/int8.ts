// Groups of values as a float32 scale (largest magnitude / 127) and a signed byte a value, rounded to nearest.
import { joined, larger, largestOf } from './masks';

/** In a sum with it the hardware rounds to whole numbers, which then are its last bits. */
const anchor: f32 = 12582912;

/** What values lack after rounding, from their sums with the anchor. */
function lacking(x: v128, sum: v128, size: v128): v128 {
  return f32x4.sub(x, f32x4.mul(f32x4.sub(sum, f32x4.splat(anchor)), size));
}

function wholeOf(sum: v128): v128 {
  return i32x4.sub(sum, f32x4.splat(anchor));
}

/**
 * @param kept and rest: see halves.ts
 * @param group values a group, a multiple of 16
 * @param out scales of all groups, then the bytes
 */
export function int8Encode(values: usize, kept: usize, rest: usize, n: u32, group: u32, out: usize): void {
  const groups = (n + group - 1) / group;
  const step: usize = kept === 0 ? 0 : 64;
  let bytes = out + (groups << 2);
  for (let g: u32 = 0; g < groups; g++) {
    const count = min(group, n - g * group);
    const whole = rest + ((count & ~15) << 2);
    const end = rest + (count << 2);
    let largest = i32x4.splat(0);
    let at = rest;
    for (; at < whole; at += 64, values += 64, kept += step) {
      const a = joined(values, kept);
      const b = joined(values + 16, kept + 16);
      const c = joined(values + 32, kept + 32);
      const d = joined(values + 48, kept + 48);
      v128.store(at, a);
      v128.store(at, b, 16);
      v128.store(at, c, 32);
      v128.store(at, d, 48);
      largest = larger(larger(larger(larger(largest, a), b), c), d);
    }
    for (; at < end; at += 4, values += 4, kept += 4) {
      const value = f32.load(values) + f32.load(kept);
      f32.store(at, value);
      largest = larger(largest, f32x4.splat(value));
    }
    // A group that is not finite is decoded as NaN; one of zeros or of the smallest numbers as zeros.
    const size = largestOf(largest) / 127;
    f32.store(out + (g << 2), size);
    const inverse: f32 = size > 1e-37 ? 1 / size : 0;
    const factors = f32x4.splat(inverse);
    const sizes = f32x4.splat(size);
    const anchors = f32x4.splat(anchor);
    for (at = rest; at < whole; at += 64, bytes += 16) {
      const a = v128.load(at);
      const b = v128.load(at, 16);
      const sumA = f32x4.add(f32x4.mul(a, factors), anchors);
      const sumB = f32x4.add(f32x4.mul(b, factors), anchors);
      const low = i16x8.narrow_i32x4_s(wholeOf(sumA), wholeOf(sumB));
      v128.store(at, lacking(a, sumA, sizes));
      v128.store(at, lacking(b, sumB, sizes), 16);
      const c = v128.load(at, 32);
      const d = v128.load(at, 48);
      const sumC = f32x4.add(f32x4.mul(c, factors), anchors);
      const sumD = f32x4.add(f32x4.mul(d, factors), anchors);
      const high = i16x8.narrow_i32x4_s(wholeOf(sumC), wholeOf(sumD));
      v128.store(at, lacking(c, sumC, sizes), 32);
      v128.store(at, lacking(d, sumD, sizes), 48);
      v128.store(bytes, i8x16.narrow_i16x8_s(low, high));
    }
    for (; at < end; at += 4, bytes++) {
      const value = f32.load(at);
      const code = nearest(value * inverse);
      store<i8>(bytes, <i8>code);
      f32.store(at, value - code * size);
    }
    if (step !== 0) rest = end;
  }
}

/** Adds to `into` where `adding`, else overwrites. */
export function int8Decode(message: usize, n: u32, group: u32, into: usize, adding: bool): void {
  const keep = i32x4.splat(adding ? -1 : 0);
  const groups = (n + group - 1) / group;
  let bytes = message + (groups << 2);
  for (let g: u32 = 0; g < groups; g++) {
    const count = min(group, n - g * group);
    const size = f32.load(message + (g << 2));
    const factor = f32x4.splat(size);
    const whole = into + ((count & ~7) << 2);
    const end = into + (count << 2);
    for (; into < whole; into += 32, bytes += 8) {
      const words = v128.load_ext<i8>(bytes);
      const low = f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(words)), factor);
      const high = f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(words)), factor);
      v128.store(into, f32x4.add(v128.and(v128.load(into), keep), low));
      v128.store(into, f32x4.add(v128.and(v128.load(into, 16), keep), high), 16);
    }
    for (; into < end; into += 4, bytes++) {
      const value = <f32>load<i8>(bytes) * size;
      f32.store(into, adding ? f32.load(into) + value : value);
    }
  }
}
