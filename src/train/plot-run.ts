import {
  axes,
  gridLines,
  heading,
  linearScale,
  logScale,
  type Frame,
  type Scale,
} from '../landscape/draw-axes.js';
import { printed, shorten } from '../landscape/draw-text.js';
import { walkColor } from '../landscape/draw-walks.js';
import { element, escapeXml, pathData, picture } from '../landscape/svg.js';
import type { MetricsRow } from './metrics.js';

/** One run to be drawn. */
export interface PlottedRun {
  readonly name: string;
  readonly rows: readonly MetricsRow[];
}

/** A line of a run: `step, value, step, value, …`. */
export type Curve = number[];

/** Steps by whose mean a batch's number is smoothed, as a share of the run. */
const smoothingShare = 1 / 30;

/** The numbers of one name over the steps. */
export function curveOf(rows: readonly MetricsRow[], name: string): Curve {
  return rows.flatMap((row) => (row[name] === undefined ? [] : [row.step, row[name]]));
}

/** Exponential mean with the start's bias taken out (as Adam's), over about a thirtieth of the run; numbers that are not finite are passed over. */
export function smoothed(curve: Curve): Curve {
  const keep = 1 - 1 / Math.max(1, (curve.length / 2) * smoothingShare);
  const line: Curve = [];
  let [mean, weight] = [0, 0];
  for (let index = 0; index < curve.length; index += 2) {
    if (!Number.isFinite(curve[index + 1])) continue;
    mean = keep * mean + (1 - keep) * curve[index + 1];
    weight = keep * weight + (1 - keep);
    line.push(curve[index], mean / weight);
  }
  return line;
}

/** What is drawn in one frame: batches faint and smoothed, tested parts with a mark at each epoch. */
interface Panel {
  readonly title: string;
  /** Of every step; drawn smoothed over the raw numbers, unless `exact`. */
  readonly batch?: string;
  readonly tested: readonly { readonly name: string; readonly label: string; readonly dash?: string }[];
  readonly height: number;
  readonly exact?: boolean;
  readonly log?: boolean;
}

/** Names of the task's metrics, in the order in which one is chosen. */
const metrics = ['accuracy', 'r2', 'rmse', 'perplexity', 'bits'];

const capital = (name: string) => name[0].toUpperCase() + name.slice(1);

function panelsOf(runs: readonly PlottedRun[]): Panel[] {
  const known = new Set(runs.flatMap(({ rows }) => rows.flatMap((row) => Object.keys(row))));
  const metric = metrics.find((name) => known.has(`test${capital(name)}`) || known.has(name));
  const tested = (name: string) =>
    [
      { name: `validation${capital(name)}`, label: 'validation', dash: '6 3' },
      { name: `test${capital(name)}`, label: 'test' },
    ].filter((line) => known.has(line.name));
  return [
    { title: 'loss', batch: 'loss', tested: tested('loss'), height: 260, log: true },
    ...(metric === undefined
      ? []
      : [
          { title: metric, ...(known.has(metric) && { batch: metric }), tested: tested(metric), height: 220 },
        ]),
    ...(known.has('lr')
      ? [{ title: 'learning rate', batch: 'lr', tested: [], height: 110, exact: true }]
      : []),
  ];
}

const width = 820;
const left = 88;
const frameWidth = width - left - 28;

/** The values that a panel must show: of raw batches all but the rare ones far out. */
function rangeOf(lines: readonly Curve[], raw: readonly Curve[]): [number, number] {
  const values = lines.flatMap((line) => line.filter((_, index) => index % 2 === 1)).filter(Number.isFinite);
  const batches = raw.flatMap((line) => line.filter((_, index) => index % 2 === 1)).filter(Number.isFinite);
  batches.sort((a, b) => a - b);
  const ends = [0.005, 0.995].map((share) => batches[Math.round(share * (batches.length - 1))] ?? NaN);
  let [low, high] = [Infinity, -Infinity];
  for (const value of [...values, ...ends.filter(Number.isFinite)]) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : [0, 1];
}

/** Losses that fall by this factor or more are drawn over powers of ten. */
const decades = 10;

function valueScale([low, high]: [number, number], frame: Frame, { log = false, height }: Panel): Scale {
  const pixels = [frame.top + frame.height, frame.top] as const;
  if (log && low > 0 && high / low >= decades) return logScale([low / 1.15, high * 1.15], pixels, 6);
  const space = high > low ? 0.05 * (high - low) : Math.abs(high) * 0.1 || 1;
  return linearScale([low - space, high + space], pixels, height > 150 ? 6 : 3);
}

function line(
  curve: Curve,
  x: Scale,
  y: Scale,
  style: Readonly<Record<string, string | number | undefined>>,
) {
  // What leaves the frame is cut there; what is no number breaks nothing but itself.
  const points = curve.filter((_, index) => Number.isFinite(curve[index - (index % 2) + 1]));
  const shape = { fill: 'none', 'stroke-linejoin': 'round', 'stroke-linecap': 'round' };
  return points.length === 0 ? '' : element('path', { d: pathData([points], x, y), ...shape, ...style });
}

