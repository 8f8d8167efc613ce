import { expect, test } from 'vitest';
import { tuningProgress } from './tuning.js';

function written(isTTY: boolean, total: number): string {
  let text = '';
  const write = (part: string | Uint8Array) => ((text += String(part)), true);
  const show = tuningProgress({ isTTY, write });
  for (let done = 0; done <= total; done++) show(done, total);
  return text;
}

test('a terminal sees the count, and nothing of it stays', () => {
  const lines = written(true, 2).split('\r\u001b[K');
  expect(lines).toEqual([
    '',
    'measuring convolutions 1/2, once on this machine',
    'measuring convolutions 2/2, once on this machine',
    '',
  ]);
});

test('elsewhere it is one line', () => {
  expect(written(false, 53)).toBe('measuring 53 convolutions, once on this machine\n');
  expect(written(false, 1)).toBe('measuring a convolution, once on this machine\n');
});
