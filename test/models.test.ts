import { expect, test } from 'vitest';
import { scree } from './support/cli.js';

test('models are listed with what they cost on a given input', async () => {
  const { code, stdout } = await scree(['models', '--input', '1x28x28', '--json']);
  expect(code).toBe(0);
  const rows = JSON.parse(stdout) as readonly Record<string, unknown>[];
  // Counts by hand: see the layers' tests.
  expect(rows.find(({ model }) => model === 'lenet')).toMatchObject({
    input: [1, 28, 28],
    classes: 10,
    parameters: 61_706,
    forwardFlops: 2 * (784 * 6 * 25 + 100 * 16 * 150 + 400 * 120 + 120 * 84 + 84 * 10),
  });
  expect(rows.find(({ model }) => model === 'transformer')).toMatchObject({
    parameters: null,
    problem: 'transformer: examples of shape [1,28,28] are no sequences of characters, [length]',
  });
});

test.each([
  [['--input', '3x-2'], 'error: --input 3x-2 is no shape; write extents with x between, as 3x32x32\n'],
  [['--classes', '0'], 'error: --classes must be a positive integer, not 0\n'],
])('%j is told in one line', async (options, message) => {
  expect(await scree(['models', ...options])).toMatchObject({ code: 1, stderr: message });
});
