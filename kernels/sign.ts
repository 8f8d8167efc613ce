import { lanesOf, maskOf, sumOf } from './masks';

/**
 * A group as a float32 magnitude and one bit a value, whether it is at least 0.
 * @param group values a group, a multiple of 16
 * @param scaled whether the magnitude is the mean of the group's magnitudes; else it is 1
 * @param out magnitudes of all groups, then the bits, 16 values a 16-bit word
 */
export function signEncode(values: usize, n: u32, group: u32, scaled: bool, out: usize): void {
  const groups = (n + group - 1) / group;
  const zero = f32x4.splat(0);
  let word = out + (groups << 2);
  for (let g: u32 = 0; g < groups; g++) {
    const count = min(group, n - g * group);
    const whole = values + ((count & ~15) << 2);
    const end = values + (count << 2);
    let magnitudes = zero;
    for (; values < whole; values += 64, word += 2) {
      const a = v128.load(values);
      const b = v128.load(values, 16);
      const c = v128.load(values, 32);
      const d = v128.load(values, 48);
      const low = f32x4.add(f32x4.abs(a), f32x4.abs(b));
      magnitudes = f32x4.add(magnitudes, f32x4.add(low, f32x4.add(f32x4.abs(c), f32x4.abs(d))));
      const mask = maskOf(f32x4.ge(a, zero), f32x4.ge(b, zero), f32x4.ge(c, zero), f32x4.ge(d, zero));
      store<u16>(word, <u16>mask);
    }
    let total = sumOf(magnitudes);
    if (values < end) {
      let mask: u32 = 0;
      for (let bit: u32 = 1; values < end; values += 4, bit <<= 1) {
        const value = f32.load(values);
        total += abs(value);
        if (value >= 0) mask |= bit;
      }
      store<u16>(word, <u16>mask);
      word += 2;
    }
    const mean = total / <f32>count;
    // A group that is not finite is decoded as NaN, whatever its magnitude would be; one of zeros as zeros.
    const size: f32 = scaled || mean === 0 ? mean : 1;
    f32.store(out + (g << 2), mean < Infinity ? size : <f32>NaN);
  }
}

/** Adds to `into` where `adding`, else overwrites. */
export function signDecode(message: usize, n: u32, group: u32, into: usize, adding: bool): void {
  const keep = i32x4.splat(adding ? -1 : 0);
  const groups = (n + group - 1) / group;
  const first = i32x4(1, 2, 4, 8);
  let bits = message + (groups << 2);
  for (let g: u32 = 0; g < groups; g++) {
    const count = min(group, n - g * group);
    const size = f32.load(message + (g << 2));
    const up = f32x4.splat(size);
    const down = f32x4.splat(-size);
    const whole = into + ((count & ~15) << 2);
    const end = into + (count << 2);
    for (; into < whole; bits += 2) {
      let word = i32x4.splat(load<u16>(bits));
      for (let quarter = 0; quarter < 4; quarter++, into += 16, word = i32x4.shr_u(word, 4)) {
        const value = v128.bitselect(up, down, lanesOf(word, first));
        v128.store(into, f32x4.add(v128.and(v128.load(into), keep), value));
      }
    }
    if (into < end) {
      for (let word = <u32>load<u16>(bits); into < end; into += 4, word >>= 1) {
        const value = (word & 1) !== 0 ? size : -size;
        f32.store(into, adding ? f32.load(into) + value : value);
      }
      bits += 2;
    }
  }
}
