// The few values that matter: from which magnitude on they are few, and which ones they are. NaN is above all.

function below4(x: v128, limit: v128): v128 {
  return f32x4.lt(f32x4.abs(x), limit);
}

/** How many values are not below the threshold in magnitude. */
function countAbove(values: usize, n: u32, threshold: f32): u32 {
  const limit = f32x4.splat(threshold);
  const whole = values + ((n & ~15) << 2);
  const end = values + (n << 2);
  // Comparisons are −1 where they hold.
  let below = i32x4.splat(0);
  for (; values < whole; values += 64) {
    const a = i32x4.add(below4(v128.load(values), limit), below4(v128.load(values, 16), limit));
    const b = i32x4.add(below4(v128.load(values, 32), limit), below4(v128.load(values, 48), limit));
    below = i32x4.add(below, i32x4.add(a, b));
  }
  let count = n & ~15;
  count += i32x4.extract_lane(below, 0) + i32x4.extract_lane(below, 1);
  count += i32x4.extract_lane(below, 2) + i32x4.extract_lane(below, 3);
  for (; values < end; values += 4) if (!(abs(f32.load(values)) < threshold)) count++;
  return count;
}

/**
 * A magnitude that `rank` to `most` of the values are not below, or where some are equal the largest that at least `rank` are not below; 0
 * where there are fewer values.
 */
export function rankedAt(values: usize, n: u32, rank: u32, most: u32): f32 {
  // The patterns of numbers from 0 on are in their order: the largest is found bit by bit.
  let bits: u32 = 0;
  for (let bit: u32 = 1 << 30; bit > 0; bit >>= 1) {
    const tried = bits | bit;
    if (tried >= 0x7f800000) continue;
    const count = countAbove(values, n, reinterpret<f32>(tried));
    if (count < rank) continue;
    bits = tried;
    if (count <= most) break;
  }
  return reinterpret<f32>(bits);
}

/**
 * Writes values · s + velocity · m + kept at every so many places.
 * @param velocity and kept: 0 for none
 * @returns how many
 */
export function sampleAt(
  values: usize,
  velocity: usize,
  kept: usize,
  n: u32,
  stride: u32,
  m: f32,
  s: f32,
  out: usize,
): u32 {
  let count: u32 = 0;
  for (let index: u32 = 0; index < n; index += stride, count++) {
    const at = (<usize>index) << 2;
    let value = f32.load(values + at) * s;
    if (velocity !== 0) value += f32.load(velocity + at) * m;
    if (kept !== 0) value += f32.load(kept + at);
    f32.store(out + ((<usize>count) << 2), value);
  }
  return count;
}

/** Where places are collected, and how many there are so far; it may become more than there is room for. */
let place: usize = 0;
let room: u32 = 0;
let found: u32 = 0;

function collectInto(indices: usize, most: u32): void {
  place = indices;
  room = most;
  found = 0;
}

function collect(index: u32): void {
  if (found < room) i32.store(place + ((<usize>found) << 2), index);
  found++;
}

/** Collects the places of sixteen values that are not below. */
function collectAbove(a: v128, b: v128, c: v128, d: v128, index: u32): void {
  const low = i16x8.narrow_i32x4_s(a, b);
  const high = i16x8.narrow_i32x4_s(c, d);
  let mask = ~(<u32>i8x16.bitmask(i8x16.narrow_i16x8_s(low, high))) & 0xffff;
  for (; mask !== 0; mask &= mask - 1) collect(index + ctz(mask));
}

/**
 * Finds the places of values that are not below the threshold in magnitude.
 * @param indices room for `most`: the first ones are written
 * @returns how many there are
 */
export function selectAbove(values: usize, n: u32, threshold: f32, most: u32, indices: usize): u32 {
  const limit = f32x4.splat(threshold);
  const whole = n & ~15;
  collectInto(indices, most);
  for (let index: u32 = 0; index < whole; index += 16, values += 64) {
    const a = below4(v128.load(values), limit);
    const b = below4(v128.load(values, 16), limit);
    const c = below4(v128.load(values, 32), limit);
    const d = below4(v128.load(values, 48), limit);
    if (i32x4.bitmask(v128.and(v128.and(a, b), v128.and(c, d))) !== 15) collectAbove(a, b, c, d, index);
  }
  for (let index = whole; index < n; index++, values += 4)
    if (!(abs(f32.load(values)) < threshold)) collect(index);
  return found;
}

