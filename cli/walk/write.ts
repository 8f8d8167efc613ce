import { writeFile } from 'node:fs/promises';
import { ScreeError } from '../../src/graph/errors.js';
import type { Walk } from '../../src/landscape/walk.js';

/**
 * Writes a file, lines one after the other so that a million steps need no string of them all.
 * @throws ScreeError where the file cannot be written
 */
export async function writeOut(path: string, content: string | Uint8Array | Iterable<string>): Promise<void> {
  try {
    await writeFile(path, content);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ScreeError(`cannot write ${path}: ${why}`, { cause: error });
  }
}

function csvCell(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A row for each step of each walk, all digits: walk (from 1), optimizer, step, the variables, f, gradient. */
export function* csvLines(
  walks: readonly Walk[],
  names: readonly string[],
  variables: readonly string[],
): Generator<string> {
  yield ['walk', 'optimizer', 'step', ...variables, 'f', 'gradient'].map(csvCell).join(',') + '\n';
  for (const [index, { path }] of walks.entries()) {
    const head = `${index + 1},${csvCell(names[index])}`;
    for (let row = 0; row < path.length; row++) {
      const numbers = [...path.point(row), path.value(row), path.gradientNorm(row)];
      yield `${head},${row},${numbers.join(',')}\n`;
    }
  }
}

/** Walks as a program reads them: the path has a row for each step, the start first. Numbers that are not finite are null. */
export function walksJson(formula: string, variables: readonly string[], walks: readonly Walk[]): string {
  const told = walks.map(({ optimizer, options, steps, start, end, value, gradientNorm, stop, path }) => ({
    optimizer,
    options,
    steps,
    start,
    end,
    value,
    gradientNorm,
    stop,
    path: path.rows(),
  }));
  return `${JSON.stringify({ formula, variables, walks: told })}\n`;
}
