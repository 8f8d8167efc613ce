import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** The first program by hand: a hundred steps of gradient descent on the mean squared error, by its written-out gradient. */
function fitByHand(): string {
  const x = [0, 1, 2, 3];
  const y = [1, 3, 5, 7];
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  let [slope, height, squared] = [0, 0, 0];
  for (let count = 0; count < 100; count++) {
    const errors = x.map((at, index) => slope * at + height - y[index]);
    squared = mean(errors.map((error) => error ** 2));
    slope -= 0.1 * mean(errors.map((error, index) => 2 * error * x[index]));
    height -= 0.1 * mean(errors.map((error) => 2 * error));
  }
  return `y = ${slope.toFixed(3)} x + ${height.toFixed(3)}, mean squared error ${squared.toExponential(1)}\n`;
}

test('the first program prints what a hand-written loop gives', () => {
  const program = fileURLToPath(new URL('../examples/first-program.ts', import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', program], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(stdout).toBe(fitByHand());
});
