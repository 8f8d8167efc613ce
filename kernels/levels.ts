// Rounding at random to a few levels, so that the mean is right: QSGD and natural compression.
import { allFinite, joined, signsOf, sumOf } from './masks';
import { nextRandom, startRandom } from './random';

/** In a sum with it the hardware rounds to whole numbers, which then are its last bits. */
const anchor: f32 = 12582912;

/** Sums of a level from 0 to 7 and the anchor: |value| · factor rounded to one of its neighbours, by a random number of ±1/2. */
function levelSums(value: v128, factor: v128, random: v128): v128 {
  const shift = f32x4.mul(f32x4.convert_i32x4_s(random), f32x4.splat(2.3283064365386963e-10));
  const level = f32x4.add(f32x4.mul(f32x4.abs(value), factor), shift);
  // Half of the step above 7 is never due: a value is not above its group's norm.
  return i32x4.min_s(f32x4.add(level, f32x4.splat(anchor)), f32x4.splat(anchor + 7));
}

/** Codes: the sign at bit 3, and the level. */
function codesOf(value: v128, sum: v128): v128 {
  const sign = v128.and(i32x4.shr_u(value, 28), i32x4.splat(8));
  return v128.or(v128.and(sum, i32x4.splat(7)), sign);
}

/** What values lack, from their levels' sums. */
function lacking(value: v128, sum: v128, size: v128): v128 {
  const magnitude = f32x4.mul(f32x4.sub(sum, f32x4.splat(anchor)), size);
  return f32x4.sub(value, v128.or(magnitude, signsOf(value)));
}

/**
 * QSGD with 7 levels: a group's norm, and for each value its sign and 7 |value| / norm rounded at random, in four bits.
 * @param kept and rest: see halves.ts
 * @param group values a group, a multiple of 16
 * @param out norms of all groups, then the codes, two a byte, 16 values together
 */
export function qsgdEncode(
  values: usize,
  kept: usize,
  rest: usize,
  n: u32,
  group: u32,
  seed: u32,
  out: usize,
): void {
  const groups = (n + group - 1) / group;
  const step: usize = kept === 0 ? 0 : 64;
  let r0 = startRandom(seed, 0);
  let r1 = startRandom(seed, 1);
  let r2 = startRandom(seed, 2);
  let r3 = startRandom(seed, 3);
  let codes = out + (groups << 2);
  for (let g: u32 = 0; g < groups; g++) {
    const count = min(group, n - g * group);
    const whole = rest + ((count & ~15) << 2);
    const end = rest + (count << 2);
    let squares = f32x4.splat(0);
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
      const low = f32x4.add(f32x4.mul(a, a), f32x4.mul(b, b));
      squares = f32x4.add(squares, f32x4.add(low, f32x4.add(f32x4.mul(c, c), f32x4.mul(d, d))));
    }
    let square = sumOf(squares);
    for (; at < end; at += 4, values += 4, kept += 4) {
      const value = f32.load(values) + f32.load(kept);
      f32.store(at, value);
      square += value * value;
    }
    const norm = square < Infinity ? sqrt(square) : <f32>NaN;
    f32.store(out + (g << 2), norm);
    const factor = f32x4.splat(norm > 1e-36 ? 7 / norm : 0);
    const size = f32x4.splat(norm / 7);
    for (at = rest; at < whole; at += 64, codes += 8) {
      r0 = nextRandom(r0);
      r1 = nextRandom(r1);
      r2 = nextRandom(r2);
      r3 = nextRandom(r3);
      const a = v128.load(at);
      const b = v128.load(at, 16);
      const sumA = levelSums(a, factor, r0);
      const sumB = levelSums(b, factor, r1);
      const low = i16x8.narrow_i32x4_u(codesOf(a, sumA), codesOf(b, sumB));
      v128.store(at, lacking(a, sumA, size));
      v128.store(at, lacking(b, sumB, size), 16);
      const c = v128.load(at, 32);
      const d = v128.load(at, 48);
      const sumC = levelSums(c, factor, r2);
      const sumD = levelSums(d, factor, r3);
      const high = i16x8.narrow_i32x4_u(codesOf(c, sumC), codesOf(d, sumD));
      v128.store(at, lacking(c, sumC, size), 32);
      v128.store(at, lacking(d, sumD, size), 48);
      // Value i with value i + 8 in a byte.
      const pairs = v128.or(low, i16x8.shl(high, 4));
      v128.store64_lane(codes, i8x16.narrow_i16x8_u(pairs, pairs), 0);
    }
    for (; at < end; at += 4, codes++) {
      r0 = nextRandom(r0);
      const value = f32x4.splat(f32.load(at));
      const sum = levelSums(value, factor, r0);
      store<u8>(codes, <u8>i32x4.extract_lane(codesOf(value, sum), 0));
      f32.store(at, f32x4.extract_lane(lacking(value, sum, size), 0));
    }
    if (step !== 0) rest = end;
  }
}

