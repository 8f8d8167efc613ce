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

/** into = share · into + (1 − share) · from, over n float32 values. */
export function mix(into: usize, from: usize, n: u32, share: f32): void {
  const shares = f32x4.splat(share);
  const rest = f32x4.splat(1 - share);
  const whole = into + ((n & ~3) << 2);
  const end = into + (n << 2);
  for (; into < whole; into += 16, from += 16) {
    const kept = f32x4.mul(v128.load(into), shares);
    v128.store(into, f32x4.add(kept, f32x4.mul(v128.load(from), rest)));
  }
  for (; into < end; into += 4, from += 4) {
    f32.store(into, f32.load(into) * share + f32.load(from) * (1 - share));
  }
}

/** Where values are a new moving average and `average` is the one before: they change places, and values become what must have come in. */
export function unmix(values: usize, average: usize, n: u32, share: f32): void {
  const shares = f32x4.splat(share);
  const factor: f32 = 1 / (1 - share);
  const factors = f32x4.splat(factor);
  const whole = values + ((n & ~3) << 2);
  const end = values + (n << 2);
  for (; values < whole; values += 16, average += 16) {
    const value = v128.load(values);
    const came = f32x4.sub(value, f32x4.mul(v128.load(average), shares));
    v128.store(average, value);
    v128.store(values, f32x4.mul(came, factors));
  }
  for (; values < end; values += 4, average += 4) {
    const value = f32.load(values);
    const came = value - f32.load(average) * share;
    f32.store(average, value);
    f32.store(values, came * factor);
  }
}
