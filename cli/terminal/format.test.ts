import { expect, test } from 'vitest';
import { formatCount, formatDuration, formatNumber, formatPercent, formatSI } from './format.js';

test.each([
  [0, '0ms'],
  [999.4, '999ms'],
  [999.6, '1.0s'],
  [3210, '3.2s'],
  [9940, '9.9s'],
  [9960, '10s'],
  [59_499, '59s'],
  [59_500, '1m 00s'],
  [64_000, '1m 04s'],
  [3_599_600, '1h 00m'],
  [7_980_000, '2h 13m'],
  [86_399_000, '1d 00h'],
  [273_600_000, '3d 04h'],
  [Infinity, '–'],
  [NaN, '–'],
  [-5, '–'],
])('formatDuration(%d) is %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test.each([
  [61_706, '61,706'],
  [999, '999'],
  [1e9, '1,000,000,000'],
])('formatCount(%d) is %s', (count, text) => {
  expect(formatCount(count)).toBe(text);
});

test.each([
  [0, '', '0'],
  [0.25, '', '0.25'],
  [231.4, '', '231'],
  [999.6, '', '1k'],
  [1234, '', '1.23k'],
  [11_173_962, '', '11.2M'],
  [30_873_000, 'B', '30.9 MB'],
  [512, 'B', '512 B'],
  [-1500, '', '-1.5k'],
  [1.5e21, '', '1,500,000P'],
  [NaN, 'B', 'NaN B'],
])('formatSI(%d, %j) is %s', (value, unit, text) => {
  expect(formatSI(value, unit)).toBe(text);
});

test.each([
  [2.302585, '2.303'],
  [0.3, '0.3000'],
  [0.0012345, '0.001234'],
  [0.00098765, '9.877e-4'],
  [1e-7, '1e-7'],
  [12.3456, '12.35'],
  [999.99, '1000'],
  [12_345.6, '12,346'],
  [1_234_567, '1.235e6'],
  [-0.5, '-0.5000'],
  [0, '0'],
  [NaN, 'NaN'],
  [-Infinity, '-Infinity'],
])('formatNumber(%d) is %s', (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

test.each([
  [0.8871, '88.7%'],
  [0, '0.0%'],
  [0.99999, '99.9%'],
  [1, '100.0%'],
  [NaN, 'NaN'],
])('formatPercent(%d) is %s', (fraction, text) => {
  expect(formatPercent(fraction)).toBe(text);
});
