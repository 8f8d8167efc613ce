// Finds what the linter has no rule for: casts that hide a type error, and comments that switch a checker off.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folders = ['src', 'cli', 'lab', 'bench', 'examples', 'test', 'scripts'];
const source = /\.(ts|mjs|svelte)$/;

const forbidden = [
  { pattern: /\bas unknown +as\b/, instead: 'a cast through unknown: give the value its type' },
  {
    pattern: /(eslint|oxlint)-disable|@ts-(ignore|expect-error|nocheck)/,
    instead: 'a switched-off check: mend what it found',
  },
];

let count = 0;
for (const folder of folders) {
  for (const path of filesOf(folder)) {
    for (const [index, line] of readFileSync(path, 'utf8').split('\n').entries()) {
      for (const { pattern, instead } of forbidden) {
        if (!pattern.test(line)) continue;
        console.log(`${path}:${index + 1}: ${instead}`);
        count++;
      }
    }
  }
}
process.exitCode = count > 0 ? 1 : 0;

/** @param {string} folder */
function filesOf(folder) {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => source.test(name) && !name.includes('node_modules'))
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}
