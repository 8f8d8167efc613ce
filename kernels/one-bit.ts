// One bit a value, with error feedback: whether it is at least 0, and for each group the mean of those that are and of those that
// are not (Seide et al. 2014, with groups in place of columns).
import { lanesOf, maskOf, sumOf } from './masks';

/**
 * @param residual n float32 values: what was left of earlier steps; holds what is left of this one afterwards
 * @param group values a group, a multiple of 16
 * @param out for each group the mean of the values from 0 and that of those below; then the bits, 16 values a 16-bit word
 */
export function oneBitEncode(values: usize, residual: usize, n: u32, group: u32, out: usize): void {
  const groups = (n + group - 1) / group;
  let bits = out + (groups << 3);
  const zero = f32x4.splat(0);
  for (let g: u32 = 0; g < groups; g++) {
    const count = min(group, n - g * group);
    const whole = residual + ((count & ~15) << 2);
    const end = residual + (count << 2);
    let sum = zero;
    let magnitude = zero;
    let above: u32 = 0;
    let at = residual;
    let word = bits;
    for (; at < whole; at += 64, values += 64, word += 2) {
      const a = f32x4.add(v128.load(values), v128.load(at));
      const b = f32x4.add(v128.load(values, 16), v128.load(at, 16));
      const c = f32x4.add(v128.load(values, 32), v128.load(at, 32));
      const d = f32x4.add(v128.load(values, 48), v128.load(at, 48));
      v128.store(at, a);
      v128.store(at, b, 16);
      v128.store(at, c, 32);
      v128.store(at, d, 48);
      sum = f32x4.add(sum, f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
      magnitude = f32x4.add(
        magnitude,
        f32x4.add(f32x4.add(f32x4.abs(a), f32x4.abs(b)), f32x4.add(f32x4.abs(c), f32x4.abs(d))),
      );
      const mask = maskOf(f32x4.ge(a, zero), f32x4.ge(b, zero), f32x4.ge(c, zero), f32x4.ge(d, zero));
      store<u16>(word, <u16>mask);
      above += <u32>popcnt(mask);
    }
    let total = sumOf(sum);
    let size = sumOf(magnitude);
    if (at < end) {
      let mask: u32 = 0;
      for (let bit: u32 = 1; at < end; at += 4, values += 4, bit <<= 1) {
        const value = f32.load(values) + f32.load(at);
        f32.store(at, value);
        total += value;
        size += abs(value);
        if (value >= 0) {
          mask |= bit;
          above++;
        }
      }
      store<u16>(word, <u16>mask);
    }
    // Sums of positive and of negative values from those of all and of magnitudes.
    const up: f32 = above > 0 ? ((size + total) * 0.5) / <f32>above : total * 0;
    const down: f32 = above < count ? ((total - size) * 0.5) / <f32>(count - above) : total * 0;
    f32.store(out + (g << 3), up);
    f32.store(out + (g << 3), down, 4);
    const ups = f32x4.splat(up);
    const downs = f32x4.splat(down);
    for (at = residual; at < whole; at += 32) {
      const a = v128.load(at);
      const b = v128.load(at, 16);
      v128.store(at, f32x4.sub(a, v128.bitselect(ups, downs, f32x4.ge(a, zero))));
      v128.store(at, f32x4.sub(b, v128.bitselect(ups, downs, f32x4.ge(b, zero))), 16);
    }
    for (; at < end; at += 4) {
      const value = f32.load(at);
      f32.store(at, value - (value >= 0 ? up : down));
    }
    residual = end;
    bits += ((count + 15) >> 4) << 1;
  }
}

/** Adds to `into` where `adding`, else overwrites. */
export function oneBitDecode(message: usize, n: u32, group: u32, into: usize, adding: bool): void {
  const keep = i32x4.splat(adding ? -1 : 0);
  const groups = (n + group - 1) / group;
  let bits = message + (groups << 3);
  const first = i32x4(1, 2, 4, 8);
  for (let g: u32 = 0; g < groups; g++) {
    const count = min(group, n - g * group);
    const up = f32.load(message + (g << 3));
    const down = f32.load(message + (g << 3), 4);
    const ups = f32x4.splat(up);
    const downs = f32x4.splat(down);
    const whole = into + ((count & ~15) << 2);
    const end = into + (count << 2);
    for (; into < whole; bits += 2) {
      let word = i32x4.splat(load<u16>(bits));
      for (let quarter = 0; quarter < 4; quarter++, into += 16, word = i32x4.shr_u(word, 4)) {
        const value = v128.bitselect(ups, downs, lanesOf(word, first));
        v128.store(into, f32x4.add(v128.and(v128.load(into), keep), value));
      }
    }
    if (into < end) {
      for (let word = <u32>load<u16>(bits); into < end; into += 4, word >>= 1) {
        const value = (word & 1) !== 0 ? up : down;
        f32.store(into, adding ? f32.load(into) + value : value);
      }
      bits += 2;
    }
  }
}
