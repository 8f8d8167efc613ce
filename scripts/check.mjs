// Holds the code to the rules of the house. One line a check; a check's output only when it fails.

import { spawnSync } from 'node:child_process';
import { delimiter, resolve } from 'node:path';
import { stripVTControlCharacters, styleText } from 'node:util';

const checks = [
  { name: 'types', command: 'tsc -p tsconfig.json' },
  { name: 'lint', command: 'oxlint' },
  { name: 'habits', command: 'node scripts/check-habits.mjs' },
  { name: 'format', command: 'prettier --check --log-level warn .' },
  {
    name: 'imports',
    command: 'depcruise --config .dependency-cruiser.mjs .',
  },
  { name: 'unused', command: 'knip' },
  { name: 'build', command: 'npm run -s build' },
  { name: 'package', command: 'publint --strict' },
];

const color = process.stdout.isTTY;
/** @param {'green' | 'red'} style @param {string} text */
const paint = (style, text) => (color ? styleText(style, text) : text);
/** @param {number} since */
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** @type {NodeJS.ProcessEnv} */
const env = { ...process.env, PATH: resolve('node_modules/.bin') + delimiter + process.env.PATH };
if (color) env.FORCE_COLOR = '1';

const start = performance.now();
let failures = 0;
for (const { name, command } of checks) {
  const from = performance.now();
  const run = spawnSync(command, { shell: true, encoding: 'utf8', env, maxBuffer: 64 * 2 ** 20 });
  const ok = run.status === 0;
  if (!ok) failures++;
  console.log(`${name.padEnd(8)} ${ok ? paint('green', 'ok  ') : paint('red', 'fail')} ${seconds(from)}`);
  if (!ok) console.log(indent(run.stdout + run.stderr));
}
const verdict = failures === 0 ? 'all checks ok' : `${failures} of ${checks.length} checks failed`;
console.log(`${verdict}, ${seconds(start)}`);
process.exitCode = failures === 0 ? 0 : 1;

/** @param {string} output */
function indent(output) {
  const lines = output.split('\n').filter((line) => stripVTControlCharacters(line).trim() !== '');
  return lines.map((line) => `    ${line}`).join('\n');
}
