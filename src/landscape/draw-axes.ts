import { ticks } from './contour-levels.js';
import { numberText, printed, shorten, typeset } from './draw-text.js';
import { element, text } from './svg.js';

/** The rectangle that a drawing fills, in pixels. */
export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Numbers to pixels along one axis. */
export interface Scale {
  (value: number): number;
  readonly range: readonly [number, number];
  readonly ticks: readonly number[];
}

type Pixels = readonly [from: number, to: number];

export function linearScale(range: readonly [number, number], [from, to]: Pixels, count: number): Scale {
  const [low, high] = range;
  const scale = (value: number) => from + ((value - low) / (high - low)) * (to - from);
  return Object.assign(scale, { range, ticks: ticks(low, high, count) });
}

/** For ranges above 0; ticks at powers of ten, or at 1, 2 and 5 times them where there are few. */
export function logScale(range: readonly [number, number], [from, to]: Pixels, count: number): Scale {
  const [low, high] = range.map(Math.log10);
  const scale = (value: number) => from + ((Math.log10(value) - low) / (high - low)) * (to - from);
  const every = Math.max(1, Math.ceil((high - low) / count));
  const digits = high - low < 2 ? [1, 2, 5] : [1];
  const marks: number[] = [];
  for (let power = Math.floor(low); power <= high; power++) {
    if (power % every !== 0) continue;
    // From text, so that 10⁻⁵ is 0.00001 and nothing beside it.
    for (const digit of digits) marks.push(Number(`${digit}e${power}`));
  }
  return Object.assign(scale, { range, ticks: marks.filter((mark) => mark >= range[0] && mark <= range[1]) });
}

/** Colours of what surrounds the data. */
export const ink = { text: '#222', faint: '#667', line: '#556', grid: '#e6e6ec' };

/** Frame, ticks with numbers, and names of the axes; with `grid`, faint lines across. Comes after what is drawn inside. */
export function axes(
  { left, top, width, height }: Frame,
  x: Scale,
  y: Scale,
  { xName, yName }: { xName: string; yName: string },
): string {
  const bottom = top + height;
  const parts = [
    element('rect', { x: left, y: top, width, height, fill: 'none', stroke: ink.line, 'stroke-width': 1 }),
  ];
  const tick = (x1: number, y1: number, x2: number, y2: number) =>
    element('line', { x1, y1, x2, y2, stroke: ink.line });
  for (const value of x.ticks) {
    parts.push(tick(x(value), bottom, x(value), bottom + 5));
    parts.push(text(x(value), bottom + 19, printed(numberText(value, 6)), { 'text-anchor': 'middle' }));
  }
  for (const value of y.ticks) {
    parts.push(tick(left - 5, y(value), left, y(value)));
    parts.push(text(left - 9, y(value) + 4.5, printed(numberText(value, 6)), { 'text-anchor': 'end' }));
  }
  const name = { 'text-anchor': 'middle', 'font-size': 15, 'font-style': 'italic' };
  parts.push(text(left + width / 2, bottom + 40, typeset(xName), name));
  const middle = top + height / 2;
  parts.push(
    text(0, 0, typeset(yName), { ...name, transform: `translate(${left - 52} ${middle}) rotate(-90)` }),
  );
  return element('g', {}, ...parts);
}

/** Faint lines across at the ticks. Comes before what is drawn. */
export function gridLines({ left, top, width, height }: Frame, x: Scale, y: Scale): string {
  const lines = [
    ...x.ticks.map((value) => ({ x1: x(value), x2: x(value), y1: top, y2: top + height })),
    ...y.ticks.map((value) => ({ x1: left, x2: left + width, y1: y(value), y2: y(value) })),
  ];
  return element('g', { stroke: ink.grid }, ...lines.map((line) => element('line', line)));
}

/** Title and, under it, what is drawn, cut to a width in pixels. @returns also the height that they take */
export function heading(
  left: number,
  width: number,
  title: string,
  under: string,
): { svg: string; height: number } {
  // About the width of a character of either size.
  const lines = [text(left, 32, shorten(title, width / 11), { 'font-size': 19, 'font-weight': 600 })];
  if (under !== '')
    lines.push(text(left, 54, shorten(under, width / 7.5), { 'font-size': 14, fill: ink.faint }));
  return { svg: lines.join(''), height: under === '' ? 48 : 70 };
}