function levelsOf(codes: v128, size: v128): v128 {
  const magnitude = f32x4.mul(f32x4.convert_i32x4_s(v128.and(codes, i32x4.splat(7))), size);
  return v128.or(magnitude, i32x4.shl(v128.and(codes, i32x4.splat(8)), 28));
}

/** Adds to `into` where `adding`, else overwrites. */
export function qsgdDecode(message: usize, n: u32, group: u32, into: usize, adding: bool): void {
  const keep = i32x4.splat(adding ? -1 : 0);
  const groups = (n + group - 1) / group;
  let codes = message + (groups << 2);
  for (let g: u32 = 0; g < groups; g++) {
    const count = min(group, n - g * group);
    const size = f32x4.splat(f32.load(message + (g << 2)) / 7);
    const whole = into + ((count & ~15) << 2);
    const end = into + (count << 2);
    for (; into < whole; codes += 8) {
      let pairs = i16x8.extend_low_i8x16_u(v128.load64_zero(codes));
      for (let half = 0; half < 2; half++, into += 32, pairs = i16x8.shr_u(pairs, 4)) {
        const low = levelsOf(i32x4.extend_low_i16x8_u(pairs), size);
        const high = levelsOf(i32x4.extend_high_i16x8_u(pairs), size);
        v128.store(into, f32x4.add(v128.and(v128.load(into), keep), low));
        v128.store(into, f32x4.add(v128.and(v128.load(into, 16), keep), high), 16);
      }
    }
    for (; into < end; into += 4, codes++) {
      const value = f32x4.extract_lane(levelsOf(i32x4.splat(load<u8>(codes)), size), 0);
      f32.store(into, adding ? f32.load(into) + value : value);
    }
  }
}

/** The exponent field that code 1 stands for: 2^-109. */
const firstExponent: i32 = 18;

/** The exponent fields of one of the two powers of two around finite values, in their places; 0 where it is too small. */
function powersOf(value: v128, random: v128): v128 {
  const magnitude = v128.and(value, i32x4.splat(0x7fffffff));
  // A carry out of the mantissa, which comes with the probability that the mean needs, raises the exponent.
  const rounded = i32x4.add(magnitude, i32x4.shr_u(random, 9));
  const power = v128.and(rounded, i32x4.splat(0x7f800000));
  const limited = i32x4.min_s(power, i32x4.splat((firstExponent + 125) << 23));
  return v128.and(limited, i32x4.gt_s(limited, i32x4.splat((firstExponent << 23) - 1)));
}

/** The sign at bit 7; 0 for zero, 1 to 126 for powers of two. */
function naturalCodes(value: v128, power: v128): v128 {
  const code = i32x4.sub(i32x4.shr_u(power, 23), i32x4.splat(firstExponent - 1));
  const sign = v128.and(i32x4.shr_u(value, 24), i32x4.splat(0x80));
  return v128.or(sign, i32x4.max_s(code, i32x4.splat(0)));
}

