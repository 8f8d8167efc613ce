// Tables at fixed places at the start of a memory, so that what reads them need not be told where they are.

/** For each byte of ternary.ts its four values, in units of their size. */
export const ternaryTable: usize = 64;

/** For each byte of rotation.ts the Walsh-Hadamard transform of its eight signs, as 16-bit numbers. */
export const rotationTable: usize = ternaryTable + (256 << 4);

/** For each byte of one-bit.ts eight lanes of ones where its bits are set. */
export const bitsTable: usize = rotationTable + (256 << 4);

const end: usize = bitsTable + (256 << 5);

/** The place among eight values of two vectors that bit `bit` of a byte stands for, as rotation.ts leaves them. */
function placeOf(bit: u32): u32 {
  return ((bit & 1) << 1) | ((bit & 2) << 1) | (bit >> 2);
}

/**
 * Fills the tables. The 64 bytes before them are left as zeros.
 * @returns where they end
 */
export function fillTables(): usize {
  for (let byte: u32 = 0; byte < 256; byte++) {
    for (let lane: u32 = 0; lane < 4; lane++) {
      const size: f32 = ((byte >> (lane + 4)) & 1) !== 0 ? -1 : 1;
      f32.store(ternaryTable + (byte << 4) + (lane << 2), ((byte >> lane) & 1) !== 0 ? size : 0);
    }
    for (let lane: u32 = 0; lane < 8; lane++) {
      let sum = 0;
      for (let bit: u32 = 0; bit < 8; bit++) {
        sum += (((byte >> bit) ^ popcnt(placeOf(bit) & lane)) & 1) !== 0 ? -1 : 1;
      }
      store<i16>(rotationTable + (byte << 4) + (lane << 1), <i16>sum);
      i32.store(bitsTable + (byte << 5) + (lane << 2), -((byte >> lane) & 1));
    }
  }
  return end;
}
