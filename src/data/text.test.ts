import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TypedArray } from '../graph/dtype.js';
import { ScreeError } from '../graph/errors.js';
import { describe as describeDataset, outputSize, type Dataset, type Split } from './dataset.js';
import { loadDataset } from './load.js';
import { createTextDataset, decodeText, encodeText } from './text.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'scree-text-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function alphabetOf({ task }: Dataset): readonly string[] {
  if (task.kind !== 'characters') throw new Error(task.kind);
  return task.alphabet;
}

/** The texts of all examples and of their labels. */
function read(data: Dataset, part: Split): { inputs: string[]; labels: string[] } {
  const [length] = data.inputShape;
  const rows = (values: TypedArray): string[] =>
    Array.from({ length: part.size }, (_, row) =>
      decodeText(values.subarray(row * length, (row + 1) * length), alphabetOf(data)),
    );
  return { inputs: rows(part.inputs.data), labels: rows(part.labels.data) };
}

const letters = 'abcdefghijklmnopqrstuvwxyz';

describe('a text', () => {
  test('contiguous parts, examples and the character after each', () => {
    const data = createTextDataset('abc', 'here', letters, { length: 4, validation: 5, test: 6 });
    expect(describeDataset(data)).toBe('3 train, 1 validation, 1 test');
    expect(data.inputShape).toEqual([4]);
    expect(data.normalisation).toBeUndefined();
    expect(data.train.inputs).toMatchObject({ shape: [3, 4], dtype: 'int32' });
    expect(data.train.labels).toMatchObject({ shape: [3, 4], dtype: 'int32' });
    expect(read(data, data.train)).toEqual({
      inputs: ['abcd', 'efgh', 'ijkl'],
      labels: ['bcde', 'fghi', 'jklm'],
    });
  });

  test('a stride for training alone', () => {
    const text = letters.repeat(2);
    const data = createTextDataset('abc', 'here', text, { length: 4, stride: 1, test: 0.5 });
    expect(read(data, data.train).inputs).toEqual(
      Array.from({ length: 22 }, (_, start) => text.slice(start, start + 4)),
    );
    expect(read(data, data.test).inputs).toEqual(['abcd', 'efgh', 'ijkl', 'mnop', 'qrst', 'uvwx']);
  });

  test('the alphabet is that of the training part; what it lacks is one unknown character, counted and told', () => {
    const data = createTextDataset('t', 'here', 'bababa😀babZYbbZ', { length: 2, test: 6 });
    expect(alphabetOf(data)).toEqual(['a', 'b', '😀', '\uFFFD']);
    expect(outputSize(data.task)).toBe(4);
    expect(data.notes).toEqual([
      '3 characters of the other parts do not occur in the training part ("Z", "Y"): they are one unknown character',
    ]);
    expect(read(data, data.test).inputs).toEqual(['b\uFFFD', '\uFFFDb']);
    expect([...data.train.inputs.data, ...data.train.labels.data]).not.toContain(3);
    expect(alphabetOf(createTextDataset('t', 'here', 'abababab', { length: 1, test: 2 }))).toEqual([
      'a',
      'b',
    ]);
  });

  test('encodeText and decodeText are inverse; an unknown character is an error without a place for it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const alphabet = [...new Set(Array.from(text))];
        expect(decodeText(encodeText(text, alphabet).indices, alphabet)).toBe(text);
      }),
    );
    expect(() => encodeText('abc', ['a', 'b'])).toThrow('the character "c" is not in the alphabet');
    const { indices, unknown } = encodeText('acca', ['a', '\uFFFD']);
    expect([...indices]).toEqual([0, 1, 1, 0]);
    expect([...unknown]).toEqual([['c', 2]]);
  });

  test('a file with a byte order mark and CRLF', async () => {
    const path = join(folder, 'windows.txt');
    writeFileSync(path, `\uFEFF${'ab\r\n'.repeat(30)}`);
    const data = await loadDataset(path, { length: 3 });
    expect(data.name).toBe('windows');
    expect(alphabetOf(data)).toEqual(['\n', 'a', 'b']);
    expect(read(data, data.train).inputs[0]).toBe('ab\n');
  });

  test.each<[string, object, string]>([
    [
      '',
      {},
      't: the training part has 0 characters; examples of 128 need 129 or more: give a smaller length',
    ],
    ['abc', { length: 4 }, 'the training part has 3 characters'],
    [letters, { length: 4, test: 4 }, 'the test part has 4 characters; examples of 4 need 5 or more'],
    [
      letters,
      { length: 4, test: 26 },
      'test 26 is neither a share from 0 to below 1 nor a count of rows below the 26',
    ],
    [letters, { length: 0 }, 'loadDataset: option length:'],
    [letters, { length: 2, label: 'x' }, 'is a text; the option label says nothing about it'],
  ])('%#: a text at fault', (text, options, message) => {
    expect(() => createTextDataset('t', 'here', text, options)).toThrow(message);
  });

  test('more examples than memory are refused before it is taken', () => {
    expect(() => createTextDataset('t', 'here', 'ab'.repeat(50_000), { length: 9999, stride: 1 })).toThrow(
      'are more than 2 GiB; give a larger stride',
    );
  });

  test('bytes that are no text give a data set or a ScreeError', async () => {
    const path = join(folder, 'bytes.txt');
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async (bytes) => {
        writeFileSync(path, bytes);
        try {
          expect((await loadDataset(path, { length: 2, test: 0.3 })).train.size).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(ScreeError);
        }
      }),
    );
  });
});

describe('alice', () => {
  test('148,460 characters, a tenth of them for the test', async () => {
    const data = await loadDataset('alice');
    expect(data).toMatchObject({ name: 'alice', inputShape: [128], notes: [] });
    const text = gunzipSync(readFileSync('src/data/alice.txt.gz')).toString();
    expect(text.length).toBe(148_460);
    expect(new Set(text).size).toBe(72);
    expect(read(data, data.train).inputs.join('')).toBe(text.slice(0, 128 * data.train.size));
    expect(read(data, data.test).inputs[0]).toBe(text.slice(133_614, 133_742));
    expect(describeDataset(data)).toBe('1,043 train, 0 validation, 115 test');
    expect(outputSize(data.task)).toBe(72);
  });

  test('in longer or shorter examples', async () => {
    const data = await loadDataset('alice', { length: 64, stride: 16, validation: 0.05 });
    expect(data.inputShape).toEqual([64]);
    expect(data.train.size).toBe(Math.floor((148_460 - 14_846 - 7423 - 1 - 64) / 16) + 1);
  });
});