/** Any values one by one; 127 is the code of what is not finite. */
function naturalSome(values: usize, kept: usize, rest: usize, n: u32, random: v128, out: usize): void {
  for (const end = values + (n << 2); values < end; values += 4, kept += 4, rest += 4, out++) {
    random = nextRandom(random);
    const value = f32.load(values) + f32.load(kept);
    const all = f32x4.splat(value);
    const power = powersOf(all, random);
    const finite = abs(value) < Infinity;
    store<u8>(out, finite ? <u8>i32x4.extract_lane(naturalCodes(all, power), 0) : 127);
    const sent: f32 = finite ? copysign(f32x4.extract_lane(power, 0), value) : <f32>NaN;
    f32.store(rest, value - sent);
  }
}

function naturalLacking(value: v128, power: v128): v128 {
  return f32x4.sub(value, v128.or(power, signsOf(value)));
}

/**
 * Natural compression (Horváth et al. 2019): a byte a value, its sign and one of the two powers of two around it.
 * @param kept and rest: see halves.ts
 */
export function naturalEncode(values: usize, kept: usize, rest: usize, n: u32, seed: u32, out: usize): void {
  const step: usize = kept === 0 ? 0 : 64;
  const whole = values + ((n & ~15) << 2);
  let r0 = startRandom(seed, 0);
  let r1 = startRandom(seed, 1);
  let r2 = startRandom(seed, 2);
  let r3 = startRandom(seed, 3);
  for (; values < whole; values += 64, kept += step, rest += step, out += 16) {
    r0 = nextRandom(r0);
    r1 = nextRandom(r1);
    r2 = nextRandom(r2);
    r3 = nextRandom(r3);
    const a = joined(values, kept);
    const b = joined(values + 16, kept + 16);
    const c = joined(values + 32, kept + 32);
    const d = joined(values + 48, kept + 48);
    if (!allFinite(a, b, c, d)) {
      naturalSome(values, kept, rest, 16, r0, out);
      continue;
    }
    const powerA = powersOf(a, r0);
    const powerB = powersOf(b, r1);
    const low = i16x8.narrow_i32x4_u(naturalCodes(a, powerA), naturalCodes(b, powerB));
    v128.store(rest, naturalLacking(a, powerA));
    v128.store(rest, naturalLacking(b, powerB), 16);
    const powerC = powersOf(c, r2);
    const powerD = powersOf(d, r3);
    const high = i16x8.narrow_i32x4_u(naturalCodes(c, powerC), naturalCodes(d, powerD));
    v128.store(rest, naturalLacking(c, powerC), 32);
    v128.store(rest, naturalLacking(d, powerD), 48);
    v128.store(out, i8x16.narrow_i16x8_u(low, high));
  }
  naturalSome(values, kept, rest, n & 15, r0, out);
}

function numbersOf(codes: v128): v128 {
  const code = v128.and(codes, i32x4.splat(127));
  const power = i32x4.shl(i32x4.add(code, i32x4.splat(firstExponent - 1)), 23);
  const special = i32x4.eq(code, i32x4.splat(127));
  const some = i32x4.gt_s(code, i32x4.splat(0));
  // All ones are NaN.
  const number = v128.or(v128.and(power, some), special);
  return v128.or(number, i32x4.shl(v128.and(codes, i32x4.splat(0x80)), 24));
}

/** Adds to `into` where `adding`, else overwrites. */
export function naturalDecode(message: usize, n: u32, into: usize, adding: bool): void {
  const keep = i32x4.splat(adding ? -1 : 0);
  const whole = into + ((n & ~7) << 2);
  const end = into + (n << 2);
  for (; into < whole; into += 32, message += 8) {
    const words = v128.load_ext<u8>(message);
    const low = numbersOf(i32x4.extend_low_i16x8_u(words));
    const high = numbersOf(i32x4.extend_high_i16x8_u(words));
    v128.store(into, f32x4.add(v128.and(v128.load(into), keep), low));
    v128.store(into, f32x4.add(v128.and(v128.load(into, 16), keep), high), 16);
  }
  for (; into < end; into += 4, message++) {
    const value = f32x4.extract_lane(numbersOf(i32x4.splat(load<u8>(message))), 0);
    f32.store(into, adding ? f32.load(into) + value : value);
  }
}
