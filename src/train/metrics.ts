import { open, readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ScreeError } from '../graph/errors.js';
import { AppendFile, type AppendOptions } from './append-file.js';
import { errorCode, fileError } from './file-errors.js';

/** One line of `metrics.jsonl`: the step that has just been taken and any measured numbers, such as `epoch`, `loss`, `lr`. */
export interface MetricsRow {
  step: number;
  [name: string]: number;
}

/** Numbers that JSON has no notation for, as strings (the notation of protobuf's JSON mapping). */
const nonFinite = ['NaN', 'Infinity', '-Infinity'] as const;

const rowSchema = z
  .record(z.string(), z.union([z.number(), z.enum(nonFinite).transform(Number)]))
  .transform(({ step, ...rest }, context): MetricsRow => {
    if (Number.isSafeInteger(step)) return { step, ...rest };
    context.addIssue({ code: 'custom', message: 'step is not an integer' });
    return z.NEVER;
  });

function parseRow(line: string): MetricsRow | undefined {
  try {
    return rowSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/**
 * Opens `metrics.jsonl` for writing: one JSON object a line, appended in the order of steps.
 * @param resumeFrom the step of the checkpoint that a run goes on from: lines beyond it and a torn last line are cut off, so that
 * the file will read as if the run had never stopped. Without it the file must not exist or be empty.
 */
export async function openMetrics(
  path: string,
  { resumeFrom, ...options }: AppendOptions & { resumeFrom?: number } = {},
): Promise<AppendFile<MetricsRow>> {
  await cutBeyond(path, resumeFrom);
  return AppendFile.open(path, encodeRow, options);
}

function encodeRow(row: MetricsRow): string {
  const json = Object.values(row).every(Number.isFinite)
    ? JSON.stringify(row)
    : JSON.stringify(row, (_, value: unknown) =>
        typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
      );
  return `${json}\n`;
}

async function cutBeyond(path: string, step: number | undefined): Promise<void> {
  const file = await open(path, 'r+').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw fileError('cannot write', path, error);
  });
  if (!file) return;
  try {
    const bytes = await file.readFile();
    if (step === undefined && bytes.length > 0) {
      throw new ScreeError(`'${path}' holds the metrics of another run already`);
    }
    // From the end, for only the tail is read: the steps go up.
    let end = bytes.lastIndexOf(0x0a) + 1;
    while (end > 0) {
      const begin = bytes.lastIndexOf(0x0a, end - 2) + 1;
      const row = parseRow(bytes.toString('utf8', begin, end));
      if (row !== undefined && row.step <= (step ?? 0)) break;
      end = begin;
    }
    await file.truncate(end);
  } catch (error) {
    throw fileError('cannot write', path, error);
  } finally {
    await file.close();
  }
}

/** The rows of a `metrics.jsonl`, without a torn last line. @throws ScreeError naming the line that is none. */
export async function readMetrics(path: string): Promise<MetricsRow[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw fileError('cannot read', path, error);
  });
  return text
    .split('\n')
    .slice(0, -1)
    .map((line, index) => {
      const row = parseRow(line);
      if (!row) {
        throw new ScreeError(
          `'${path}', line ${index + 1} is not an object of numbers with a step: ${line.slice(0, 60)}`,
        );
      }
      return row;
    });
}
