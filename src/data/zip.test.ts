import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ScreeError } from '../graph/errors.js';
import { crc32 } from './crc32.js';
import { ZipFile } from './zip.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'scree-zip-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function readAll(bytes: Uint8Array): Promise<Record<string, Uint8Array>> {
  const path = join(folder, 'archive.zip');
  writeFileSync(path, bytes);
  const zip = await ZipFile.open(path);
  try {
    const files: Record<string, Uint8Array> = {};
    for (const entry of zip.entries) files[entry.name] = await zip.read(entry);
    return files;
  } finally {
    await zip.close();
  }
}

const text = new TextEncoder().encode('to be or not to be '.repeat(50));
const files = { 'a.npy': text, empty: new Uint8Array(), 'folder/ü': Uint8Array.of(1, 2, 3) };

/** Writes 32-bit numbers at places counted from the end of `bytes` or, where not negative, its start. */
function patch(bytes: Uint8Array, changes: readonly (readonly [number, number])[]): Uint8Array {
  const out = bytes.slice();
  const view = new DataView(out.buffer);
  for (const [place, value] of changes) view.setUint32(place < 0 ? out.length + place : place, value, true);
  return out;
}

/** Where the directory's first entry starts. */
function directoryOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer).getUint32(bytes.length - 6, true);
}

test('crc32 of the standard’s check text', () => {
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  expect(crc32(new Uint8Array())).toBe(0);
});

describe('ZipFile', () => {
  test.each([0, 6] as const)('reads what another program wrote, level %d', async (level) => {
    expect(await readAll(zipSync(files, { level }))).toEqual(files);
    expect(await readAll(zipSync({}))).toEqual({});
  });

  test('an archive with a comment', async () => {
    const bytes = zipSync(files);
    const comment = new TextEncoder().encode('PK a comment');
    const whole = new Uint8Array([...bytes, ...comment]);
    new DataView(whole.buffer).setUint16(bytes.length - 2, comment.length, true);
    expect(await readAll(whole)).toEqual(files);
  });

  const packed = zipSync({ 'a.npy': text });
  const at = directoryOf(packed);
  const bomb = zipSync({ bomb: new Uint8Array(5_000_000) });
  test.each<[string, Uint8Array, string]>([
    [
      'more inside than promised',
      patch(bomb, [[directoryOf(bomb) + 24, 1000]]),
      'unpacks to more than the 1000 bytes',
    ],
    ['less inside than promised', patch(packed, [[at + 24, text.length + 1]]), 'its directory promises 951'],
    [
      'more promised than deflate can give',
      patch(packed, [[at + 24, 1e9]]),
      'cannot unpack to 1000000000: a false promise',
    ],
    ['more promised than there is', patch(packed, [[at + 20, 1e6]]), 'damaged or truncated zip archive'],
    ['another content', patch(packed, [[at + 16, 7]]), 'damaged: its CRC-32 differs'],
    ['another method', patch(packed, [[at + 10, 12]]), 'is packed by method 12'],
    ['another place', patch(packed, [[at + 42, 5]]), 'damaged zip archive (no local header)'],
    ['an encrypted file', patch(packed, [[4, (1 << 16) | 20]]), 'is encrypted'],
    ['a directory elsewhere', patch(packed, [[-6, 3]]), 'damaged zip archive (its directory)'],
    ['a directory beyond the end', patch(packed, [[-6, 1e9]]), 'damaged or truncated zip archive'],
    ['too many files', patch(packed, [[-12, 0xfffe]]), 'more than the 4096 that are read'],
    ['no archive', text, 'no zip archive'],
    ['nothing', new Uint8Array(), 'no zip archive'],
  ])('%s is refused', async (_, bytes, message) => {
    await expect(readAll(bytes)).rejects.toThrow(message);
  });

  test('files that are large together are refused before any is unpacked', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 5 }, (_, index) => [`f${index}`, new Uint8Array(600_000)]),
    );
    const bytes = zipSync(many, { level: 0 });
    const view = new DataView(bytes.buffer);
    for (let place = directoryOf(bytes); view.getUint32(place, true) === 0x02014b50;) {
      // Each promises no more than so many deflated bytes could give.
      view.setUint16(place + 10, 8, true);
      view.setUint32(place + 24, 5e8, true);
      place += 46 + view.getUint16(place + 28, true);
    }
    await expect(readAll(bytes)).rejects.toThrow('unpacks to 2500000000 bytes, more than the 2 GiB');
  });

  test('damaged archives give their files or a ScreeError', async () => {
    const sample = zipSync(files);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.constant(sample.length), fc.nat(sample.length)),
        fc.array(fc.tuple(fc.nat(sample.length - 1), fc.nat(255)), { maxLength: 3 }),
        async (length, changes) => {
          const damaged = sample.slice(0, length);
          for (const [place, byte] of changes) if (place < length) damaged[place] = byte;
          try {
            for (const bytes of Object.values(await readAll(damaged))) {
              expect([text, new Uint8Array(), Uint8Array.of(1, 2, 3)]).toContainEqual(bytes);
            }
          } catch (error) {
            expect(error).toBeInstanceOf(ScreeError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
