// A few values at their places, and the places as gaps in Golomb-Rice code.

/** out[i] = values[indices[i]]. */
export function gatherAt(values: usize, indices: usize, count: u32, out: usize): void {
  for (const end = out + (count << 2); out < end; out += 4, indices += 4) {
    f32.store(out, f32.load(values + (load<u32>(indices) << 2)));
  }
}

/** values[indices[i]] = from[i]. */
export function scatterAt(values: usize, indices: usize, count: u32, from: usize): void {
  for (const end = from + (count << 2); from < end; from += 4, indices += 4) {
    f32.store(values + (load<u32>(indices) << 2), f32.load(from));
  }
}

/** values[indices[i]] = 0. */
export function clearAt(values: usize, indices: usize, count: u32): void {
  for (const end = indices + (count << 2); indices < end; indices += 4) {
    f32.store(values + (load<u32>(indices) << 2), 0);
  }
}

/**
 * Writes ascending indices as the gaps between them: gap >> shift in ones and a zero, then its low bits.
 * @returns bytes written
 */
export function riceEncode(indices: usize, count: u32, shift: u32, out: usize): u32 {
  const start = out;
  let held: u64 = 0;
  let bits: u64 = 0;
  let next: u32 = 0;
  for (const end = indices + (count << 2); indices < end; indices += 4) {
    const index = load<u32>(indices);
    const gap = index - next;
    next = index + 1;
    for (let ones = gap >> shift; ones > 0;) {
      const some = min<u32>(ones, 16);
      held |= (((<u64>1) << some) - 1) << bits;
      bits += some;
      ones -= some;
      if (bits >= 32) {
        i32.store(out, <u32>held);
        out += 4;
        held >>= 32;
        bits -= 32;
      }
    }
    // The zero that ends the ones is there already.
    held |= (<u64>(gap & ((1 << shift) - 1))) << (bits + 1);
    bits += shift + 1;
    if (bits >= 32) {
      i32.store(out, <u32>held);
      out += 4;
      held >>= 32;
      bits -= 32;
    }
  }
  for (; bits > 0; held >>= 8, bits = bits > 8 ? bits - 8 : 0, out++) store<u8>(out, <u8>held);
  return <u32>(out - start);
}

/**
 * Reads what riceEncode wrote.
 * @param n indices are below it
 * @returns whether it was `count` indices and ended where the bytes do
 */
export function riceDecode(message: usize, bytes: u32, count: u32, shift: u32, n: u32, indices: usize): bool {
  const end = message + bytes;
  let held: u64 = 0;
  let bits: u32 = 0;
  let next: u64 = 0;
  for (let read: u32 = 0; read < count; read++) {
    let ones: u64 = 0;
    for (;;) {
      for (; bits <= 48 && message < end; message++, bits += 8) held |= (<u64>load<u8>(message)) << bits;
      if (bits === 0) return false;
      const run = min<u32>(<u32>ctz(~held), bits);
      held >>= run;
      bits -= run;
      ones += run;
      if (bits > 0) break;
    }
    if (bits < shift + 1) {
      for (; bits <= 48 && message < end; message++, bits += 8) held |= (<u64>load<u8>(message)) << bits;
      if (bits < shift + 1) return false;
    }
    held >>= 1;
    const gap = (ones << shift) | (held & ((1 << shift) - 1));
    held >>= shift;
    bits -= shift + 1;
    next += gap;
    if (next >= n) return false;
    i32.store(indices + (read << 2), <u32>next);
    next++;
  }
  return message === end && bits < 8 && held === 0;
}

/** into[indices[i]] += from[i]. */
export function addAt(into: usize, indices: usize, count: u32, from: usize): void {
  for (const end = from + (count << 2); from < end; from += 4, indices += 4) {
    const place = into + (load<u32>(indices) << 2);
    f32.store(place, f32.load(place) + f32.load(from));
  }
}

/** The sum of squares. */
export function squareSum(values: usize, n: u32): f64 {
  const whole = values + ((n & ~3) << 2);
  const end = values + (n << 2);
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (; values < whole; values += 16) {
    const four = v128.load(values);
    const a = f64x2.promote_low_f32x4(four);
    const b = f64x2.promote_low_f32x4(
      i8x16.shuffle(four, four, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7),
    );
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  low = f64x2.add(low, high);
  let sum = f64x2.extract_lane(low, 0) + f64x2.extract_lane(low, 1);
  for (; values < end; values += 4) {
    const value = <f64>f32.load(values);
    sum += value * value;
  }
  return sum;
}
