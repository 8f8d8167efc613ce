import { open, readFile } from 'node:fs/promises';
import { decode } from 'fast-png';
import { parseCsv, readIdx } from '../src/data/index.js';
import { ScreeError } from '../src/graph/errors.js';
import { showShape, sizeOf, type Shape } from '../src/graph/shape.js';

/**
 * The examples of a file as bytes, row after row: IDX (plain or gzip), PNG or CSV, told by the first bytes.
 * @param input shape of one example
 * @throws ScreeError when the file cannot be read, is none of these, or holds examples of another shape
 */
export async function readExamples(path: string, input: Shape): Promise<Uint8Array> {
  const first = await firstBytes(path);
  const examples = await (isPng(first)
    ? readPng(path, input)
    : isIdx(first)
      ? readRows(path, input)
      : readCsv(path, input));
  if (examples.length === 0) throw new ScreeError(`${path} holds no examples`);
  return examples;
}

function isPng([a, b, c, d]: Uint8Array): boolean {
  return a === 0x89 && b === 0x50 && c === 0x4e && d === 0x47;
}

/** IDX files begin with two zeros; packed ones with the mark of gzip. */
function isIdx([a, b]: Uint8Array): boolean {
  return (a === 0 && b === 0) || (a === 0x1f && b === 0x8b);
}

function unreadable(path: string, error: unknown): ScreeError {
  if (error instanceof ScreeError) return error;
  return new ScreeError(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  });
}

async function firstBytes(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path);
    try {
      const bytes = new Uint8Array(4);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
      return bytes.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function readRows(path: string, input: Shape): Promise<Uint8Array> {
  const { data, shape } = await readIdx(path);
  const [, ...example] = shape;
  if (sizeOf(example) !== sizeOf(input)) {
    throw new ScreeError(
      `${path} holds examples of ${showShape(example)}; the model takes ${showShape(input)}`,
    );
  }
  return data;
}

async function readCsv(path: string, input: Shape): Promise<Uint8Array> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw unreadable(path, error);
  });
  const rows = parseCsv(text, path);
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

/** One image; colours become grey (ITU-R BT.601) where the model takes one channel, and transparency is ignored. */
async function readPng(path: string, input: Shape): Promise<Uint8Array> {
  let image;
  try {
    image = decode(await readFile(path));
  } catch (error) {
    throw unreadable(path, error);
  }
  const { width, height, channels, depth, data, palette } = image;
  const [planes, rows, columns] = input.length === 3 ? input : [1, 1, sizeOf(input)];
  if (depth !== 8 || palette !== undefined) {
    throw new ScreeError(`${path}: only PNG images with 8 bits a channel and no palette are read`);
  }
  if (width !== columns || height !== rows || (planes !== 1 && planes !== 3)) {
    throw new ScreeError(`${path} is an image of ${width}×${height}; the model takes ${showShape(input)}`);
  }
  const colours = channels >= 3 ? [0, 1, 2] : [0, 0, 0];
  const bytes = new Uint8Array(sizeOf(input));
  for (let pixel = 0; pixel < width * height; pixel++) {
    const [red, green, blue] = colours.map((colour) => data[pixel * channels + colour]);
    if (planes === 1) bytes[pixel] = Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
    else [red, green, blue].forEach((value, plane) => (bytes[plane * width * height + pixel] = value));
  }
  return bytes;
}
