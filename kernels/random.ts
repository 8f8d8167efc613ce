// Random numbers for rounding: xorshift32 (Marsaglia 2003) in each lane of a few vectors, from seeds that a hash has spread out.

/** A start for each lane, never 0; `stream` tells vectors of one message apart. */
export function startRandom(seed: u32, stream: u32): v128 {
  let x = i32x4.add(
    i32x4.splat(seed + stream * 0x632be5ab),
    i32x4(0x9e3779b9, 0x3c6ef372, 0xdaa66d2b, 0x78dde6e4),
  );
  x = v128.xor(x, i32x4.shr_u(x, 16));
  x = i32x4.mul(x, i32x4.splat(0x7feb352d));
  x = v128.xor(x, i32x4.shr_u(x, 15));
  x = i32x4.mul(x, i32x4.splat(0x846ca68b));
  x = v128.xor(x, i32x4.shr_u(x, 16));
  return v128.or(x, i32x4.splat(1));
}

export function nextRandom(x: v128): v128 {
  x = v128.xor(x, i32x4.shl(x, 13));
  x = v128.xor(x, i32x4.shr_u(x, 17));
  return v128.xor(x, i32x4.shl(x, 5));
}

/** Whole numbers from 0 to below 2^24. */
export function random24(x: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.shr_u(x, 8));
}
