// Half precision, rounded to nearest even. float16: finite values beyond 65504 become ±65504; infinities and NaN stay.
// Here and in all kernels that encode: `kept` is what joins the values, n of them, or 0 for none; `rest` is where what the message lacks of
// the sum is left. It is `kept` again, or where nothing is kept a scratch of so many values as are coded together: 16, or a group.
import { allFinite, joined, signsOf } from './masks';

/** Magnitudes of finite values, at most 65504. */
function limited(x: v128): v128 {
  return i32x4.min_s(v128.and(x, i32x4.splat(0x7fffffff)), i32x4.splat(0x477fe000));
}

/** 2^13 times the power of two of a magnitude, from 2^-14 on: in a sum with it the hardware rounds at float16's last place. */
function anchorOf(magnitude: v128): v128 {
  const power = i32x4.max_s(v128.and(magnitude, i32x4.splat(0x7f800000)), i32x4.splat(0x38800000));
  return i32x4.add(power, i32x4.splat(13 << 23));
}

/** The pattern without its sign from a sum of magnitude and anchor: its exponent, and its last bits. */
function patternOf(sum: v128): v128 {
  const exponent = i32x4.sub(i32x4.shr_u(sum, 13), i32x4.splat(126 << 10));
  return i32x4.add(v128.and(sum, i32x4.splat(0xfff)), exponent);
}

/** Eight patterns of sixteen bits: magnitudes of sums with anchors, and signs of values. */
function patternsOf(sumA: v128, sumB: v128, a: v128, b: v128): v128 {
  const signs = v128.and(i16x8.narrow_i32x4_s(a, b), i32x4.splat(0x80008000));
  return v128.or(i16x8.narrow_i32x4_u(patternOf(sumA), patternOf(sumB)), signs);
}

/** What values lack after rounding. */
function lacking(x: v128, sum: v128, anchor: v128): v128 {
  return f32x4.sub(x, v128.or(f32x4.sub(sum, anchor), signsOf(x)));
}

/** Four 16-bit patterns in the low halves of the lanes as float32. */
function fromHalf(half: v128): v128 {
  const sign = i32x4.shl(v128.and(half, i32x4.splat(0x8000)), 16);
  const shifted = i32x4.shl(v128.and(half, i32x4.splat(0x7fff)), 13);
  // 2^112 puts the exponent right, for subnormal numbers too.
  const value = f32x4.mul(shifted, i32x4.splat(0x77800000));
  const special = i32x4.ge_s(shifted, i32x4.splat(0x7c00 << 13));
  const infinite = v128.or(shifted, i32x4.splat(0x7f800000));
  return v128.or(sign, v128.bitselect(infinite, value, special));
}

/** Any values one by one. */
function fp16Some(values: usize, kept: usize, rest: usize, n: u32, out: usize): void {
  for (const end = values + (n << 2); values < end; values += 4, kept += 4, rest += 4, out += 2) {
    const value = f32.load(values) + f32.load(kept);
    const x = f32x4.splat(value);
    const sum = f32x4.add(limited(x), anchorOf(limited(x)));
    const sign = (reinterpret<u32>(value) >> 16) & 0x8000;
    let half = sign | (<u32>i32x4.extract_lane(patternOf(sum), 0));
    if (!(abs(value) < Infinity)) half = sign | (value !== value ? 0x7e00 : 0x7c00);
    store<u16>(out, <u16>half);
    f32.store(rest, value - f32x4.extract_lane(fromHalf(i32x4.splat(half)), 0));
  }
}

/** n float32 values to n 16-bit patterns. */
export function fp16Encode(values: usize, kept: usize, rest: usize, n: u32, out: usize): void {
  const step: usize = kept === 0 ? 0 : 64;
  const whole = values + ((n & ~15) << 2);
  for (; values < whole; values += 64, kept += step, rest += step, out += 32) {
    const a = joined(values, kept);
    const b = joined(values + 16, kept + 16);
    const c = joined(values + 32, kept + 32);
    const d = joined(values + 48, kept + 48);
    if (!allFinite(a, b, c, d)) {
      fp16Some(values, kept, rest, 16, out);
      continue;
    }
    const anchorA = anchorOf(limited(a));
    const anchorB = anchorOf(limited(b));
    const sumA = f32x4.add(limited(a), anchorA);
    const sumB = f32x4.add(limited(b), anchorB);
    v128.store(out, patternsOf(sumA, sumB, a, b));
    v128.store(rest, lacking(a, sumA, anchorA));
    v128.store(rest, lacking(b, sumB, anchorB), 16);
    const anchorC = anchorOf(limited(c));
    const anchorD = anchorOf(limited(d));
    const sumC = f32x4.add(limited(c), anchorC);
    const sumD = f32x4.add(limited(d), anchorD);
    v128.store(out, patternsOf(sumC, sumD, c, d), 16);
    v128.store(rest, lacking(c, sumC, anchorC), 32);
    v128.store(rest, lacking(d, sumD, anchorD), 48);
  }
  fp16Some(values, kept, rest, n & 15, out);
}

