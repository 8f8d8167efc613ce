import { valueRange } from './contour-levels.js';
import { axes, gridLines, heading, linearScale } from './draw-axes.js';
import type { Range } from './draw-view.js';
import { drawWalks, walkLegend, type DrawnWalk } from './draw-walks.js';
import { element, pathData, picture } from './svg.js';

export interface CurveDrawing {
  readonly title: string;
  readonly under?: string;
  readonly variable: string;
  readonly range: Range;
  /** Values at evenly spaced places of the range, both ends included; NaN where the function has none. */
  readonly values: Float64Array;
  readonly walks: readonly DrawnWalk[];
}

const width = 760;
const left = 72;
const frameWidth = width - left - 28;
const frameHeight = 420;

/** The values to show: those of the curve but for poles, and those of the walks where they lie on what is shown of it. */
function heights(values: Float64Array, range: Range, walks: readonly DrawnWalk[]): Range {
  let [low, high] = valueRange(values);
  for (const { places } of walks) {
    for (let index = 0; index + 1 < places.length; index += 2) {
      const [x, value] = [places[index], places[index + 1]];
      if (!Number.isFinite(value) || x < range[0] || x > range[1]) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  const space = high > low ? 0.06 * (high - low) : 1;
  return [low - space, high + space];
}

/** The curve in pieces, broken where there is no value and at jumps from one end of the frame past the other. */
export function curvePieces(values: Float64Array, [from, to]: Range, [low, high]: Range): number[][] {
  const pieces: number[][] = [];
  let piece: number[] | undefined;
  let before = NaN;
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    const isJump = (value > high && before < low) || (value < low && before > high);
    if (!Number.isFinite(value)) piece = undefined;
    else {
      if (piece === undefined || isJump) pieces.push((piece = []));
      // No farther than is needed to leave the frame.
      const drawn = Math.min(Math.max(value, 2 * low - high), 2 * high - low);
      piece.push(from + ((to - from) * index) / (values.length - 1), drawn);
    }
    before = value;
  }
  return pieces;
}

/** The curve of a function of one variable with the steps of walks on it, as SVG. */
export function drawCurve({ title, under = '', variable, range, values, walks }: CurveDrawing): string {
  const head = heading(left, width - left - 20, title, under);
  const frame = { left, top: head.height, width: frameWidth, height: frameHeight };
  const bottom = frame.top + frameHeight;
  const shown = heights(values, range, walks);
  const x = linearScale(range, [left, left + frameWidth], 8);
  const y = linearScale(shown, [bottom, frame.top], 7);
  const legend = walkLegend(walks, left, bottom + 76, width - left - 20);
  const curve = element('path', {
    d: pathData(curvePieces(values, range, shown), x, y),
    fill: 'none',
    stroke: '#295f8d',
    'stroke-width': 2.2,
    'stroke-linejoin': 'round',
  });
  return picture(
    width,
    bottom + 66 + legend.height,
    title,
    head.svg,
    gridLines(frame, x, y),
    drawWalks(walks, frame, x, y, curve),
    axes(frame, x, y, { xName: variable, yName: 'f' }),
    legend.svg,
  );
}
