import { open } from 'node:fs/promises';
import { ScreeError } from '../graph/errors.js';
import { showShape, sizeOf, type Shape } from '../graph/shape.js';
import { readNpy } from './arrays.js';
import { parseCsv } from './csv.js';
import { readIdx } from './idx.js';
import { layoutOf, rawNumbers, toPlanes } from './layout.js';
import { decodeImages, readImageHeader } from './images.js';
import type { RawNumbers } from './normalise.js';
import { encodeTable, type TableEncoding } from './table-encoding.js';
import { isTablePath, readTable } from './table.js';
import { readError, readText } from './text-file.js';

export interface ExampleOptions {
  /** How the columns of the table that the model was trained on became numbers. */
  readonly encoding?: TableEncoding;
  /** Bring images to the shape of an example, as the option `size` did for the data; without it they must have it. */
  readonly resize?: boolean;
}

/**
 * The examples of a file without labels, row after row, as the data set's files have them (to be standardised by `normalise`):
 * IDX (plain or gzip), .npy, a PNG or JPEG image, told by the first bytes; else a table, with a header where the model was
 * trained on a table, and without one otherwise (bytes, 0 to 255).
 * @param input shape of one example; arrays may also be [rows, height, width, channels]
 * @throws ScreeError when the file cannot be read, is none of these, or holds examples of another shape
 */
export async function readExamples(
  path: string,
  input: Shape,
  { encoding, resize = false }: ExampleOptions = {},
): Promise<RawNumbers> {
  const [a, b] = await firstBytes(path);
  let examples: RawNumbers;
  if ((a === 0x89 && b === 0x50) || (a === 0xff && b === 0xd8))
    examples = await readImage(path, input, resize);
  else if (a === 0x93) examples = await readArray(path, input);
  else if (encoding !== undefined) examples = encodeTable(await readTable(path), encoding).inputs;
  else if ((a === 0 && b === 0) || (a === 0x1f && b === 0x8b && !isTablePath(path)))
    examples = await readRows(path, input);
  else examples = await readBytes(path, input);
  if (examples.length === 0) throw new ScreeError(`${path} holds no examples`);
  return examples;
}

async function firstBytes(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path);
    try {
      const bytes = new Uint8Array(2);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
      return bytes.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw readError(path, error);
  }
}

async function readImage(path: string, input: Shape, resize: boolean): Promise<Uint8Array> {
  const { width, height } = await readImageHeader(path);
  const [channels, rows, columns] = input.length === 3 ? input : [1, 1, sizeOf(input)];
  const fits = resize || (width === columns && height === rows);
  if (!fits || (channels !== 1 && channels !== 3)) {
    throw new ScreeError(`${path} is an image of ${width}×${height}; the model takes ${showShape(input)}`);
  }
  return decodeImages([path], { channels, height: rows, width: columns });
}

function wrongShape(path: string, example: Shape, input: Shape): ScreeError {
  return new ScreeError(
    `${path} holds examples of ${showShape(example)}; the model takes ${showShape(input)}`,
  );
}

async function readRows(path: string, input: Shape): Promise<Uint8Array> {
  const { data, shape } = await readIdx(path);
  const example = shape.slice(1);
  if (sizeOf(example) !== sizeOf(input)) throw wrongShape(path, example, input);
  return data;
}

async function readArray(path: string, input: Shape): Promise<RawNumbers> {
  const array = await readNpy(path);
  const layout = layoutOf(path, array.shape);
  if (sizeOf(layout.inputShape) !== sizeOf(input)) throw wrongShape(path, array.shape.slice(1), input);
  return layout.channelsLast ? toPlanes(rawNumbers(array.data), layout.inputShape) : rawNumbers(array.data);
}

async function readBytes(path: string, input: Shape): Promise<Uint8Array> {
  const rows = parseCsv(await readText(path), path);
  const width = sizeOf(input);
  const bytes = new Uint8Array(rows.length * width);
  rows.forEach(({ fields, line }, row) => {
    if (fields.length !== width) {
      throw new ScreeError(
        `${path}: line ${line} has ${fields.length} numbers; the model takes ${width} an example, ${showShape(input)}`,
      );
    }
    fields.forEach((field, column) => {
      const value = Number(field);
      if (field.trim() === '' || !Number.isInteger(value) || value < 0 || value > 255) {
        throw new ScreeError(
          `${path}: line ${line} has ${JSON.stringify(field)}; integers from 0 to 255 are expected`,
        );
      }
      bytes[row * width + column] = value;
    });
  });
  return bytes;
}
