// Groups of values as a float32 scale (largest magnitude / 127) and a signed byte a value, rounded to nearest.

/**
 * @param group values a group, a multiple of 16
 * @param out scales of all groups, then the bytes
 */
export function int8Encode(values: usize, n: u32, group: u32, out: usize): void {
  const groups = (n + group - 1) / group;
  let bytes = out + (groups << 2);
  for (let g: u32 = 0; g < groups; g++) {
    const count = min(group, n - g * group);
    const whole = values + ((count & ~15) << 2);
    const end = values + (count << 2);
    let largest = f32x4.splat(0);
    let at = values;
    // pmax and max differ for NaN: max passes it on.
    for (; at < whole; at += 64) {
      const a = f32x4.max(f32x4.abs(v128.load(at)), f32x4.abs(v128.load(at, 16)));
      const b = f32x4.max(f32x4.abs(v128.load(at, 32)), f32x4.abs(v128.load(at, 48)));
      largest = f32x4.max(largest, f32x4.max(a, b));
    }
    let most = max(
      max(f32x4.extract_lane(largest, 0), f32x4.extract_lane(largest, 1)),
      max(f32x4.extract_lane(largest, 2), f32x4.extract_lane(largest, 3)),
    );
    for (; at < end; at += 4) most = max(most, abs(f32.load(at)));
    // A group that is not finite is decoded as NaN; one of zeros or of the smallest numbers as zeros.
    const size = most < Infinity ? most / 127 : <f32>NaN;
    f32.store(out + (g << 2), size);
    const inverse: f32 = size > 1e-37 ? 1 / size : 0;
    const factor = f32x4.splat(inverse);
    for (at = values; at < whole; at += 64, bytes += 16) {
      const a = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(at), factor)));
      const b = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(at, 16), factor)));
      const c = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(at, 32), factor)));
      const d = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(at, 48), factor)));
      v128.store(bytes, i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d)));
    }
    for (; at < end; at += 4, bytes++) store<i8>(bytes, <i8>nearest(f32.load(at) * inverse));
    values = end;
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
    const whole = into + ((count & ~3) << 2);
    const end = into + (count << 2);
    for (; into < whole; into += 16, bytes += 4) {
      const words = i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(v128.load32_zero(bytes)));
      const value = f32x4.mul(f32x4.convert_i32x4_s(words), factor);
      v128.store(into, f32x4.add(v128.and(v128.load(into), keep), value));
    }
    for (; into < end; into += 4, bytes++) {
      const value = <f32>load<i8>(bytes) * size;
      f32.store(into, adding ? f32.load(into) + value : value);
    }
  }
}
