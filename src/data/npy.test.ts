import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { readGolden } from '../../test/support/golden.js';
import { ScreeError } from '../graph/errors.js';
import { parseNpy, parseNpyHeader } from './npy.js';
import { ZipFile } from './zip.js';

const expected = z
  .record(z.string(), z.object({ shape: z.array(z.number()), values: z.array(z.number()) }))
  .parse(readGolden('numpy.json'));

/** The files of an archive that NumPy wrote. */
async function unzip(name: string): Promise<Map<string, Uint8Array>> {
  const zip = await ZipFile.open(`test/golden/${name}`);
  try {
    const files = new Map<string, Uint8Array>();
    for (const entry of zip.entries) files.set(entry.name, await zip.read(entry));
    return files;
  } finally {
    await zip.close();
  }
}

let stored: Map<string, Uint8Array>;
let other: Map<string, Uint8Array>;
beforeAll(async () => {
  stored = await unzip('numpy.npz');
  other = await unzip('numpy-other.npz');
});

function file(name: string, files = stored): Uint8Array {
  const bytes = files.get(`${name}.npy`);
  if (bytes === undefined) throw new Error(name);
  return bytes;
}

describe('parseNpy', () => {
  test.each(Object.entries(expected))('%s, as NumPy wrote it', (name, { shape, values }) => {
    const array = parseNpy(file(name), name);
    expect(array.shape).toEqual(shape);
    expect([...array.data]).toEqual(values);
    expect(array.type).toBe(
      { bool: 'b1', scalar: 'f8', nothing: 'f4', fortran: 'f4', fortran_flat: 'u1', fortran_big: 'f8' }[
        name
      ] ?? name.replace('_big', ''),
    );
  });

  test('an archive that NumPy packed holds the same', async () => {
    const deflated = await unzip('numpy-deflated.npz');
    expect([...deflated.keys()]).toEqual([...stored.keys()]);
    for (const [name, bytes] of deflated) expect(bytes).toEqual(stored.get(name));
  });

  test.each(['format2', 'format3'])('%s of the header', (name) => {
    expect(parseNpy(file(name, other), name)).toEqual({
      data: Int32Array.of(0, 1, 2),
      shape: [3],
      type: 'i4',
    });
  });

  test.each([
    [
      'objects',
      'objects: holds Python objects, which only running their code would give back; they are never read',
    ],
    ['texts', "texts: holds '<U2'; arrays of numbers are read (b1, u1, i1, "],
    ['records', 'records: holds records; arrays of numbers are read'],
    ['complex', "complex: holds '<c16'"],
    ['beyond', 'beyond: element 0 is an integer beyond 2^53'],
  ])('%s are refused', (name, message) => {
    expect(() => parseNpy(file(name, other), name)).toThrow(message);
  });

  const header = (text: string, data = 0): Uint8Array => {
    const bytes = new Uint8Array(10 + text.length + data);
    bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length & 255, text.length >> 8]);
    bytes.set(new TextEncoder().encode(text), 10);
    return bytes;
  };

  test.each([
    [new Uint8Array(), 'not a NumPy file'],
    [Uint8Array.of(0x50, 0x4b, 3, 4), 'not a NumPy file'],
    [
      header("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000000), }"),
      'more than the 2 GiB',
    ],
    [
      header("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }"),
      'damaged NumPy header',
    ],
    [header("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", 4), 'damaged NumPy header'],
    [header("{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,), }", 4), 'damaged NumPy header'],
    [header("{'fortran_order': False, 'shape': (1,), }", 4), 'damaged NumPy header'],
    [
      header("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 4),
      'truncated: 71 bytes, shape [2] takes 75',
    ],
    [header("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 12), 'too long: 79 bytes'],
    [header('x'.repeat(20_000)), 'a header of 20010 bytes'],
    [header('{').subarray(0, 11), 'truncated'],
  ])('%#: a file at fault', (bytes, message) => {
    expect(() => parseNpy(bytes, 'x.npy')).toThrow(message);
  });

  test('no memory is taken for what a header promises', () => {
    const bytes = header("{'descr': '|u1', 'fortran_order': False, 'shape': (2000000000,), }");
    expect(parseNpyHeader(bytes, 'x').totalBytes).toBe(2_000_000_000 + bytes.length);
    const before = process.memoryUsage().arrayBuffers;
    expect(() => parseNpy(bytes, 'x')).toThrow('truncated');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
  });

  test('damaged files give an array or a ScreeError', () => {
    const samples = ['fortran', 'f2_big', 'i8', 'bool', 'scalar'].map((name) => file(name));
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.nat(300),
        fc.array(fc.tuple(fc.nat(250), fc.nat(255)), { maxLength: 4 }),
        (sample, length, changes) => {
          const damaged = sample.slice(0, length);
          for (const [place, byte] of changes) if (place < damaged.length) damaged[place] = byte;
          try {
            const { data, shape } = parseNpy(damaged, 'x');
            expect(data.length).toBe(shape.reduce((product, extent) => product * extent, 1));
          } catch (error) {
            expect(error).toBeInstanceOf(ScreeError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
