// Sixteen comparisons as the bits of a word; what lanes come to together.

/** Bits 0 to 15: the signs of sixteen values, or comparisons. */
export function maskOf(a: v128, b: v128, c: v128, d: v128): u32 {
  // Narrowing cuts to the nearest that fits, which keeps the sign.
  return <u32>i8x16.bitmask(i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d)));
}

export function sumOf(x: v128): f32 {
  const low = f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1);
  return low + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3));
}

/** The larger magnitude of each lane, as integers: what is not finite is the largest of all. */
export function larger(most: v128, x: v128): v128 {
  return i32x4.max_s(most, v128.and(x, i32x4.splat(0x7fffffff)));
}

/** The largest lane of magnitudes as `larger` gives them; NaN where one is not finite. */
export function largestOf(x: v128): f32 {
  const low = max(i32x4.extract_lane(x, 0), i32x4.extract_lane(x, 1));
  const bits = max(low, max(i32x4.extract_lane(x, 2), i32x4.extract_lane(x, 3)));
  return bits < 0x7f800000 ? reinterpret<f32>(bits) : <f32>NaN;
}

/** The signs of lanes. */
export function signsOf(x: v128): v128 {
  return v128.and(x, i32x4.splat(0x80000000));
}

/** Whether sixteen values are finite; not always where their sum is not. */
export function allFinite(a: v128, b: v128, c: v128, d: v128): bool {
  const sum = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
  const nothing = f32x4.mul(sum, f32x4.splat(0));
  return i32x4.bitmask(f32x4.ne(nothing, nothing)) === 0;
}

/** Four values, and those that are kept of steps before. */
export function joined(values: usize, kept: usize): v128 {
  return f32x4.add(v128.load(values), v128.load(kept));
}
