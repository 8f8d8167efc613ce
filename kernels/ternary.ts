// Three values, −s, 0 and s: four of them a byte, whose lower bits say which are not 0 and whose upper bits are signs.
import { ternaryTable } from './tables';
import { joined, larger, largestOf, signsOf, sumOf } from './masks';
import { nextRandom, random24, startRandom } from './random';

/** Bytes of two times four values. */
function codesOf(someA: v128, a: v128, someB: v128, b: v128): u16 {
  return <u16>(
    i8x16.bitmask(i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(someA, a), i16x8.narrow_i32x4_s(someB, b)))
  );
}

/** What values lack where ±size is sent. */
function lacking(x: v128, some: v128, size: v128): v128 {
  return f32x4.sub(x, v128.and(some, v128.or(size, signsOf(x))));
}

/** A value's part of its byte. */
function codeOf(value: f32, some: bool, place: u32): u32 {
  return ((<u32>some) | ((reinterpret<u32>(value) >> 31) << 4)) << place;
}

function magnitudeOf(x: v128): v128 {
  return v128.and(x, i32x4.splat(0x7fffffff));
}

/**
 * MXNet's two bits: what reached the threshold is sent as the threshold, the rest is kept.
 * @param kept and rest: see halves.ts
 * @param out whether all was finite, as a float32 0 or NaN, then the bytes, of 16 values each time
 */
export function twoBitEncode(
  values: usize,
  kept: usize,
  rest: usize,
  n: u32,
  threshold: f32,
  out: usize,
): void {
  const step: usize = kept === 0 ? 0 : 64;
  const size = f32x4.splat(threshold);
  const whole = values + ((n & ~15) << 2);
  const end = values + (n << 2);
  let largest = i32x4.splat(0);
  let codes = out + 4;
  for (; values < whole; values += 64, kept += step, rest += step, codes += 4) {
    const a = joined(values, kept);
    const b = joined(values + 16, kept + 16);
    const magnitudeA = magnitudeOf(a);
    const someA = f32x4.ge(magnitudeA, size);
    const magnitudeB = magnitudeOf(b);
    const someB = f32x4.ge(magnitudeB, size);
    store<u16>(codes, codesOf(someA, a, someB, b));
    v128.store(rest, lacking(a, someA, size));
    v128.store(rest, lacking(b, someB, size), 16);
    const c = joined(values + 32, kept + 32);
    const d = joined(values + 48, kept + 48);
    const magnitudeC = magnitudeOf(c);
    const someC = f32x4.ge(magnitudeC, size);
    const magnitudeD = magnitudeOf(d);
    const someD = f32x4.ge(magnitudeD, size);
    store<u16>(codes, codesOf(someC, c, someD, d), 2);
    v128.store(rest, lacking(c, someC, size), 32);
    v128.store(rest, lacking(d, someD, size), 48);
    const low = i32x4.max_s(magnitudeA, magnitudeB);
    largest = i32x4.max_s(largest, i32x4.max_s(low, i32x4.max_s(magnitudeC, magnitudeD)));
  }
  if (values < end) {
    let word: u32 = 0;
    for (let place = 0; values < end; values += 4, kept += 4, rest += 4, place++) {
      const value = f32.load(values) + f32.load(kept);
      const some = abs(value) >= threshold;
      word |= codeOf(value, some, ((place >> 2) << 3) | (place & 3));
      largest = larger(largest, f32x4.splat(value));
      f32.store(rest, some ? value - copysign(threshold, value) : value);
    }
    i32.store(codes, word);
  }
  f32.store(out, largestOf(largest) * 0);
}

/** Whether ±size is drawn for values: with probability |value| / size, where the factor is 2^24 / size. */
function drawn(x: v128, factor: v128, random: v128): v128 {
  return f32x4.lt(random24(random), f32x4.mul(f32x4.abs(x), factor));
}

/**
 * TernGrad: a group's scale s is its largest magnitude, and each value is ±s with probability |value| / s, else 0.
 * @param kept and rest: see halves.ts
 * @param group values a group, a multiple of 16
 * @param clip values beyond so many standard deviations of the group (around 0) are cut to that; 0 to cut none
 * @param out scales of all groups, then the bytes, of 16 values each time
 */
