import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crc32c } from './crc32c.js';

/** The definition: one bit at a time over the reflected message, no table. */
function bitwise(bytes: Uint8Array): number {
  let register = 0xffffffffn;
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit++) {
      const feedback = (register & 1n) ^ ((BigInt(byte) >> BigInt(bit)) & 1n);
      register >>= 1n;
      if (feedback === 1n) register ^= 0x82f63b78n;
    }
  }
  return Number(register ^ 0xffffffffn);
}

describe('crc32c', () => {
  test.each([
    ['32 zeros', new Uint8Array(32), 0x8a9136aa],
    ['32 ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['0 to 31', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    ['31 to 0', Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
    ['the check string', new TextEncoder().encode('123456789'), 0xe3069283],
    ['nothing', new Uint8Array(0), 0],
  ])('equals the published value of %s (RFC 3720, B.4)', (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });

  test('equals the bitwise definition, over a part as over the whole', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(8), (bytes, cut) => {
        const start = Math.min(cut, bytes.length);
        return crc32c(bytes, start) === bitwise(bytes.subarray(start)) && crc32c(bytes) === bitwise(bytes);
      }),
    );
  });
});
