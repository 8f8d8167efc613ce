import { contourLines, contourRegion, type Grid } from './contour.js';
import { contourLevels } from './contour-levels.js';
import { axes, heading, ink, linearScale, type Frame, type Scale } from './draw-axes.js';
import { depthColor } from './draw-colors.js';
import { numberText, printed } from './draw-text.js';
import { drawWalks, walkLegend, type DrawnWalk } from './draw-walks.js';
import { element, pathData, picture, text } from './svg.js';

/** A point of a surface that is worth a mark. */
export interface DrawnPoint {
  readonly place: readonly [x: number, y: number];
  readonly kind: 'minimum' | 'maximum' | 'saddle';
}

export interface MapDrawing {
  readonly title: string;
  /** A second line, such as the formula where the title is a name. */
  readonly under?: string;
  readonly variables: readonly [x: string, y: string];
  readonly grid: Grid;
  readonly walks?: readonly DrawnWalk[];
  readonly points?: readonly DrawnPoint[];
}

const width = 760;
const left = 72;
const right = 104;

/** The share of the whole that stands for what lies between levels `index` and `index + 1`. */
function bandColor(index: number, count: number): string {
  return depthColor(count === 0 ? 1 : index / count);
}

function bands(grid: Grid, levels: readonly number[], x: Scale, y: Scale): string {
  const regions = [-Infinity, ...levels].map((level, index) => {
    // Every finite value is at least −∞; what has no value shows the ground.
    const lines = contourRegion(grid, index === 0 ? -Number.MAX_VALUE : level);
    const fill = bandColor(index, levels.length);
    return element('path', { d: pathData(lines, x, y, true), fill, 'fill-rule': 'evenodd' });
  });
  const isolines = levels.map((level) => element('path', { d: pathData(contourLines(grid, level), x, y) }));
  const drawn = { fill: 'none', stroke: '#0b2545', 'stroke-opacity': 0.35, 'stroke-width': 0.7 };
  return regions.join('') + element('g', drawn, ...isolines);
}

/** The colours with the levels between them. */
function colorBar(levels: readonly number[], { top, height }: Frame, at: number): string {
  const step = height / (levels.length + 1);
  const boxes = [...levels, Infinity].map((_, index) =>
    element('rect', {
      x: at,
      y: top + height - (index + 1) * step,
      width: 14,
      height: step,
      fill: bandColor(index, levels.length),
    }),
  );
  const every = Math.ceil(16 / step);
  const labels = levels
    .map((level, index) => ({ level, y: top + height - (index + 1) * step }))
    .filter((_, index) => index % every === 0)
    .map(({ level, y }) => text(at + 20, y + 4, printed(numberText(level)), { 'font-size': 12 }));
  const border = { x: at, y: top, width: 14, height, fill: 'none', stroke: ink.line, 'stroke-width': 0.7 };
  return boxes.join('') + element('rect', border) + labels.join('');
}

function pointMarks(points: readonly DrawnPoint[], x: Scale, y: Scale): string {
  const within = ([low, high]: readonly [number, number], value: number) => value >= low && value <= high;
  const marks = points
    .filter(({ place }) => within(x.range, place[0]) && within(y.range, place[1]))
    .map(({ place, kind }) => {
      const [atX, atY] = [x(place[0]), y(place[1])];
      const arms = kind === 'minimum' ? plus : kind === 'saddle' ? cross : peak;
      return element('path', {
        d: pathData(
          arms,
          (at) => atX + at,
          (at) => atY + at,
        ),
      });
    });
  const halo = { fill: 'none', stroke: '#fff', 'stroke-width': 3.6, 'stroke-linecap': 'round' };
  const line = { fill: 'none', stroke: '#222', 'stroke-width': 1.5, 'stroke-linecap': 'round' };
  return element('g', halo, ...marks) + element('g', line, ...marks);
}

const plus = [
  [-5, 0, 5, 0],
  [0, -5, 0, 5],
];
const cross = [
  [-4, -4, 4, 4],
  [-4, 4, 4, -4],
];
const peak = [[-5, 4, 0, -5, 5, 4, -5, 4]];

/** The height of the map's frame for its width, so that units along both axes are alike where that leaves a useful shape. */
function frameHeight({ x, y }: Grid, frameWidth: number): number {
  const ratio = (y[1] - y[0]) / (x[1] - x[0]);
  const isUseful = ratio > 0.4 && ratio < 1.6;
  return frameWidth * (isUseful ? ratio : 0.8);
}

const signs = { minimum: '+ minimum', saddle: '× saddle', maximum: '△ maximum' };

/** Says which signs are used for the points drawn. */
function pointLegend(points: readonly DrawnPoint[], y: number): string {
  const kinds = (['minimum', 'saddle', 'maximum'] as const).filter((kind) =>
    points.some((point) => point.kind === kind),
  );
  const labels = kinds.map((kind) => element('tspan', { dx: 14 }, signs[kind]));
  return element('text', { x: left, y, 'font-size': 12, fill: ink.faint }, 'known points:', ...labels);
}

/** A contour map of a surface of two variables with walks over it, as SVG. */
export function drawMap(drawing: MapDrawing): string {
  const { title, under = '', variables, grid, walks = [], points = [] } = drawing;
  const head = heading(left, width - left - 20, title, under);
  const frameWidth = width - left - right;
  const frame = { left, top: head.height, width: frameWidth, height: frameHeight(grid, frameWidth) };
  const bottom = frame.top + frame.height;
  const x = linearScale(grid.x, [left, left + frameWidth], 8);
  const y = linearScale(grid.y, [bottom, frame.top], 8);
  const levels = contourLevels(grid.values).values;
  const legend = walkLegend(walks, left, bottom + 76, width - left - 20);
  const height = bottom + 60 + legend.height + (points.length > 0 ? 20 : 0) + (walks.length > 0 ? 8 : 0);
  return picture(
    width,
    height,
    title,
    head.svg,
    element('rect', { x: left, y: frame.top, width: frameWidth, height: frame.height, fill: '#d5d5d8' }),
    bands(grid, levels, x, y),
    colorBar(levels, frame, left + frameWidth + 22),
    pointMarks(points, x, y),
    drawWalks(walks, frame, x, y),
    axes(frame, x, y, { xName: variables[0], yName: variables[1] }),
    legend.svg,
    points.length > 0 ? pointLegend(points, height - 14) : '',
  );
}
