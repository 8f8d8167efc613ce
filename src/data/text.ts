import { basename } from 'node:path';
import { ScreeError } from '../graph/errors.js';
import type { Dataset, Split } from './dataset.js';
import { checkOptions, type DataOptions } from './options.js';
import { rowsOf } from './split.js';
import { readText } from './text-file.js';

/** What stands in an alphabet for all characters that the training part lacks. */
export const unknownCharacter = '\uFFFD';

const DEFAULT_LENGTH = 128;
const DEFAULT_TEST = 0.1;
const MOST_NUMBERS = 2 ** 29;

export interface EncodedText {
  /** Places in the alphabet, one a character (Unicode code point). */
  readonly indices: Int32Array;
  /** Characters that the alphabet lacks, and how often each occurs. They have the place of the unknown one. */
  readonly unknown: ReadonlyMap<string, number>;
}

/**
 * A text as places in an alphabet.
 * @throws ScreeError for a character that the alphabet lacks, where it has no unknown one
 */
export function encodeText(text: string, alphabet: readonly string[]): EncodedText {
  const places = new Map(alphabet.map((character, place) => [character, place]));
  const other = places.get(unknownCharacter);
  const unknown = new Map<string, number>();
  const indices = Int32Array.from(text, (character) => {
    const place = places.get(character);
    if (place !== undefined) return place;
    if (other === undefined) {
      throw new ScreeError(
        `the character ${JSON.stringify(character)} is not in the alphabet of the training part`,
      );
    }
    unknown.set(character, (unknown.get(character) ?? 0) + 1);
    return other;
  });
  return { indices, unknown };
}

/** The text of places in an alphabet. */
export function decodeText(indices: Iterable<number>, alphabet: readonly string[]): string {
  return Array.from(indices, (place) => alphabet[place] ?? unknownCharacter).join('');
}

/**
 * A data set of characters from a text. Its parts are contiguous, in the order training, validation, test, so that no sentence
 * is in two of them; `validation` and `test` (default 0.1) are shares or counts of characters. The alphabet is that of the
 * training part, in the order of code points; where the other parts have more characters it ends with one unknown character
 * (U+FFFD) for all of them, which no training example has, and a note tells how many there are. An example is `length`
 * characters, its labels the character after each; examples for training start every `stride` characters, those of the other
 * parts do not overlap. Line breaks CRLF become LF.
 * @throws ScreeError when a part is shorter than an example and the character after it
 */
export function createTextDataset(
  name: string,
  source: string,
  text: string,
  options: DataOptions = {},
): Dataset {
  checkOptions(source, 'text', options);
  const { length = DEFAULT_LENGTH, stride = length, validation = 0, test = DEFAULT_TEST } = options;
  const characters = Array.from(text.replaceAll('\r\n', '\n'));
  const total = characters.length;
  const testSize = total === 0 ? 0 : rowsOf('test', test, total, name);
  const validationSize = total === 0 ? 0 : rowsOf('validation', validation, total, name);
  const end = total - testSize;
  const trainEnd = Math.max(0, end - validationSize);
  const alphabet = [...new Set(characters.slice(0, trainEnd))].sort((a, b) => codePoint(a) - codePoint(b));
  const known = new Set(alphabet);
  const notes: string[] = [];
  const strange = characters.slice(trainEnd).filter((character) => !known.has(character));
  if (strange.length > 0) {
    const list = [...new Set(strange)].slice(0, 8).map((character) => JSON.stringify(character));
    notes.push(
      `${strange.length} characters of the other parts do not occur in the training part (${list.join(', ')}): they are one unknown character`,
    );
    if (!known.has(unknownCharacter)) alphabet.push(unknownCharacter);
  }
  const { indices } = encodeText(characters.join(''), alphabet);
  const cut = (part: string, from: number, to: number, step: number): Split => {
    if (to - from <= length) {
      throw new ScreeError(
        `${name}: the ${part} part has ${Math.max(0, to - from)} characters; examples of ${length} need ${length + 1} or more: give a smaller length`,
      );
    }
    return windows(name, indices.subarray(from, to), length, step);
  };
  return {
    name,
    source,
    inputShape: [length],
    task: { kind: 'characters', alphabet },
    notes,
    train: cut('training', 0, trainEnd, stride),
    ...(validationSize > 0 && { validation: cut('validation', trainEnd, end, length) }),
    test: cut('test', end, total, length),
  };
}

function codePoint(character: string): number {
  return character.codePointAt(0) ?? 0;
}

/** Examples of `length` and the character after each of theirs, every `step` characters; a rest that is too short is left. */
function windows(name: string, indices: Int32Array, length: number, step: number): Split {
  const size = Math.floor((indices.length - 1 - length) / step) + 1;
  if (2 * size * length > MOST_NUMBERS) {
    throw new ScreeError(
      `${name}: ${size} examples of ${length} characters are more than 2 GiB; give a larger stride`,
    );
  }
  const inputs = new Int32Array(size * length);
  const labels = new Int32Array(size * length);
  for (let row = 0; row < size; row++) {
    const start = row * step;
    inputs.set(indices.subarray(start, start + length), row * length);
    labels.set(indices.subarray(start + 1, start + 1 + length), row * length);
  }
  return {
    size,
    inputs: { data: inputs, shape: [size, length], dtype: 'int32' },
    labels: { data: labels, shape: [size, length], dtype: 'int32' },
  };
}

/** Whether a path's ending is that of a text. */
export function isTextPath(path: string): boolean {
  return /\.txt(?:\.gz)?$/i.test(path);
}

/** A data set of characters from a UTF-8 text file, plain or gzip: see {@link createTextDataset}. */
export async function readTextDataset(path: string, options: DataOptions = {}): Promise<Dataset> {
  const name = basename(path).replace(/\.txt(?:\.gz)?$/i, '');
  return createTextDataset(name, path, await readText(path), options);
}
