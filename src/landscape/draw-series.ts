import { axes, gridLines, heading, linearScale, logScale } from './draw-axes.js';
import { drawWalks, walkLegend, type DrawnWalk } from './draw-walks.js';
import { picture } from './svg.js';

export interface SeriesDrawing {
  readonly title: string;
  readonly under?: string;
  readonly yName: string;
  /** With the step as x and the value as y. */
  readonly walks: readonly DrawnWalk[];
}

const width = 760;
const left = 84;
const frameWidth = width - left - 28;
const frameHeight = 420;

/** Values that fall by this factor or more are drawn over powers of ten. */
const decades = 30;

function valuesOf(walks: readonly DrawnWalk[]): number[] {
  const values: number[] = [];
  for (const { places } of walks) {
    for (let index = 1; index < places.length; index += 2) {
      if (Number.isFinite(places[index])) values.push(places[index]);
    }
  }
  return values.sort((a, b) => a - b);
}

/** The value against the step for walks of any number of variables, as SVG; on a logarithmic scale where all values are above 0. */
export function drawSeries({ title, under = '', yName, walks }: SeriesDrawing): string {
  const head = heading(left, width - left - 20, title, under);
  const frame = { left, top: head.height, width: frameWidth, height: frameHeight };
  const bottom = frame.top + frameHeight;
  const sorted = valuesOf(walks);
  const [low, high] = sorted.length === 0 ? [0, 1] : [sorted[0], sorted[sorted.length - 1]];
  const last = Math.max(1, ...walks.map(({ places }) => places.at(-2) ?? 0));
  const x = linearScale([0, last], [left, left + frameWidth], 8);
  const isLog = low > 0 && high / low >= decades;
  const space = high > low ? 0.05 * (high - low) : 1;
  const y = isLog
    ? logScale([low / 1.5, high * 1.5], [bottom, frame.top], 8)
    : linearScale([low - space, high + space], [bottom, frame.top], 7);
  const legend = walkLegend(walks, left, bottom + 76, width - left - 20);
  return picture(
    width,
    bottom + 66 + legend.height,
    title,
    head.svg,
    gridLines(frame, x, y),
    drawWalks(walks, frame, x, y),
    axes(frame, x, y, { xName: 'step', yName }),
    legend.svg,
  );
}