/** Adds to `into` where `adding`, else overwrites. */
export function fp16Decode(message: usize, n: u32, into: usize, adding: bool): void {
  const keep = i32x4.splat(adding ? -1 : 0);
  const whole = into + ((n & ~7) << 2);
  for (; into < whole; into += 32, message += 16) {
    const low = fromHalf(v128.load_ext<u16>(message));
    const high = fromHalf(v128.load_ext<u16>(message, 8));
    v128.store(into, f32x4.add(v128.and(v128.load(into), keep), low));
    v128.store(into, f32x4.add(v128.and(v128.load(into, 16), keep), high), 16);
  }
  for (let rest = n & 7; rest > 0; rest--, into += 4, message += 2) {
    const value = f32x4.extract_lane(fromHalf(i32x4.splat(load<u16>(message))), 0);
    f32.store(into, adding ? f32.load(into) + value : value);
  }
}

/** Numbers rounded to their upper halves, with something in the lower ones. */
function toUpper(x: v128): v128 {
  const odd = v128.and(i32x4.shr_u(x, 16), i32x4.splat(1));
  return i32x4.add(i32x4.add(x, i32x4.splat(0x7fff)), odd);
}

function upperOf(x: v128): v128 {
  return v128.and(x, i32x4.splat(0xffff0000));
}

/** Any values one by one. */
function bf16Some(values: usize, kept: usize, rest: usize, n: u32, out: usize): void {
  for (const end = values + (n << 2); values < end; values += 4, kept += 4, rest += 4, out += 2) {
    const value = f32.load(values) + f32.load(kept);
    const bits = reinterpret<u32>(value);
    const upper = value === value ? (bits + 0x7fff + ((bits >> 16) & 1)) >> 16 : (bits >> 16) | 0x40;
    store<u16>(out, <u16>upper);
    f32.store(rest, value - reinterpret<f32>(upper << 16));
  }
}

/** n float32 values to n 16-bit patterns: their upper halves, rounded. */
export function bf16Encode(values: usize, kept: usize, rest: usize, n: u32, out: usize): void {
  const step: usize = kept === 0 ? 0 : 64;
  const whole = values + ((n & ~15) << 2);
  for (; values < whole; values += 64, kept += step, rest += step, out += 32) {
    const a = joined(values, kept);
    const b = joined(values + 16, kept + 16);
    const c = joined(values + 32, kept + 32);
    const d = joined(values + 48, kept + 48);
    if (!allFinite(a, b, c, d)) {
      bf16Some(values, kept, rest, 16, out);
      continue;
    }
    const upperA = toUpper(a);
    const upperB = toUpper(b);
    const upperC = toUpper(c);
    const upperD = toUpper(d);
    v128.store(out, i16x8.narrow_i32x4_u(i32x4.shr_u(upperA, 16), i32x4.shr_u(upperB, 16)));
    v128.store(out, i16x8.narrow_i32x4_u(i32x4.shr_u(upperC, 16), i32x4.shr_u(upperD, 16)), 16);
    v128.store(rest, f32x4.sub(a, upperOf(upperA)));
    v128.store(rest, f32x4.sub(b, upperOf(upperB)), 16);
    v128.store(rest, f32x4.sub(c, upperOf(upperC)), 32);
    v128.store(rest, f32x4.sub(d, upperOf(upperD)), 48);
  }
  bf16Some(values, kept, rest, n & 15, out);
}

/** Adds to `into` where `adding`, else overwrites. */
export function bf16Decode(message: usize, n: u32, into: usize, adding: bool): void {
  const keep = i32x4.splat(adding ? -1 : 0);
  const whole = into + ((n & ~7) << 2);
  for (; into < whole; into += 32, message += 16) {
    const low = i32x4.shl(v128.load_ext<u16>(message), 16);
    const high = i32x4.shl(v128.load_ext<u16>(message, 8), 16);
    v128.store(into, f32x4.add(v128.and(v128.load(into), keep), low));
    v128.store(into, f32x4.add(v128.and(v128.load(into, 16), keep), high), 16);
  }
  for (let rest = n & 7; rest > 0; rest--, into += 4, message += 2) {
    const value = reinterpret<f32>((<u32>load<u16>(message)) << 16);
    f32.store(into, adding ? f32.load(into) + value : value);
  }
}
