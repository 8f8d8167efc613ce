import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { programsIn, root, runPrograms, typeErrors, writePrograms, type Ran } from './support/programs.js';

// Every TypeScript block of the documents and of the docstrings is a program; a text block right after it is what it prints.

const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith('.md'),
);

/** The `@example`s of a module's docstrings, as Markdown. */
function examplesIn(path: string): string {
  const comments = readFileSync(join(root, path), 'utf8').match(/\/\*\*[\s\S]*?\*\//g) ?? [];
  return comments
    .map((comment) => comment.replace(/^\s*\* ?/gm, ''))
    .flatMap((comment) => comment.split(/^@example\s*$/m).slice(1))
    .join('\n');
}

const modules = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  .map((name) => `src/${name}`)
  .sort();

describe.each([
  ['the documents', pages.flatMap((page) => programsIn(page, readFileSync(join(root, page), 'utf8')))],
  ['docstrings', modules.flatMap((path) => programsIn(path, examplesIn(path)))],
])('programs in %s', (_where, programs) => {
  let written: ReturnType<typeof writePrograms>;
  let ran: Ran[];
  let complaints: Map<string, string[]>;
  beforeAll(async () => {
    written = writePrograms(programs);
    ran = await runPrograms(written.files);
    complaints = typeErrors(written.files);
  }, 180_000);
  afterAll(() => rmSync(written.folder, { recursive: true }));

  test.each(programs.map((program, index) => ({ ...program, index })))('$name', ({ output, index }) => {
    const { printed, error } = ran[index];
    expect(error).toBeNull();
    if (output === undefined) expect(printed).not.toBe('');
    else expect(printed).toBe(output);
    expect(complaints.get(written.files[index])).toEqual([]);
  });
});

test('every room shows how it is used', () => {
  const rooms = ['graph', 'ops', 'transform', 'compile', 'random', 'nn', 'optim', 'data', 'train', 'formula'];
  const silent = [...rooms, 'landscape', 'curvature'].filter(
    (room) => !modules.some((path) => path.startsWith(`src/${room}/`) && examplesIn(path) !== ''),
  );
  expect(silent).toEqual([]);
});
