import { ink, type Frame, type Scale } from './draw-axes.js';
import { printed, shorten } from './draw-text.js';
import { element, escapeXml, pathData } from './svg.js';

/** A walk to be drawn, its places in the units of the axes. */
export interface DrawnWalk {
  /** The optimiser. */
  readonly name: string;
  /** How it ended. */
  readonly note: string;
  /** `x, y, x, y, …`, the start first. */
  readonly places: Float64Array;
}

/** Colours that stand out on the map and from each other, for colour-blind readers too; the marks differ as well. */
const colors = ['#d7301f', '#111111', '#b5179e', '#f08c00', '#5b3a9b', '#0b6e4f'];

/** How many colours there are before the first comes again. */
export const walkColors = colors.length;

export function walkColor(index: number): string {
  return colors[index % colors.length];
}

/** Pixels between two points of a line, and between two marks of steps. */
const leastSegment = 0.5;
const leastMarks = 7;

interface Thinned {
  readonly line: number[];
  readonly marks: (readonly [number, number])[];
}

/** What of a walk can be told apart on paper. Places that are no numbers or far off the frame are left out. */
function thin(places: Float64Array, frame: Frame, x: Scale, y: Scale): Thinned {
  const line: number[] = [];
  const marks: (readonly [number, number])[] = [];
  const far = 20 * Math.max(frame.width, frame.height);
  for (let index = 0; index + 1 < places.length; index += 2) {
    const place = [x(places[index]), y(places[index + 1])] as const;
    if (!place.every((pixels) => Math.abs(pixels) < far)) continue;
    const [atX, atY] = place;
    const isLast = index + 2 >= places.length;
    const moved = Math.hypot(atX - (line.at(-2) ?? Infinity), atY - (line.at(-1) ?? 0));
    if (isLast || moved >= leastSegment) line.push(atX, atY);
    const mark = marks.at(-1);
    if (mark === undefined || Math.hypot(atX - mark[0], atY - mark[1]) >= leastMarks) marks.push(place);
  }
  return { line, marks };
}

/** The mark of a walk's steps: a shape of its own beside the colour. */
function stepMark(index: number, x: number, y: number, size: number): string {
  const shapes = [
    () => element('circle', { cx: x, cy: y, r: size }),
    () => element('rect', { x: x - 0.9 * size, y: y - 0.9 * size, width: 1.8 * size, height: 1.8 * size }),
    () => polygon(x, y, [0, -1.25, 1.15, 0.85, -1.15, 0.85], size),
    () => polygon(x, y, [0, -1.35, 1.35, 0, 0, 1.35, -1.35, 0], size),
  ];
  return shapes[index % shapes.length]();
}

function polygon(x: number, y: number, corners: readonly number[], size: number): string {
  const line = corners.map((value, index) => (index % 2 === 0 ? x : y) + size * value);
  return element('path', { d: pathData([line], Number, Number, true) });
}

function drawWalk({ places }: DrawnWalk, index: number, frame: Frame, x: Scale, y: Scale): string {
  const { line, marks } = thin(places, frame, x, y);
  if (line.length === 0) return '';
  const color = walkColor(index);
  const d = pathData([line], Number, Number);
  const joined = { fill: 'none', 'stroke-linejoin': 'round', 'stroke-linecap': 'round' };
  const small = marks.slice(1).map(([atX, atY]) => stepMark(index, atX, atY, 2.4));
  const [startX, startY] = [line[0], line[1]];
  const [endX, endY] = [line.at(-2) ?? startX, line.at(-1) ?? startY];
  return element(
    'g',
    {},
    element('path', { d, ...joined, stroke: '#fff', 'stroke-width': 4, 'stroke-opacity': 0.75 }),
    element('path', { d, ...joined, stroke: color, 'stroke-width': 1.6 }),
    element('g', { fill: color, stroke: '#fff', 'stroke-width': 0.6 }, ...small),
    element('circle', { cx: startX, cy: startY, r: 5.2, fill: '#fff', stroke: color, 'stroke-width': 2.2 }),
    element('circle', { cx: endX, cy: endY, r: 5.6, fill: color, stroke: '#fff', 'stroke-width': 1.6 }),
  );
}

/**
 * All walks over each other, cut off at the frame: lines with a mark at each step, a ring at the start, a disc at the end.
 * @param under SVG that is cut off with them and comes first
 */
export function drawWalks(walks: readonly DrawnWalk[], frame: Frame, x: Scale, y: Scale, under = ''): string {
  const { left, top, width, height } = frame;
  const drawn = walks.map((walk, index) => drawWalk(walk, index, frame, x, y));
  return (
    element('clipPath', { id: 'frame' }, element('rect', { x: left, y: top, width, height })) +
    element('g', { 'clip-path': 'url(#frame)' }, under, ...drawn)
  );
}

const lineHeight = 22;

/** A line for each walk: its mark, its optimiser and how it ended. */
export function walkLegend(
  walks: readonly DrawnWalk[],
  left: number,
  top: number,
  width: number,
): { svg: string; height: number } {
  const characters = Math.floor((width - 34) / 6.6);
  const rows = walks.map(({ name, note }, index) => {
    const y = top + index * lineHeight;
    const color = walkColor(index);
    const label = shorten(printed(name), characters);
    const rest = shorten(printed(note), Math.max(1, characters - Array.from(label).length - 2));
    return [
      element('line', {
        x1: left,
        x2: left + 26,
        y1: y - 4.5,
        y2: y - 4.5,
        stroke: color,
        'stroke-width': 2,
      }),
      element('g', { fill: color }, stepMark(index, left + 13, y - 4.5, 3.6)),
      element(
        'text',
        { x: left + 34, y },
        element('tspan', { 'font-weight': 600 }, escapeXml(label)),
        element('tspan', { fill: ink.faint, dx: 8 }, escapeXml(rest)),
      ),
    ].join('');
  });
  return { svg: rows.join(''), height: walks.length * lineHeight };
}
