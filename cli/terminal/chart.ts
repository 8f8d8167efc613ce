import { BrailleCanvas } from './braille.js';
import { formatNumber } from './format.js';
import { plain, type Style } from './style.js';
import { pad } from './text.js';

const blocks = '▁▂▃▄▅▆▇█';

/** Means of `count` stretches of `values`, or the values themselves where there are no more; NaN and infinities are left out of means. */
function shorten(values: ArrayLike<number>, count: number): number[] {
  if (values.length <= count) return Array.from(values);
  return Array.from({ length: count }, (_, stretch) => {
    let sum = 0;
    let finite = 0;
    const end = Math.floor(((stretch + 1) * values.length) / count);
    for (let index = Math.floor((stretch * values.length) / count); index < end; index++) {
      if (!Number.isFinite(values[index])) continue;
      sum += values[index];
      finite++;
    }
    return sum / finite;
  });
}

function extent(values: readonly number[]): [low: number, high: number] | undefined {
  const finite = values.filter(Number.isFinite);
  return finite.length === 0 ? undefined : [Math.min(...finite), Math.max(...finite)];
}

/** One line of blocks, at most `width` of them; a blank where a value is not finite. */
export function sparkline(values: ArrayLike<number>, { width = 40 }: { width?: number } = {}): string {
  const points = shorten(values, width);
  const [low, high] = extent(points) ?? [0, 0];
  return points
    .map((value) => {
      if (!Number.isFinite(value)) return ' ';
      const height = high > low ? (value - low) / (high - low) : 0.5;
      return blocks[Math.min(blocks.length - 1, Math.floor(height * blocks.length))];
    })
    .join('');
}

/** How a line chart is drawn. */
export interface LineChartOptions {
  /** Columns, the labels on the left included. */
  width: number;
  /** Rows of the drawing; one for the axis and one for its labels come under it. */
  rows?: number;
  /** `log` where every finite value is positive, else `linear`. */
  scale?: 'linear' | 'log';
  /** What stands under the left end, the middle and the right end. */
  labels?: readonly [left: string, middle: string, right: string];
  style?: Style;
}

/** Columns kept for the labels on the left, so that the drawing does not move when a number gets longer. */
const labelWidth = 9;

/**
 * A line of braille dots over the index of `values`, with the values at top, middle and bottom on the left. Where there are more
 * values than dots, each dot is the mean of a stretch; NaN and infinities are gaps. All of its lines are there even without values.
 */
export function lineChart(
  values: ArrayLike<number>,
  { width, rows = 6, scale = 'linear', labels = ['', '', ''], style = plain }: LineChartOptions,
): string[] {
  const columns = Math.max(1, width - labelWidth - 2);
  const canvas = new BrailleCanvas(columns, rows);
  const points = shorten(values, canvas.width);
  const range = extent(points);
  const log = scale === 'log' && range !== undefined && range[0] > 0;
  const [low, high] = range?.map((value) => (log ? Math.log(value) : value)) ?? [0, 0];
  const dotX = (index: number) =>
    points.length < 2 ? 0 : Math.round((index / (points.length - 1)) * (canvas.width - 1));
  const dotY = (value: number) => {
    const height = high > low ? ((log ? Math.log(value) : value) - low) / (high - low) : 0.5;
    return Math.round((1 - height) * (canvas.height - 1));
  };
  points.forEach((value, index) => {
    if (!Number.isFinite(value)) return;
    const before = points[Math.max(0, index - 1)];
    const from = Number.isFinite(before) ? Math.max(0, index - 1) : index;
    canvas.line(dotX(from), dotY(points[from]), dotX(index), dotY(value));
  });
  const label = (row: number): string => {
    const middle = (rows - 1) >> 1;
    if (range === undefined || (row !== 0 && row !== middle && row !== rows - 1)) return '';
    if (high === low) return row === middle ? formatNumber(range[0]) : '';
    if (row === 0) return formatNumber(range[1]);
    if (row === rows - 1) return formatNumber(range[0]);
    // The value in the middle of this row of four dots.
    const value = low + (1 - (row * 4 + 1.5) / (rows * 4 - 1)) * (high - low);
    return formatNumber(log ? Math.exp(value) : value);
  };
  const lines = canvas.toLines().map((line, row) => {
    const text = label(row);
    return `${style('dim', `${pad(text, labelWidth, 'right')} ${text === '' ? '│' : '┤'}`)}${style('cyan', line)}`;
  });
  const [left, middle, right] = labels;
  const room = columns - left.length - right.length;
  const centred = pad(pad(middle, middle.length + ((room - middle.length) >> 1), 'right'), room);
  const under =
    middle.length + 2 > room ? left + pad(right, columns - left.length, 'right') : left + centred + right;
  lines.push(style('dim', `${' '.repeat(labelWidth + 1)}└${'─'.repeat(columns)}`));
  lines.push(style('dim', `${' '.repeat(labelWidth + 2)}${under.trimEnd()}`));
  return lines;
}

/** A bar of exactly `width` columns, filled up to `fraction` (0 to 1). */
export function progressBar(
  fraction: number,
  { width, style = plain }: { width: number; style?: Style },
): string {
  const halves = Math.round(Math.min(1, Math.max(0, fraction || 0)) * width * 2);
  const filled = halves >> 1;
  const half = halves % 2 === 1 ? '╾' : '';
  const rest = width - filled - half.length;
  return style('cyan', '━'.repeat(filled) + half) + style('dim', '─'.repeat(rest));
}
