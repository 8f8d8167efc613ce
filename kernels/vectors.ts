/** into += from, over n float32 values. */
export function add(into: usize, from: usize, n: u32): void {
  const whole = into + ((n & ~3) << 2);
  const end = into + (n << 2);
  for (; into < whole; into += 16, from += 16) {
    v128.store(into, f32x4.add(v128.load(into), v128.load(from)));
  }
  for (; into < end; into += 4, from += 4) f32.store(into, f32.load(into) + f32.load(from));
}

/** into −= what, over n float32 values. */
export function subtract(into: usize, what: usize, n: u32): void {
  const whole = into + ((n & ~3) << 2);
  const end = into + (n << 2);
  for (; into < whole; into += 16, what += 16) {
    v128.store(into, f32x4.sub(v128.load(into), v128.load(what)));
  }
  for (; into < end; into += 4, what += 4) f32.store(into, f32.load(into) - f32.load(what));
}

/** into *= factor, over n float32 values. */
export function scale(into: usize, n: u32, factor: f32): void {
  const factors = f32x4.splat(factor);
  const whole = into + ((n & ~3) << 2);
  const end = into + (n << 2);
  for (; into < whole; into += 16) v128.store(into, f32x4.mul(v128.load(into), factors));
  for (; into < end; into += 4) f32.store(into, f32.load(into) * factor);
}

/** into += from, and from = 0, over n float32 values. */
export function moveOver(into: usize, from: usize, n: u32): void {
  const whole = into + ((n & ~3) << 2);
  const end = into + (n << 2);
  for (; into < whole; into += 16, from += 16) {
    v128.store(into, f32x4.add(v128.load(into), v128.load(from)));
    v128.store(from, f32x4.splat(0));
  }
  for (; into < end; into += 4, from += 4) {
    f32.store(into, f32.load(into) + f32.load(from));
    f32.store(from, 0);
  }
}
