import { stripVTControlCharacters, styleText } from 'node:util';
import { expect, test } from 'vitest';
import { pad, truncate, visibleWidth } from './text.js';

const red = (text: string) => styleText('red', text, { validateStream: false });

test.each([
  ['', 0],
  ['loss ─ 0.3…', 11],
  ['⠑⠢⡀', 3],
  ['重み', 4],
  ['e\u0301', 1],
  ['💡', 2],
  [red('red'), 3],
])('%j is %i columns wide', (text, width) => {
  expect(visibleWidth(text)).toBe(width);
});

test('truncate cuts to the width, between wide characters too', () => {
  expect(truncate('abcdef', 6)).toBe('abcdef');
  expect(truncate('abcdef', 4)).toBe('abc…');
  expect(truncate('重重重', 4)).toBe('重…');
  expect(truncate('abc', 1)).toBe('…');
  expect(truncate('abc', 0)).toBe('');
});

test('truncate keeps what ends a colour', () => {
  const cut = truncate(`${red('abc')}def`, 3);
  expect(stripVTControlCharacters(cut)).toBe('ab…');
  expect(cut).toBe(red('ab…'));
});

test('pad fills up to the width', () => {
  expect(pad(red('ab'), 4)).toBe(`${red('ab')}  `);
  expect(pad('重', 4, 'right')).toBe('  重');
  expect(pad('abc', 2)).toBe('abc');
});
