import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { dataOptionsSchema, datasetNames, type DataOptions, type LoadOptions } from '../src/data/index.js';
import { parseNumber } from './options.js';
import { formatSI } from './terminal/format.js';
import { startLive, type Live } from './terminal/live.js';

/** What to give loadDataset, also when a run goes on from another folder: a name, or a path from the root. */
export function dataSource(nameOrPath: string): string {
  const isPath = !datasetNames.includes(nameOrPath) && existsSync(nameOrPath);
  return isPath ? resolve(nameOrPath) : nameOrPath;
}

/** What `addDataOptions` brings, as commander names it. */
export interface DataOptionValues {
  label?: string;
  task?: 'classification' | 'regression';
  drop?: string[];
  categorical?: string[];
  size?: [number, number];
  color?: 'grey' | 'rgb';
  length?: number;
  stride?: number;
  validationSplit?: number;
  testSplit?: number;
  splitSeed?: number;
}

function parseList(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}

/** Reads `32` or `24x32` (height, width). */
function parseSize(text: string): [number, number] {
  const [, height, width = height] = /^(\d{1,5})(?:[x×](\d{1,5}))?$/.exec(text) ?? [];
  const size: [number, number] = [Number(height), Number(width)];
  if (size.every((extent) => extent >= 1)) return size;
  throw new InvalidArgumentError('It must be pixels, such as 32, or height and width, such as 24x32.');
}

function parseWord<T extends string>(words: readonly T[]): (text: string) => T {
  return (text) => {
    const word = words.find((known) => known === text);
    if (word === undefined) throw new InvalidArgumentError(`It must be ${words.join(' or ')}.`);
    return word;
  };
}

/** The options of a command that reads data, beside their name or path. */
export function addDataOptions(command: Command): Command {
  return command
    .option(
      '--label <column>',
      'column of a table to predict (default: label, target, class or y, else the last)',
    )
    .option(
      '--task <kind>',
      'classification or regression (default: as the labels are)',
      parseWord(['classification', 'regression']),
    )
    .option('--drop <columns>', 'columns of a table to leave out, with commas between', parseList)
    .option('--categorical <columns>', 'columns of a table whose numbers are codes', parseList)
    .option('--size <pixels>', 'bring images to 32, or 24x32 (height x width)', parseSize)
    .option('--color <kind>', 'grey or rgb (default: as the images are)', parseWord(['grey', 'rgb']))
    .option('--length <n>', 'characters of an example of a text (default: 128)', parseNumber)
    .option('--stride <n>', 'characters from one example to the next (default: their length)', parseNumber)
    .option('--validation-split <n>', 'hold back a share below 1, or rows, for validation', parseNumber)
    .option(
      '--test-split <n>',
      'the same for the test, of data without a test part (default: 0.2)',
      parseNumber,
    )
    .option('--split-seed <n>', 'of the choice of these rows (default: 0)', parseNumber);
}

/** The options of {@link addDataOptions} as loadDataset takes them and as a run's record keeps them: those that were
 * given. What else a command's values hold is left out. */
export function dataOptions({ validationSplit, testSplit, ...values }: DataOptionValues): DataOptions {
  const all = { ...values, validation: validationSplit, test: testSplit };
  const names = Object.keys(dataOptionsSchema.shape);
  return Object.fromEntries(
    Object.entries(all).filter(([name, value]) => names.includes(name) && value !== undefined),
  );
}

/** Loads with a line that tells how a download goes, where there is one. */
export async function withDownload<T>(
  stream: NodeJS.WriteStream,
  quiet: boolean,
  work: (options: LoadOptions) => Promise<T>,
): Promise<T> {
  let live: Live | undefined;
  let line = '';
  try {
    return await work({
      onProgress({ file, bytes, totalBytes }) {
        const total = totalBytes === undefined ? '' : ` of ${formatSI(totalBytes, 'B')}`;
        line = `downloading ${file}: ${formatSI(bytes, 'B')}${total}`;
        if (!quiet) live ??= startLive({ stream, view: () => [line], line: () => line });
      },
    });
  } finally {
    live?.stop();
  }
}
