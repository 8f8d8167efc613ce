import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ScreeError } from '../graph/errors.js';
import { ndarray, type NDArray } from '../graph/ndarray.js';
import { decodeSafetensors, encodeSafetensors } from './safetensors.js';

// Both files were written by Python's safetensors: scripts/golden/run_files.py.
const native = new Uint8Array(readFileSync('test/golden/native.safetensors'));
const foreign = new Uint8Array(readFileSync('test/golden/foreign.safetensors'));

const nativeTensors: Record<string, NDArray> = {
  'dense.weight': ndarray(Float32Array.of(1.5, -2.25, 3e-8, Math.PI, -0, 1e30), [2, 3]),
  'dense.bias': ndarray(Float32Array.of(0.1, -Infinity)),
  moments: ndarray(Float64Array.of(1 / 3, Math.E), [2, 1]),
  labels: ndarray(Int32Array.of(-(2 ** 31), -1, 0, 2 ** 31 - 1)),
  mask: ndarray(Uint8Array.of(1, 0, 1)),
  nothing: ndarray(new Float32Array(0), [0, 4]),
  scalar: ndarray(Float64Array.of(7.5), []),
  'a "quoted" name': ndarray(Float32Array.of(1)),
};

/** A file from a header in JSON and a count of data bytes. */
function file(header: unknown, dataLength: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + dataLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

describe('encodeSafetensors', () => {
  test("writes the bytes of Python's safetensors", () => {
    expect(encodeSafetensors(nativeTensors, { step: '1234' })).toEqual(native);
  });

  test('copies: a later change of a tensor does not reach the bytes', () => {
    const data = Float32Array.of(1, 2);
    const bytes = encodeSafetensors({ w: ndarray(data) });
    data[0] = 9;
    expect(decodeSafetensors(bytes, 'a').tensors.w.data).toEqual(Float32Array.of(1, 2));
  });

  test('refuses the name that the format keeps, and data that do not fill their shape', () => {
    expect(() => encodeSafetensors({ __metadata__: ndarray([1]) })).toThrow(
      /may not be named '__metadata__'/,
    );
    const short: NDArray = { data: new Float32Array(3), shape: [2, 2], dtype: 'float32' };
    expect(() => encodeSafetensors({ short })).toThrow(/'short' has 12 bytes; float32\[2,2\] takes 16/);
  });
});

describe('decodeSafetensors', () => {
  test("reads the file of Python's safetensors", () => {
    expect(decodeSafetensors(native, 'native')).toEqual({
      tensors: nativeTensors,
      metadata: { step: '1234' },
    });
  });

  test('reads U8 and I64 as int32, and names beyond ASCII', () => {
    expect(decodeSafetensors(foreign, 'foreign').tensors).toEqual({
      pixels: ndarray(Int32Array.of(0, 127, 200, 255), [2, 2]),
      indices: ndarray(Int32Array.of(-5, 0, 2 ** 31 - 1)),
      'Gewicht größer': ndarray(Float32Array.of(2.5)),
      重み: ndarray(Float64Array.of(1, 2, 3), [1, 3]),
    });
  });

  test('shares memory when aligned and reads the same from an odd offset, also from a Buffer', () => {
    const { tensors } = decodeSafetensors(native, 'native');
    expect(tensors.moments.data.buffer).toBe(native.buffer);
    const shifted = Buffer.alloc(native.length + 1);
    shifted.set(native, 1);
    expect(decodeSafetensors(shifted.subarray(1), 'shifted').tensors.moments).toEqual(nativeTensors.moments);
  });

  test('gives back what was encoded, whatever the names, shapes and metadata', () => {
    const shape = fc.array(fc.nat(3), { maxLength: 3 });
    const tensor = fc.tuple(shape, fc.constantFrom(Float64Array, Float32Array, Int32Array), fc.integer());
    const built = tensor.map(([shape, Type, seed]) => {
      const data = new Type(shape.reduce((product, extent) => product * extent, 1));
      for (let i = 0; i < data.length; i++) data[i] = Math.trunc(Math.sin(seed + i) * 1e6);
      return ndarray(data, shape);
    });
    const name = fc.string().filter((text) => text !== '__metadata__');
    fc.assert(
      fc.property(
        fc.dictionary(name, built),
        fc.dictionary(fc.string(), fc.string()),
        (tensors, metadata) => {
          const decoded = decodeSafetensors(encodeSafetensors(tensors, metadata), 'property');
          // Object.entries, for fast-check makes objects without a prototype and keys are sorted by the file.
          expect(new Map(Object.entries(decoded.tensors))).toEqual(new Map(Object.entries(tensors)));
          expect(Object.entries(decoded.metadata)).toEqual(Object.entries(metadata));
        },
      ),
    );
  });

  const f32 = (shape: unknown, from: number, to: number) => ({
    dtype: 'F32',
    shape,
    data_offsets: [from, to],
  });
  test.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /'f' is not a safetensors file: it has 0 bytes, the least is 8/],
    [
      'text',
      new TextEncoder().encode('label,pixel0,pixel1\n3,0,0\n'),
      /announce a header of \d+ bytes, the file has 26/,
    ],
    [
      'an absurd header length',
      new Uint8Array(16).fill(0xff),
      /header of 18446744073709551615 bytes, the file has 16/,
    ],
    ['a header that is no JSON', file('{"a":', 0), /its header is not JSON/],
    ['a header that is no object', file([1], 0), /its header is not a JSON object/],
    ['bytes that are no UTF-8', file('{"a\u{d800}"', 0).fill(0xff, 9), /its header is not JSON/],
    [
      'metadata with a number',
      file({ __metadata__: { step: 3 } }, 0),
      /__metadata__ holds more than strings/,
    ],
    [
      'an entry without offsets',
      file({ w: { dtype: 'F32', shape: [1] } }, 4),
      /entry of tensor 'w' is not \{dtype/,
    ],
    ['a negative extent', file({ w: f32([-1], 0, 4) }, 4), /entry of tensor 'w' is not/],
    ['a fractional extent', file({ w: f32([0.5], 0, 2) }, 2), /entry of tensor 'w' is not/],
    [
      'an unknown dtype',
      file({ w: { ...f32([2], 0, 4), dtype: 'BF16' } }, 4),
      /'w' is of dtype BF16; only F64/,
    ],
    [
      'a dtype of Object.prototype',
      file({ w: { ...f32([2], 0, 4), dtype: 'toString' } }, 4),
      /of dtype toString/,
    ],
    [
      'a size that is not the shape',
      file({ w: f32([2], 0, 4) }, 4),
      /takes bytes 0 to 4, but F32\[2\] has 8/,
    ],
    ['an overflowing shape', file({ w: f32([2 ** 40, 2 ** 40], 0, 4) }, 4), /but F32\[\d+,\d+\] has/],
    ['offsets in reverse', file({ w: f32([1], 4, 0) }, 4), /takes bytes 4 to 0/],
    [
      'overlapping tensors',
      file({ a: f32([1], 0, 4), b: f32([1], 0, 4) }, 8),
      /'b' begins at byte 0 .* ends at 4/,
    ],
    ['a hole', file({ a: f32([1], 0, 4), b: f32([1], 8, 12) }, 12), /'b' begins at byte 8 .* ends at 4/],
    [
      'missing data',
      file({ w: f32([100], 0, 400) }, 12),
      /is truncated: its tensors take 400 bytes, the file has 12/,
    ],
    ['data of no tensor', file({ w: f32([1], 0, 4) }, 9), /5 bytes at its end belong to no tensor/],
    [
      'a boolean that is 2',
      file({ m: { dtype: 'BOOL', shape: [1], data_offsets: [0, 1] } }, 1).fill(2, -1),
      /holds a 2/,
    ],
    [
      'an integer beyond int32',
      file({ n: { dtype: 'I64', shape: [1], data_offsets: [0, 8] } }, 8).fill(1, -1),
      /'n' holds 72057594037927936, which does not fit int32/,
    ],
  ])('names the file and what is wrong with %s', (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes, 'f')).toThrow(message);
    expect(() => decodeSafetensors(bytes, 'f')).toThrow(ScreeError);
  });

  test('refuses every truncation of a real file', () => {
    for (let length = 0; length < native.length; length++) {
      expect(() => decodeSafetensors(native.subarray(0, length), 'cut')).toThrow(
        /'cut' is (truncated|not a)/,
      );
    }
  });

  test('refuses a random file with a ScreeError and never another', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(190), (noise, at) => {
        const bytes = native.slice();
        bytes.set(noise.subarray(0, bytes.length - at), at);
        for (const candidate of [noise, bytes]) {
          try {
            decodeSafetensors(candidate, 'noise');
          } catch (error) {
            expect(error).toBeInstanceOf(ScreeError);
          }
        }
      }),
    );
  });
});