/** kept += values, and `selectAbove` of kept, in one pass. */
export function addAndSelect(
  values: usize,
  kept: usize,
  n: u32,
  threshold: f32,
  most: u32,
  indices: usize,
): u32 {
  const limit = f32x4.splat(threshold);
  const whole = n & ~15;
  collectInto(indices, most);
  for (let index: u32 = 0; index < whole; index += 16, values += 64, kept += 64) {
    const first = f32x4.add(v128.load(values), v128.load(kept));
    const second = f32x4.add(v128.load(values, 16), v128.load(kept, 16));
    const third = f32x4.add(v128.load(values, 32), v128.load(kept, 32));
    const fourth = f32x4.add(v128.load(values, 48), v128.load(kept, 48));
    v128.store(kept, first);
    v128.store(kept, second, 16);
    v128.store(kept, third, 32);
    v128.store(kept, fourth, 48);
    const a = below4(first, limit);
    const b = below4(second, limit);
    const c = below4(third, limit);
    const d = below4(fourth, limit);
    if (i32x4.bitmask(v128.and(v128.and(a, b), v128.and(c, d))) !== 15) collectAbove(a, b, c, d, index);
  }
  for (let index = whole; index < n; index++, values += 4, kept += 4) {
    const value = f32.load(values) + f32.load(kept);
    f32.store(kept, value);
    if (!(abs(value) < threshold)) collect(index);
  }
  return found;
}

/** velocity = m · velocity + s · values; returns what is kept of it and of before. */
function moved(values: usize, velocity: usize, kept: usize, m: v128, s: v128): v128 {
  const speed = f32x4.add(f32x4.mul(v128.load(velocity), m), f32x4.mul(v128.load(values), s));
  v128.store(velocity, speed);
  const sum = f32x4.add(v128.load(kept), speed);
  v128.store(kept, sum);
  return sum;
}

/** DGC's momentum correction, velocity = m · velocity + s · values, kept += velocity, and `selectAbove` of kept, in one pass. */
export function moveAndSelect(
  values: usize,
  velocity: usize,
  kept: usize,
  n: u32,
  m: f32,
  s: f32,
  threshold: f32,
  most: u32,
  indices: usize,
): u32 {
  const limit = f32x4.splat(threshold);
  const ms = f32x4.splat(m);
  const ss = f32x4.splat(s);
  const whole = n & ~15;
  collectInto(indices, most);
  for (let index: u32 = 0; index < whole; index += 16, values += 64, velocity += 64, kept += 64) {
    const a = below4(moved(values, velocity, kept, ms, ss), limit);
    const b = below4(moved(values + 16, velocity + 16, kept + 16, ms, ss), limit);
    const c = below4(moved(values + 32, velocity + 32, kept + 32, ms, ss), limit);
    const d = below4(moved(values + 48, velocity + 48, kept + 48, ms, ss), limit);
    if (i32x4.bitmask(v128.and(v128.and(a, b), v128.and(c, d))) !== 15) collectAbove(a, b, c, d, index);
  }
  for (let index = whole; index < n; index++, values += 4, velocity += 4, kept += 4) {
    const speed = f32.load(velocity) * m + f32.load(values) * s;
    const sum = f32.load(kept) + speed;
    f32.store(velocity, speed);
    f32.store(kept, sum);
    if (!(abs(sum) < threshold)) collect(index);
  }
  return found;
}

/**
 * Keeps of chosen values and their places those that are not below the threshold, the first `most` of them.
 * @returns how many
 */
export function keepAbove(chosen: usize, indices: usize, count: u32, threshold: f32, most: u32): u32 {
  let kept: u32 = 0;
  for (let at: u32 = 0; at < count && kept < most; at++) {
    const value = f32.load(chosen + ((<usize>at) << 2));
    if (abs(value) < threshold) continue;
    f32.store(chosen + ((<usize>kept) << 2), value);
    i32.store(indices + ((<usize>kept) << 2), load<u32>(indices + ((<usize>at) << 2)));
    kept++;
  }
  return kept;
}
