import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encode } from 'fast-png';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readExamples } from './examples.js';
import { ZipFile } from './zip.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'scree-examples-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const idx = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 5, 6, 7, 8);
const png = encode({ width: 2, height: 1, channels: 1, depth: 8, data: Uint8Array.of(5, 6) });
const encoding = { columns: [{ name: 'b' }, { name: 'a', values: ['x', 'y'] }] };

describe('readExamples', () => {
  test('IDX, an image, numbers without a header, a table as the data were', async () => {
    expect([...(await readExamples(write('a', idx), [1, 1, 2]))]).toEqual([5, 6, 7, 8]);
    expect([...(await readExamples(write('a.gz', gzipSync(idx)), [2]))]).toEqual([5, 6, 7, 8]);
    expect([...(await readExamples(write('a.png', png), [1, 1, 2]))]).toEqual([5, 6]);
    expect([...(await readExamples(write('a.png', png), [3, 1, 2]))]).toEqual([5, 6, 5, 6, 5, 6]);
    expect([...(await readExamples(write('a.csv', '5,6\n7,8\n'), [1, 1, 2]))]).toEqual([5, 6, 7, 8]);
    const table = 'a,y,b\ny,,0.5\nx,,-2\nz,,1e3\n';
    const expected = [0.5, 0, 1, -2, 1, 0, 1000, 0, 0];
    expect([...(await readExamples(write('t.csv', table), [3], { encoding }))]).toEqual(expected);
    expect([...(await readExamples(write('t.csv.gz', gzipSync(table)), [3], { encoding }))]).toEqual(
      expected,
    );
  });

  test('an array that NumPy wrote', async () => {
    const zip = await ZipFile.open('test/golden/numpy.npz');
    const entry = zip.entries.find(({ name }) => name === 'fortran.npy');
    const path = write('fortran.npy', entry ? await zip.read(entry) : new Uint8Array());
    await zip.close();
    const inOrder = Array.from({ length: 24 }, (_, index) => index / 8);
    expect([...(await readExamples(path, [1, 3, 4]))]).toEqual(inOrder);
    await expect(readExamples(path, [5])).rejects.toThrow('holds examples of [3,4]; the model takes [5]');
  });

  test('a photograph is brought to the size of a model that was trained on such', async () => {
    const image = sharp({ create: { width: 60, height: 40, channels: 3, background: '#804020' } });
    const path = write('photo.jpg', await image.jpeg({ quality: 100 }).toBuffer());
    const pixels = await readExamples(path, [3, 8, 8], { resize: true });
    expect(pixels.length).toBe(3 * 64);
    [0x80, 0x40, 0x20].forEach((value, channel) =>
      expect(Math.abs(pixels[channel * 64 + 9] - value)).toBeLessThan(4),
    );
    await expect(readExamples(path, [3, 8, 8])).rejects.toThrow(
      'is an image of 60×40; the model takes [3,8,8]',
    );
  });

  test.each<[string, string | Uint8Array, string]>([
    ['empty', '', 'holds no examples'],
    ['short.csv', '1,2,3\n', 'line 1 has 3 numbers; the model takes 2 an example, [1,1,2]'],
    ['large.csv', '1,256\n', 'line 1 has "256"; integers from 0 to 255 are expected'],
    ['broken.png', png.subarray(0, 40), 'broken.png cannot be read as an image'],
    ['foreign.npy', Uint8Array.of(0x93, 1, 2), 'not a NumPy file'],
  ])('%s at fault', async (name, content, message) => {
    await expect(readExamples(write(name, content), [1, 1, 2])).rejects.toThrow(message);
  });

  test('a table without a column of the data', async () => {
    copyFileSync(write('b.csv', 'a\nx\n'), join(folder, 'c.csv'));
    await expect(readExamples(join(folder, 'c.csv'), [3], { encoding })).rejects.toThrow('has no column "b"');
    await expect(readExamples(join(folder, 'none.csv'), [3])).rejects.toThrow('cannot read');
  });
});
