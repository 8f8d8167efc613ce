import { axes, gridLines, heading, ink, linearScale, logScale } from './draw-axes.js';
import { element, pathData, picture, text } from './svg.js';

/** A curve with an optional band around it. */
export interface Curve {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** Half the width of the band, for each value. */
  readonly error?: ArrayLike<number>;
}

export interface CurveDrawing {
  readonly title: string;
  readonly under?: string;
  readonly xName: string;
  readonly yName: string;
  readonly curve: Curve;
  /** Vertical lines with a word. */
  readonly marks?: readonly { readonly x: number; readonly label: string }[];
  /** Values over powers of ten, those below `floor` left out. */
  readonly logarithmic?: { readonly floor: number };
}

const width = 760;
const left = 84;
const frameWidth = width - left - 28;
const frameHeight = 380;

/** One curve over numbers, as SVG. */
export function drawCurve({
  title,
  under = '',
  xName,
  yName,
  curve,
  marks = [],
  logarithmic,
}: CurveDrawing): string {
  const head = heading(left, width - left - 20, title, under);
  const frame = { left, top: head.height, width: frameWidth, height: frameHeight };
  const bottom = frame.top + frameHeight;
  const floor = logarithmic?.floor ?? -Infinity;
  const points = Array.from(curve.x, (x, i) => ({ x, y: curve.y[i], error: curve.error?.[i] ?? 0 })).filter(
    ({ x, y }) => Number.isFinite(x) && Number.isFinite(y),
  );
  const highest = Math.max(...points.map(({ y, error }) => y + error));
  const lowest = Math.max(floor, Math.min(...points.map(({ y, error }) => y - error)));
  const space = highest > lowest ? 0.06 * (highest - lowest) : 1;
  const x = linearScale([points[0]?.x ?? 0, points.at(-1)?.x ?? 1], [left, left + frameWidth], 8);
  const y = logarithmic
    ? logScale([floor, Math.max(highest * 2, floor * 10)], [bottom, frame.top], 8)
    : linearScale([lowest - space, highest + space], [bottom, frame.top], 7);
  const held = (value: number) => Math.max(floor, value);
  const lines = aboveFloor(points, floor);
  const upper = points.flatMap((point) => [point.x, held(point.y + point.error)]);
  const lower = points.toReversed().flatMap((point) => [point.x, held(point.y - point.error)]);
  const band =
    curve.error &&
    element('path', {
      d: pathData([[...upper, ...lower]], x, y, true),
      fill: '#4a90c2',
      'fill-opacity': 0.28,
    });
  const inside = marks.filter((mark) => mark.x >= x.range[0] && mark.x <= x.range[1]);
  const drawnMarks = inside.map((mark) =>
    element('line', {
      x1: x(mark.x),
      x2: x(mark.x),
      y1: frame.top,
      y2: bottom,
      stroke: ink.faint,
      'stroke-dasharray': '4 3',
    }),
  );
  const words = inside.map((mark) =>
    text(x(mark.x) + 5, frame.top + 16, mark.label, { 'font-size': 12, fill: ink.faint }),
  );
  return picture(
    width,
    bottom + 56,
    title,
    head.svg,
    gridLines(frame, x, y),
    band ?? '',
    ...drawnMarks,
    element('path', {
      d: pathData(lines, x, y),
      fill: 'none',
      stroke: '#1e3a68',
      'stroke-width': 1.8,
      'stroke-linejoin': 'round',
    }),
    ...words,
    axes(frame, x, y, { xName, yName }),
  );
}

/** The parts of a curve that are not below a floor, each from where it comes up through it to where it goes down, on a logarithmic scale. */
function aboveFloor(
  points: readonly { readonly x: number; readonly y: number }[],
  floor: number,
): number[][] {
  const lines: number[][] = [];
  let current: number[] | undefined;
  points.forEach(({ x, y }, index) => {
    const before = points[index - 1];
    const isAbove = !(y < floor);
    if (before !== undefined && isAbove === before.y < floor) {
      // A value of 0 is as low as a double can be.
      const [from, to, level] = [before.y, y, floor].map((value) =>
        Math.log(Math.max(value, Number.MIN_VALUE)),
      );
      const crossing = before.x + ((x - before.x) * (level - from)) / (to - from);
      if (isAbove) lines.push((current = [crossing, floor]));
      else current?.push(crossing, floor);
    }
    if (!isAbove) current = undefined;
    else if (current === undefined) lines.push((current = [x, y]));
    else current.push(x, y);
  });
  return lines;
}
