import { contourLines } from '../../src/landscape/contour.js';
import { contourLevels, valueRange } from '../../src/landscape/contour-levels.js';
import { curvePieces } from '../../src/landscape/draw-curve.js';
import type { DrawnPoint } from '../../src/landscape/draw-map.js';
import { numberText } from '../../src/landscape/draw-text.js';
import { sampleGrid, trail, valuesAt, type Range } from '../../src/landscape/draw-view.js';
import type { Path } from '../../src/landscape/path.js';
import type { Surface } from '../../src/landscape/surface.js';
import { plain, type Style } from '../terminal/style.js';
import { dimPaint, Plot, walkLetter, walkPaint } from './plot.js';

export interface TerminalOptions {
  /** Of the whole drawing, in characters. */
  readonly columns: number;
  readonly style?: Style;
  /** Known points of the surface, each to be marked. */
  readonly points?: readonly DrawnPoint[];
  /** Lines `x, y, x, y, …` to be drawn over the map, each with a sign at its end. */
  readonly lines?: readonly { readonly line: readonly number[]; readonly sign: string }[];
}

const signs = { minimum: '+', saddle: '×', maximum: '^' };

/** Room for the numbers on the left. */
const labels = 12;
const mostColumns = 100;
/** About how many lines dots can tell apart. */
const mostLevels = 6;
const [leastRows, mostRows] = [10, 28];

function markEnds(plot: Plot, line: Float64Array, index: number): void {
  const paint = walkPaint(index, { bold: true });
  plot.sign(line[0], line[1], walkLetter(index), paint);
  plot.sign(line[line.length - 2], line[line.length - 1], walkLetter(index).toUpperCase(), paint);
}

/**
 * A contour map of dots for a surface of two variables, walks over it from a small letter to a capital one, and the levels
 * below it.
 */
export function terminalMap(
  surface: Surface,
  [x, y]: readonly Range[],
  paths: readonly Path[],
  { columns, style = plain, points = [], lines: over = [] }: TerminalOptions,
): string[] {
  const across = Math.min(columns - labels, mostColumns);
  const ratio = (y[1] - y[0]) / (x[1] - x[0]);
  const wanted = Math.round((across * 2 * (ratio > 0.2 && ratio < 5 ? ratio : 0.6)) / 4);
  const rows = Math.min(mostRows, Math.max(leastRows, wanted));
  // As wide as units along both axes are alike, where the rows do not suffice.
  const narrow = wanted > mostRows ? Math.max(30, Math.round((across * mostRows) / wanted)) : across;
  const plot = new Plot(narrow, rows, x, y);
  const grid = sampleGrid(surface, x, y, 2 * narrow, 4 * rows);
  const levels = contourLevels(grid.values, mostLevels);
  plot.draw(
    levels.values.flatMap((level) => contourLines(grid, level)),
    dimPaint,
    {
      // Without colours, walks are told from contours by being solid.
      dotted: style('dim', '') === '',
    },
  );
  const lines = paths.map((path) => trail(path, 0, 1));
  lines.forEach((line, index) => plot.draw([line], walkPaint(index)));
  for (const { place, kind } of points)
    plot.sign(...place, signs[kind], (style, text) => style('bold', text));
  lines.forEach((line, index) => markEnds(plot, line, index));
  over.forEach(({ line, sign }, index) => {
    plot.draw([line], walkPaint(index));
    plot.sign(line[line.length - 2], line[line.length - 1], sign, walkPaint(index, { bold: true }));
  });
  const [xName, yName] = surface.variables;
  const told = levels.values.map((level) => numberText(level, 3)).join(', ');
  const kinds = (['minimum', 'saddle', 'maximum'] as const)
    .filter((kind) => points.some((point) => point.kind === kind))
    .map((kind) => `${signs[kind]} known ${kind}`);
  const notes = [told === '' ? 'flat' : `levels ${told}`, ...kinds].join('   ');
  return [...plot.toLines({ xName, yName, style }), style('dim', notes)];
}

/** The curve of a surface of one variable with a dot for each step. */
export function terminalCurve(
  surface: Surface,
  range: Range,
  paths: readonly Path[],
  { columns, style = plain }: TerminalOptions,
): string[] {
  const across = Math.min(columns - labels, 72);
  const points = Float64Array.from({ length: 2 * across }, (_, dot) => {
    return range[0] + ((range[1] - range[0]) * dot) / (2 * across - 1);
  });
  const values = valuesAt(surface, points);
  const [low, high] = valueRange(values);
  const space = high > low ? 0.03 * (high - low) : 1;
  const shown = [low - space, high + space] as const;
  const plot = new Plot(across, 12, range, shown);
  plot.draw(curvePieces(values, range, shown), dimPaint);
  paths.forEach((path, index) => {
    for (let row = 0; row < path.length; row++)
      plot.sign(path.at(row, 0), path.value(row), '•', walkPaint(index));
    markEnds(plot, trail(path, 0, 'value'), index);
  });
  return plot.toLines({ xName: surface.variables[0], yName: 'f', style });
}
