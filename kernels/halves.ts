// Half precision, rounded to nearest even. float16: finite values beyond 65504 become ±65504; infinities and NaN stay.

/** Four float32 as four 16-bit patterns in the low halves of the lanes. */
function toHalf(x: v128): v128 {
  const sign = v128.and(i32x4.shr_u(x, 16), i32x4.splat(0x8000));
  const magnitude = v128.and(x, i32x4.splat(0x7fffffff));
  const finite = i32x4.lt_s(magnitude, i32x4.splat(0x7f800000));
  // From 65520 on a value would round to infinity.
  const limited = v128.bitselect(i32x4.min_s(magnitude, i32x4.splat(0x477fefff)), magnitude, finite);
  // Normal numbers: rebias the exponent and round at bit 13.
  const odd = v128.and(i32x4.shr_u(limited, 13), i32x4.splat(1));
  const normal = i32x4.shr_u(i32x4.add(i32x4.add(limited, i32x4.splat(0xfff - (112 << 23))), odd), 13);
  // Below 2^-14: adding 0.5 lets the hardware round at the place of the last subnormal bit.
  const small = i32x4.sub(f32x4.add(limited, f32x4.splat(0.5)), i32x4.splat(0x3f000000));
  const isSmall = i32x4.lt_s(magnitude, i32x4.splat(0x38800000));
  const isNaN = i32x4.gt_s(magnitude, i32x4.splat(0x7f800000));
  const special = v128.or(i32x4.splat(0x7c00), v128.and(isNaN, i32x4.splat(0x200)));
  const rounded = v128.bitselect(small, normal, isSmall);
  return v128.or(sign, v128.bitselect(rounded, special, finite));
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

function toBf16(x: v128): v128 {
  const odd = v128.and(i32x4.shr_u(x, 16), i32x4.splat(1));
  const rounded = i32x4.shr_u(i32x4.add(x, i32x4.add(i32x4.splat(0x7fff), odd)), 16);
  const isNaN = i32x4.gt_s(v128.and(x, i32x4.splat(0x7fffffff)), i32x4.splat(0x7f800000));
  const quiet = v128.or(i32x4.shr_u(x, 16), i32x4.splat(0x40));
  return v128.bitselect(quiet, rounded, isNaN);
}

/** n float32 values to n 16-bit patterns. */
export function fp16Encode(values: usize, n: u32, out: usize): void {
  const whole = values + ((n & ~7) << 2);
  for (; values < whole; values += 32, out += 16) {
    v128.store(out, i16x8.narrow_i32x4_u(toHalf(v128.load(values)), toHalf(v128.load(values, 16))));
  }
  for (let rest = n & 7; rest > 0; rest--, values += 4, out += 2) {
    store<u16>(out, <u16>i32x4.extract_lane(toHalf(f32x4.splat(f32.load(values))), 0));
  }
}

/** Adds to `into` where `adding`, else overwrites. */
export function fp16Decode(message: usize, n: u32, into: usize, adding: bool): void {
  const keep = i32x4.splat(adding ? -1 : 0);
  const whole = into + ((n & ~3) << 2);
  for (; into < whole; into += 16, message += 8) {
    const value = fromHalf(v128.load_ext<u16>(message));
    v128.store(into, f32x4.add(v128.and(v128.load(into), keep), value));
  }
  for (let rest = n & 3; rest > 0; rest--, into += 4, message += 2) {
    const value = f32x4.extract_lane(fromHalf(i32x4.splat(load<u16>(message))), 0);
    f32.store(into, adding ? f32.load(into) + value : value);
  }
}

/** n float32 values to n 16-bit patterns: their upper halves, rounded. */
export function bf16Encode(values: usize, n: u32, out: usize): void {
  const whole = values + ((n & ~7) << 2);
  for (; values < whole; values += 32, out += 16) {
    v128.store(out, i16x8.narrow_i32x4_u(toBf16(v128.load(values)), toBf16(v128.load(values, 16))));
  }
  for (let rest = n & 7; rest > 0; rest--, values += 4, out += 2) {
    store<u16>(out, <u16>i32x4.extract_lane(toBf16(f32x4.splat(f32.load(values))), 0));
  }
}

/** Adds to `into` where `adding`, else overwrites. */
export function bf16Decode(message: usize, n: u32, into: usize, adding: bool): void {
  const keep = i32x4.splat(adding ? -1 : 0);
  const whole = into + ((n & ~3) << 2);
  for (; into < whole; into += 16, message += 8) {
    const value = i32x4.shl(v128.load_ext<u16>(message), 16);
    v128.store(into, f32x4.add(v128.and(v128.load(into), keep), value));
  }
  for (let rest = n & 3; rest > 0; rest--, into += 4, message += 2) {
    const value = reinterpret<f32>((<u32>load<u16>(message)) << 16);
    f32.store(into, adding ? f32.load(into) + value : value);
  }
}
