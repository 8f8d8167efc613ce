import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ScreeError } from '../graph/errors.js';
import { contentSha256 } from './gzip.js';
import { parseIdx, readIdx } from './idx.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scree-idx-'));
});
afterAll(() => rm(folder, { recursive: true }));

function idx(shape: readonly number[], data: readonly number[] | Uint8Array, type = 8): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  bytes.set([0, 0, type, shape.length]);
  const view = new DataView(bytes.buffer);
  for (const [axis, extent] of shape.entries()) view.setUint32(4 + 4 * axis, extent);
  bytes.set(data, 4 + 4 * shape.length);
  return bytes;
}

async function file(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

const sample = idx([2, 3], [1, 2, 3, 4, 5, 255]);

describe('parseIdx', () => {
  test('big-endian extents and a view of the data', () => {
    const { shape, data } = parseIdx(sample, 'a.idx');
    expect(shape).toEqual([2, 3]);
    expect([...data]).toEqual([1, 2, 3, 4, 5, 255]);
    expect(data.buffer).toBe(sample.buffer);
  });

  test.each([
    ['empty', new Uint8Array(), 'empty, not an IDX file'],
    ['two bytes', Uint8Array.of(0, 0), '2 bytes are too few for an IDX file'],
    [
      'PNG',
      Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d),
      'not an IDX file: it starts with 89 50 4e 47, not with 00 00 08',
    ],
    ['unknown type', idx([1], [1], 7), 'not an IDX file: it starts with 00 00 07 01'],
    [
      'floats',
      idx([1], [0, 0, 0, 0], 0x0d),
      'holds 32-bit floats; only IDX files of unsigned bytes are read',
    ],
    ['no axis', idx([], []), 'has 0 axes; IDX files with 1 to 4 are read'],
    ['five axes', idx([1, 1, 1, 1, 1], [1]), 'has 5 axes'],
    ['cut header', sample.subarray(0, 9), 'truncated: 9 bytes, the header alone takes 12'],
    ['cut data', sample.subarray(0, 17), 'truncated: 17 bytes, shape [2,3] takes 18'],
    ['long data', idx([2], [1, 2, 3]), 'too long: 11 bytes, shape [2] takes 10'],
    [
      'a false promise',
      idx([2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], [1]),
      'its header promises shape [4294967295,4294967295,4294967295], more than the 2 GiB that are read',
    ],
  ])('%s is refused', async (name, bytes, message) => {
    expect(() => parseIdx(bytes, 'a.idx')).toThrow(`a.idx: ${message}`);
    const path = await file(`${name}.idx`, bytes);
    await expect(readIdx(path)).rejects.toThrow(`${path}: ${message}`);
  });
});

describe('readIdx', () => {
  test('plain and packed files, whatever their name', async () => {
    for (const bytes of [sample, gzipSync(sample)]) {
      const { shape, data } = await readIdx(await file('any-name', bytes));
      expect(shape).toEqual([2, 3]);
      expect([...data]).toEqual([1, 2, 3, 4, 5, 255]);
    }
  });

  test('a packed file that is truncated, damaged, foreign, too long or promises too much', async () => {
    const noise = Uint8Array.from({ length: 5000 }, (_, index) => Math.imul(index * index, 40503) >>> 7);
    const packed = gzipSync(idx([5000], noise));
    await expect(readIdx(await file('cut.gz', packed.subarray(0, -20)))).rejects.toThrow(
      'truncated gzip file',
    );
    await expect(readIdx(await file('header.gz', packed.subarray(0, 2)))).rejects.toThrow(/truncated|empty/);
    const flipped = Uint8Array.from(packed);
    flipped[3000] ^= 0xff;
    await expect(readIdx(await file('flip.gz', flipped))).rejects.toThrow(/damaged gzip file|truncated/);
    await expect(readIdx(await file('text.gz', gzipSync('hello, world')))).rejects.toThrow('not an IDX file');
    await expect(readIdx(await file('long.gz', gzipSync(idx([4000], noise))))).rejects.toThrow(
      'unpacks to more bytes than expected',
    );
    await expect(readIdx(await file('short.gz', gzipSync(idx([5001], noise))))).rejects.toThrow(
      'truncated: 5008 bytes, shape [5001] takes 5009',
    );
    // 2 GiB promised by 40 bytes: refused before the memory is asked for.
    await expect(readIdx(await file('bomb.gz', gzipSync(idx([2 ** 31 - 100], [1]))))).rejects.toThrow(
      /truncated: \d+ packed bytes, shape \[2147483548\]/,
    );
  });

  test('what cannot be read is named', async () => {
    const missing = join(folder, 'missing');
    await expect(readIdx(missing)).rejects.toThrow(`cannot read ${missing}: ENOENT`);
    await expect(readIdx(folder)).rejects.toThrow(`cannot read ${folder}: EISDIR`);
  });

  test('the checksum is that of the content, packed or not', async () => {
    const sha256 = createHash('sha256').update(sample).digest('hex');
    for (const bytes of [sample, gzipSync(sample), gzipSync(sample, { level: 1 })]) {
      const path = await file('sum', bytes);
      expect(await contentSha256(path)).toBe(sha256);
      expect((await readIdx(path, { sha256 })).shape).toEqual([2, 3]);
      await expect(readIdx(path, { sha256: 'no' })).rejects.toThrow(
        `${path}: damaged or another file: SHA-256 ${sha256} of its content, expected no`,
      );
    }
  });

  test('fuzzed headers and bodies give an array or a ScreeError', async () => {
    const header = fc.tuple(
      fc.constantFrom(0, 0, 0, 1),
      fc.constantFrom(8, 8, 8, 9, 0x0d, 200),
      fc.integer({ min: 0, max: 6 }),
      fc.array(fc.oneof(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 2 ** 32 - 1 })), {
        maxLength: 6,
      }),
      fc.uint8Array({ maxLength: 70 }),
    );
    const right = fc
      .array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 })
      .map((shape) => idx(shape, new Uint8Array(shape.reduce((size, extent) => size * extent, 1))));
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      right,
      header.map(([zero, type, axes, extents, data]) => {
        const made = idx(extents, data, type);
        made[0] = zero;
        made[3] = axes;
        return made;
      }),
    );
    const pack = fc.constantFrom('plain', 'gzip', 'cut gzip', 'flipped gzip');
    const path = join(folder, 'fuzz');
    let read = 0;
    await fc.assert(
      fc.asyncProperty(bytes, pack, async (content, how) => {
        let written = how === 'plain' ? content : Uint8Array.from(gzipSync(content));
        if (how === 'cut gzip') written = written.subarray(0, content.length % written.length);
        if (how === 'flipped gzip') written[2 + (content.length % (written.length - 2))] ^= 0x10;
        await writeFile(path, written);
        try {
          const { data, shape } = await readIdx(path);
          expect(data.length).toBe(shape.reduce((size, extent) => size * extent, 1));
          read++;
        } catch (error) {
          expect(error).toBeInstanceOf(ScreeError);
        }
      }),
      { numRuns: 400 },
    );
    expect(read).toBeGreaterThan(0);
  });
});
