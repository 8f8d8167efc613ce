// Three values, −s, 0 and s: 16 of them a 32-bit word, whose lower half says which are s and whose upper half which are −s.
import { largestOf, lanesOf, maskOf } from './masks';
import { nextRandom, startRandom, uniform } from './random';

/**
 * MXNet's two bits: what reached the threshold is sent as the threshold, the rest is kept.
 * @param residual n values: what was left of earlier steps; holds what is left of this one afterwards
 * @param out whether all was finite, as a float32 0 or NaN, then the words
 */
export function twoBitEncode(values: usize, residual: usize, n: u32, threshold: f32, out: usize): void {
  const up = f32x4.splat(threshold);
  const down = f32x4.splat(-threshold);
  const whole = values + ((n & ~15) << 2);
  const end = values + (n << 2);
  // 0 times a value is 0, or NaN where it is not finite.
  let check = f32x4.splat(0);
  const zero = f32x4.splat(0);
  let word = out + 4;
  for (; values < whole; word += 4) {
    let positive: u32 = 0;
    let negative: u32 = 0;
    for (let shift = 0; shift < 16; shift += 4, values += 16, residual += 16) {
      const value = f32x4.add(v128.load(values), v128.load(residual));
      const above = f32x4.ge(value, up);
      const below = f32x4.le(value, down);
      check = f32x4.add(check, f32x4.mul(value, zero));
      positive |= (<u32>i32x4.bitmask(above)) << shift;
      negative |= (<u32>i32x4.bitmask(below)) << shift;
      const sent = v128.or(v128.and(above, up), v128.and(below, down));
      v128.store(residual, f32x4.sub(value, sent));
    }
    i32.store(word, positive | (negative << 16));
  }
  let finite = largestOf(check);
  if (values < end) {
    let bits: u32 = 0;
    for (let shift = 0; values < end; values += 4, residual += 4, shift++) {
      const value = f32.load(values) + f32.load(residual);
      finite += value * 0;
      const sent: f32 = value >= threshold ? threshold : value <= -threshold ? -threshold : 0;
      if (sent > 0) bits |= 1 << shift;
      if (sent < 0) bits |= 0x10000 << shift;
      f32.store(residual, value - sent);
    }
    i32.store(word, bits);
  }
  f32.store(out, finite);
}

/**
 * TernGrad: a group's scale s is its largest magnitude, and each value is ±s with probability |value| / s, else 0.
 * @param group values a group, a multiple of 16
 * @param clip values beyond so many standard deviations of the group (around 0) are cut to that; 0 to cut none
 * @param out scales of all groups, then the words
 */
export function ternEncode(values: usize, n: u32, group: u32, clip: f32, seed: u32, out: usize): void {
  const groups = (n + group - 1) / group;
  let random = startRandom(seed);
  let word = out + (groups << 2);
  for (let g: u32 = 0; g < groups; g++) {
    const count = min(group, n - g * group);
    const whole = values + ((count & ~3) << 2);
    const end = values + (count << 2);
    let largest = f32x4.splat(0);
    let squares = f32x4.splat(0);
    let at = values;
    for (; at < whole; at += 16) {
      const value = v128.load(at);
      largest = f32x4.max(largest, f32x4.abs(value));
      squares = f32x4.add(squares, f32x4.mul(value, value));
    }
    let most = largestOf(largest);
    let square = f32x4.extract_lane(squares, 0) + f32x4.extract_lane(squares, 1);
    square += f32x4.extract_lane(squares, 2) + f32x4.extract_lane(squares, 3);
    for (; at < end; at += 4) {
      most = max(most, abs(f32.load(at)));
      square += f32.load(at) * f32.load(at);
    }
    const limit = clip * sqrt(square / <f32>count);
    const size = most < Infinity ? (clip > 0 && limit < most ? limit : most) : <f32>NaN;
    f32.store(out + (g << 2), size);
    const factor = f32x4.splat(size > 1e-37 ? 1 / size : 0);
    const zero = f32x4.splat(0);
    let shift = 0;
    let bits: u32 = 0;
    for (at = values; at < end; at += 16) {
      const left = min<u32>(4, (<u32>(end - at)) >> 2);
      const value = left === 4 ? v128.load(at) : some(at, left);
      random = nextRandom(random);
      const chosen = f32x4.lt(uniform(random), f32x4.mul(f32x4.abs(value), factor));
      const mask = <u32>i32x4.bitmask(chosen);
      const below = <u32>i32x4.bitmask(f32x4.lt(value, zero));
      bits |= (mask & ~below) << shift;
      bits |= (mask & below) << (shift + 16);
      shift += 4;
      if (shift === 16) {
        i32.store(word, bits);
        word += 4;
        shift = 0;
        bits = 0;
      }
    }
    if (shift > 0) {
      i32.store(word, bits);
      word += 4;
    }
    values = end;
  }
}

/** The first values of a vector, and zeros. */
function some(at: usize, count: u32): v128 {
  let value = f32x4.splat(0);
  if (count > 0) value = f32x4.replace_lane(value, 0, f32.load(at));
  if (count > 1) value = f32x4.replace_lane(value, 1, f32.load(at, 4));
  if (count > 2) value = f32x4.replace_lane(value, 2, f32.load(at, 8));
  return value;
}

/**
 * Adds to `into` where `adding`, else overwrites.
 * @param size what a set bit means
 * @returns where the words end
 */
export function ternaryDecode(words: usize, n: u32, size: f32, into: usize, adding: bool): usize {
  const keep = i32x4.splat(adding ? -1 : 0);
  const up = f32x4.splat(size);
  const down = f32x4.splat(-size);
  // NaN stands for a group that was not finite: all of it is.
  const none = f32x4.mul(up, f32x4.splat(0));
  const places = i32x4(1, 2, 4, 8);
  const whole = into + ((n & ~15) << 2);
  const end = into + (n << 2);
  for (; into < whole; words += 4) {
    let positive = i32x4.splat(load<u16>(words));
    let negative = i32x4.splat(load<u16>(words, 2));
    for (let quarter = 0; quarter < 4; quarter++, into += 16) {
      const below = v128.bitselect(down, none, lanesOf(negative, places));
      const value = v128.bitselect(up, below, lanesOf(positive, places));
      v128.store(into, f32x4.add(v128.and(v128.load(into), keep), value));
      positive = i32x4.shr_u(positive, 4);
      negative = i32x4.shr_u(negative, 4);
    }
  }
  if (into < end) {
    for (let word = load<u32>(words); into < end; into += 4, word >>= 1) {
      const value: f32 = (word & 1) !== 0 ? size : (word & 0x10000) !== 0 ? -size : size * 0;
      f32.store(into, adding ? f32.load(into) + value : value);
    }
    words += 4;
  }
  return words;
}

/** What ternEncode wrote. */
export function ternDecode(message: usize, n: u32, group: u32, into: usize, adding: bool): void {
  const groups = (n + group - 1) / group;
  let words = message + (groups << 2);
  for (let g: u32 = 0; g < groups; g++, into += group << 2) {
    words = ternaryDecode(words, min(group, n - g * group), f32.load(message + (g << 2)), into, adding);
  }
}

/** What twoBitEncode wrote. */
export function twoBitDecode(message: usize, n: u32, threshold: f32, into: usize, adding: bool): void {
  ternaryDecode(message + 4, n, threshold + f32.load(message), into, adding);
}