export function ternEncode(
  values: usize,
  kept: usize,
  rest: usize,
  n: u32,
  group: u32,
  clip: f32,
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
    let largest = i32x4.splat(0);
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
      largest = larger(larger(larger(larger(largest, a), b), c), d);
      const low = f32x4.add(f32x4.mul(a, a), f32x4.mul(b, b));
      squares = f32x4.add(squares, f32x4.add(low, f32x4.add(f32x4.mul(c, c), f32x4.mul(d, d))));
    }
    let square = sumOf(squares);
    for (; at < end; at += 4, values += 4, kept += 4) {
      const value = f32.load(values) + f32.load(kept);
      f32.store(at, value);
      largest = larger(largest, f32x4.splat(value));
      square += value * value;
    }
    const most = largestOf(largest);
    const limit = clip * sqrt(square / <f32>count);
    const size = clip > 0 && limit < most ? limit : most;
    f32.store(out + (g << 2), size);
    const factor = f32x4.splat(size > 1e-30 ? 16777216 / size : 0);
    const sizes = f32x4.splat(size);
    for (at = rest; at < whole; at += 64, codes += 4) {
      r0 = nextRandom(r0);
      r1 = nextRandom(r1);
      r2 = nextRandom(r2);
      r3 = nextRandom(r3);
      const a = v128.load(at);
      const b = v128.load(at, 16);
      const someA = drawn(a, factor, r0);
      const someB = drawn(b, factor, r1);
      store<u16>(codes, codesOf(someA, a, someB, b));
      v128.store(at, lacking(a, someA, sizes));
      v128.store(at, lacking(b, someB, sizes), 16);
      const c = v128.load(at, 32);
      const d = v128.load(at, 48);
      const someC = drawn(c, factor, r2);
      const someD = drawn(d, factor, r3);
      store<u16>(codes, codesOf(someC, c, someD, d), 2);
      v128.store(at, lacking(c, someC, sizes), 32);
      v128.store(at, lacking(d, someD, sizes), 48);
    }
    if (at < end) {
      let word: u32 = 0;
      for (let place = 0; at < end; at += 4, place++) {
        r0 = nextRandom(r0);
        const value = f32.load(at);
        const some = i32x4.extract_lane(drawn(f32x4.splat(value), factor, r0), 0) !== 0;
        word |= codeOf(value, some, ((place >> 2) << 3) | (place & 3));
        f32.store(at, some ? value - copysign(size, value) : value);
      }
      i32.store(codes, word);
      codes += 4;
    }
    if (step !== 0) rest = end;
  }
}

/** The four values of a byte, in units of their size. */
function valuesOf(codes: usize): v128 {
  return v128.load(((<usize>load<u8>(codes)) << 4) + ternaryTable);
}

/**
 * Adds to `into` where `adding`, else overwrites.
 * @param size what a value that is not 0 means; NaN makes all values NaN
 * @returns where the bytes end
 */
function ternaryDecode(codes: usize, n: u32, size: f32, into: usize, adding: bool): usize {
  const keep = i32x4.splat(adding ? -1 : 0);
  const sizes = f32x4.splat(size);
  const whole = into + ((n & ~15) << 2);
  const end = into + (n << 2);
  for (; into < whole; into += 64, codes += 4) {
    const a = f32x4.mul(valuesOf(codes), sizes);
    const b = f32x4.mul(valuesOf(codes + 1), sizes);
    const c = f32x4.mul(valuesOf(codes + 2), sizes);
    const d = f32x4.mul(valuesOf(codes + 3), sizes);
    v128.store(into, f32x4.add(v128.and(v128.load(into), keep), a));
    v128.store(into, f32x4.add(v128.and(v128.load(into, 16), keep), b), 16);
    v128.store(into, f32x4.add(v128.and(v128.load(into, 32), keep), c), 32);
    v128.store(into, f32x4.add(v128.and(v128.load(into, 48), keep), d), 48);
  }
  if (into < end) {
    for (let place = 0; into < end; into += 4, place++) {
      const byte = <usize>load<u8>(codes + (place >> 2));
      const value = f32.load((byte << 4) + ((place & 3) << 2) + ternaryTable) * size;
      f32.store(into, adding ? f32.load(into) + value : value);
    }
    codes += 4;
  }
  return codes;
}

/** What ternEncode wrote. */
export function ternDecode(message: usize, n: u32, group: u32, into: usize, adding: bool): void {
  const groups = (n + group - 1) / group;
  let codes = message + (groups << 2);
  for (let g: u32 = 0; g < groups; g++, message += 4, into += group << 2) {
    codes = ternaryDecode(codes, min(group, n - g * group), f32.load(message), into, adding);
  }
}

/** What twoBitEncode wrote. */
export function twoBitDecode(message: usize, n: u32, threshold: f32, into: usize, adding: bool): void {
  ternaryDecode(message + 4, n, threshold + f32.load(message), into, adding);
}
