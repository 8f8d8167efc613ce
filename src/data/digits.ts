import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Generator } from '../random/generator.js';
import { ScreeError } from '../graph/errors.js';
import { parseCsv } from './csv.js';
import type { ByteDataset, BytePart } from './dataset.js';
import { inflate } from './gzip.js';
import { stratifiedSplit } from './stratify.js';

const PIXELS = 64;
const TEST_ROWS = 360;
/** The file is 265 kB unpacked; more would not be it. */
const MOST_BYTES = 1 << 20;

/**
 * Handwritten digits, 8×8 pixels of 0 to 16 (UCI, CC BY 4.0: see digits.LICENSE.txt), shipped with the package.
 * Split: 1,437 rows to train and 360 to test, stratified by digit, chosen once and for all with seed 0 (a run's own
 * seed does not change it). Both parts have the same 13 writers.
 */
export async function readDigits(): Promise<ByteDataset> {
  const path = fileURLToPath(new URL('digits.csv.gz', import.meta.url));
  const packed = await readFile(path);
  const text = new TextDecoder().decode(await inflate(packed, MOST_BYTES, path));
  const rows = parseCsv(text, path);
  if (rows[0]?.fields.length !== PIXELS + 1) {
    throw new ScreeError(
      `${path}: not the digits file of this package, whose rows have ${PIXELS + 1} fields; install it again`,
    );
  }
  const labels = Uint8Array.from(rows, (row) => Number(row.fields[PIXELS]));
  const pick = (chosen: readonly number[]): BytePart => ({
    inputs: Uint8Array.from(chosen.flatMap((row) => rows[row].fields.slice(0, PIXELS).map(Number))),
    labels: Uint8Array.from(chosen, (row) => labels[row]),
  });
  const { train, test } = stratifiedSplit(labels, TEST_ROWS, new Generator(0).fork('digits'));
  return {
    name: 'digits',
    source: 'shipped with the package',
    inputShape: [1, 8, 8],
    classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    train: pick(train),
    test: pick(test),
  };
}
