// Rounding at random to a few levels, so that the mean is right: QSGD and natural compression.
import { sumOf } from './masks';
import { nextRandom, startRandom, uniform } from './random';

/** Codes of four values: the sign at bit 3, and the level from 0 to 7. */
function codesOf(value: v128, factor: v128, random: v128): v128 {
  const level = i32x4.trunc_sat_f32x4_s(f32x4.add(f32x4.mul(f32x4.abs(value), factor), uniform(random)));
  const sign = v128.and(i32x4.shr_u(value, 28), i32x4.splat(8));
  return v128.or(i32x4.min_s(level, i32x4.splat(7)), sign);
}

/**
 * QSGD with 7 levels: a group's norm, and for each value its sign and floor(7 |value| / norm + uniform), in four bits.
 * @param group values a group, a multiple of 16
 * @param out norms of all groups, then the codes, two a byte, 16 values together
 */
export function qsgdEncode(values: usize, n: u32, group: u32, seed: u32, out: usize): void {
  const groups = (n + group - 1) / group;
  let random = startRandom(seed);
  let codes = out + (groups << 2);
  for (let g: u32 = 0; g < groups; g++) {
    const count = min(group, n - g * group);
    const whole = values + ((count & ~15) << 2);
    const end = values + (count << 2);
    let squares = f32x4.splat(0);
    let at = values;
    for (; at < whole; at += 32) {
      const a = v128.load(at);
      const b = v128.load(at, 16);
      squares = f32x4.add(squares, f32x4.add(f32x4.mul(a, a), f32x4.mul(b, b)));
    }
    let square = sumOf(squares);
    for (; at < end; at += 4) square += f32.load(at) * f32.load(at);
    const norm = square < Infinity ? sqrt(square) : <f32>NaN;
    f32.store(out + (g << 2), norm);
    const scale: f32 = norm > 1e-36 ? 7 / norm : 0;
    const factor = f32x4.splat(scale);
    for (at = values; at < whole; at += 64, codes += 8) {
      const r1 = nextRandom(random);
      const r2 = nextRandom(r1);
      const r3 = nextRandom(r2);
      random = nextRandom(r3);
      const low = i16x8.narrow_i32x4_u(
        codesOf(v128.load(at), factor, r1),
        codesOf(v128.load(at, 16), factor, r2),
      );
      const high = i16x8.narrow_i32x4_u(
        codesOf(v128.load(at, 32), factor, r3),
        codesOf(v128.load(at, 48), factor, random),
      );
      // Value i with value i + 8 in a byte.
      const pairs = v128.or(low, i16x8.shl(high, 4));
      v128.store64_lane(codes, i8x16.narrow_i16x8_u(pairs, pairs), 0);
    }
    for (; at < end; at += 4, codes++) {
      random = nextRandom(random);
      store<u8>(codes, <u8>i32x4.extract_lane(codesOf(f32x4.splat(f32.load(at)), factor, random), 0));
    }
    values = end;
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

/** Codes of four values: the sign at bit 7; 0 for zero, 1 to 126 for powers of two, 127 for what is not finite. */
function powersOf(value: v128, random: v128): v128 {
  const magnitude = v128.and(value, i32x4.splat(0x7fffffff));
  const finite = i32x4.lt_s(magnitude, i32x4.splat(0x7f800000));
  // A carry out of the mantissa, which comes with the probability that the mean needs, raises the exponent.
  const rounded = i32x4.shr_u(i32x4.add(magnitude, i32x4.shr_u(random, 9)), 23);
  const code = i32x4.sub(rounded, i32x4.splat(firstExponent - 1));
  const limited = i32x4.min_s(i32x4.max_s(code, i32x4.splat(0)), i32x4.splat(126));
  const sign = v128.and(i32x4.shr_u(value, 24), i32x4.splat(0x80));
  return v128.or(sign, v128.bitselect(limited, i32x4.splat(127), finite));
}

/** Natural compression (Horváth et al. 2019): a byte a value, its sign and one of the two powers of two around it. */
export function naturalEncode(values: usize, n: u32, seed: u32, out: usize): void {
  const whole = values + ((n & ~15) << 2);
  const end = values + (n << 2);
  let random = startRandom(seed);
  for (; values < whole; values += 64, out += 16) {
    const r1 = nextRandom(random);
    const r2 = nextRandom(r1);
    const r3 = nextRandom(r2);
    random = nextRandom(r3);
    const low = i16x8.narrow_i32x4_u(powersOf(v128.load(values), r1), powersOf(v128.load(values, 16), r2));
    const high = i16x8.narrow_i32x4_u(
      powersOf(v128.load(values, 32), r3),
      powersOf(v128.load(values, 48), random),
    );
    v128.store(out, i8x16.narrow_i16x8_u(low, high));
  }
  for (; values < end; values += 4, out++) {
    random = nextRandom(random);
    store<u8>(out, <u8>i32x4.extract_lane(powersOf(f32x4.splat(f32.load(values)), random), 0));
  }
}

function numbersOf(codes: v128): v128 {
  const code = v128.and(codes, i32x4.splat(127));
  const power = i32x4.shl(i32x4.add(code, i32x4.splat(firstExponent - 1)), 23);
  const special = i32x4.eq(code, i32x4.splat(127));
  const number = v128.bitselect(i32x4.splat(0x7fc00000), power, special);
  const some = i32x4.gt_s(code, i32x4.splat(0));
  return v128.or(v128.and(number, some), i32x4.shl(v128.and(codes, i32x4.splat(0x80)), 24));
}

/** Adds to `into` where `adding`, else overwrites. */
export function naturalDecode(message: usize, n: u32, into: usize, adding: bool): void {
  const keep = i32x4.splat(adding ? -1 : 0);
  const whole = into + ((n & ~3) << 2);
  const end = into + (n << 2);
  for (; into < whole; into += 16, message += 4) {
    const codes = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(message)));
    v128.store(into, f32x4.add(v128.and(v128.load(into), keep), numbersOf(codes)));
  }
  for (; into < end; into += 4, message++) {
    const value = f32x4.extract_lane(numbersOf(i32x4.splat(load<u8>(message))), 0);
    f32.store(into, adding ? f32.load(into) + value : value);
  }
}
