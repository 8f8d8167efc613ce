import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

// Every TypeScript block of the documents is a program; a text block right after it is what it prints.

const root = new URL('..', import.meta.url).pathname;
const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith('.md'),
);
const folder = mkdtempSync(join(root, 'test', '.docs-'));
afterAll(() => rmSync(folder, { recursive: true }));

const block = /^```ts\n([\s\S]*?)^```\n(?:\n```text\n([\s\S]*?)^```\n)?/gm;

const programs = pages.flatMap((page) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(block)].map(([, source, output], index) => ({
    name: `${page} ${index + 1}`,
    source,
    output,
  })),
);

describe('programs in the documents', () => {
  test.each(programs)('$name', ({ name, source, output }) => {
    const file = join(folder, `${name.replaceAll(/[^a-z0-9]+/gi, '-')}.ts`);
    writeFileSync(file, source);
    const printed = execFileSync('node', ['--import', 'tsx', file], { cwd: root, encoding: 'utf8' });
    if (output === undefined) expect(printed).not.toBe('');
    else expect(printed).toBe(output);
  });
});