/** Marks where epochs were tested, while they can be told apart. */
function marks(curve: Curve, x: Scale, y: Scale, color: string): string {
  if (curve.length > 80) return '';
  const dots = Array.from({ length: curve.length / 2 }, (_, index) =>
    Number.isFinite(curve[2 * index + 1])
      ? element('circle', { cx: x(curve[2 * index]), cy: y(curve[2 * index + 1]), r: 3 })
      : '',
  );
  return element('g', { fill: color, stroke: '#fff', 'stroke-width': 0.8 }, ...dots);
}

function drawPanel(
  panel: Panel,
  runs: readonly PlottedRun[],
  frame: Frame,
  last: number,
  index: number,
): string {
  const { batch, tested, exact = false } = panel;
  const drawn = runs.map(({ rows }) => {
    const raw = batch === undefined ? [] : curveOf(rows, batch);
    return { raw, main: exact ? raw : smoothed(raw), tests: tested.map(({ name }) => curveOf(rows, name)) };
  });
  const lines = drawn.flatMap(({ main, tests }) => [main, ...tests]);
  const y = valueScale(
    rangeOf(
      lines,
      drawn.map(({ raw }) => raw),
    ),
    frame,
    panel,
  );
  const x = linearScale([0, last], [frame.left, frame.left + frame.width], 8);
  const faint = exact
    ? []
    : drawn.map(({ raw }, run) =>
        line(raw, x, y, { stroke: walkColor(run), 'stroke-width': 0.8, 'stroke-opacity': 0.22 }),
      );
  const bold = drawn.map(({ main, tests }, run) => {
    const color = walkColor(run);
    // Where a part was tested, that is what counts: the batches' mean stays behind it.
    const opacity = tests.some((test) => test.length > 0) ? 0.65 : 1;
    return [
      line(main, x, y, { stroke: color, 'stroke-width': 1.8, 'stroke-opacity': opacity }),
      ...tests.map(
        (test, at) =>
          line(test, x, y, { stroke: color, 'stroke-width': 2.2, 'stroke-dasharray': tested[at].dash }) +
          marks(test, x, y, color),
      ),
    ].join('');
  });
  const id = `frame-${index}`;
  const { left: fromX, top, width: w, height: h } = frame;
  return [
    gridLines(frame, x, y),
    element('clipPath', { id }, element('rect', { x: fromX, y: top, width: w, height: h })),
    element('g', { 'clip-path': `url(#${id})` }, ...faint, ...bold),
    axes(frame, x, y, { xName: 'step', yName: panel.title }),
  ].join('');
}

const lineHeight = 22;

/** A line for each run, and one for what the kinds of lines are. */
function legend(runs: readonly PlottedRun[], panels: readonly Panel[], top: number): string {
  const sample = (x: number, y: number, style: Readonly<Record<string, string | number | undefined>>) =>
    element('line', { x1: x, x2: x + 26, y1: y - 4.5, y2: y - 4.5, ...style });
  const names = runs.map(({ name }, run) => {
    const y = top + run * lineHeight;
    const label = escapeXml(shorten(printed(name), 95));
    return (
      sample(left, y, { stroke: walkColor(run), 'stroke-width': 2.4 }) +
      element('text', { x: left + 34, y, 'font-weight': 600 }, label)
    );
  });
  const y = top + runs.length * lineHeight;
  const tested = new Map(panels.flatMap((panel) => panel.tested.map((one) => [one.label, one.dash])));
  const kinds = [
    { label: 'a batch', style: { 'stroke-width': 0.8, 'stroke-opacity': 0.4 } },
    { label: 'batches, smoothed', style: { 'stroke-width': 1.8, 'stroke-opacity': 0.65 } },
    ...[...tested].map(([label, dash]) => ({
      label: `${label} part`,
      style: { 'stroke-width': 2.2, 'stroke-dasharray': dash },
    })),
  ];
  const told = kinds.map(({ label, style }, index) => {
    const x = left + index * 170;
    return (
      sample(x, y, { stroke: '#445', ...style }) + element('text', { x: x + 34, y, fill: '#667' }, label)
    );
  });
  return element('g', {}, ...names, ...told);
}

/**
 * Runs as a picture, SVG: loss, the task's metric and learning rate over the steps, one under the other; raw batches faint behind
 * their smoothed curve, what was tested after each epoch over it. Several runs have a colour each.
 */
export function drawRuns(
  runs: readonly PlottedRun[],
  { title = 'training', under = '' }: { readonly title?: string; readonly under?: string } = {},
): string {
  const panels = panelsOf(runs);
  const head = heading(left, width - left - 20, title, under);
  const last = Math.max(1, ...runs.map(({ rows }) => rows.at(-1)?.step ?? 0));
  let top = head.height;
  const drawn = panels.map((panel, index) => {
    const frame = { left, top, width: frameWidth, height: panel.height };
    top += panel.height + 62;
    return drawPanel(panel, runs, frame, last, index);
  });
  const bottom = top + 12;
  const height = bottom + (runs.length + 1) * lineHeight;
  return picture(width, height, title, head.svg, ...drawn, legend(runs, panels, bottom));
}
