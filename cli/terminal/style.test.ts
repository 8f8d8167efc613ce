import { PassThrough } from 'node:stream';
import { afterEach, expect, test, vi } from 'vitest';
import { plain, styleFor } from './style.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

const red = '\u001b[31mtext\u001b[39m';

test.each([
  ['a pipe', {}, {}, 'text'],
  ['a pipe with FORCE_COLOR', {}, { FORCE_COLOR: '1' }, red],
  ['a pipe with FORCE_COLOR=0', {}, { FORCE_COLOR: '0' }, 'text'],
  ['a terminal', { isTTY: true, getColorDepth: () => 8 }, {}, red],
  // A terminal's own getColorDepth honours NO_COLOR and TERM=dumb.
  ['a terminal without colours', { isTTY: true, getColorDepth: () => 1 }, {}, 'text'],
])('%s', (_, properties, environment, expected) => {
  vi.stubEnv('FORCE_COLOR', undefined);
  vi.stubEnv('NO_COLOR', undefined);
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  expect(styleFor(Object.assign(new PassThrough(), properties))('red', 'text')).toBe(expected);
  expect(plain('red', 'text')).toBe('text');
});
