import type { LayerSurvey, NetworkSurvey, RitzPair, WayDown } from '../../src/curvature/index.js';
import { contourLines } from '../../src/landscape/contour.js';
import { contourLevels } from '../../src/landscape/contour-levels.js';
import { numberText } from '../../src/landscape/draw-text.js';
import type { LossLine } from '../../src/landscape/line.js';
import type { RunStability } from '../../src/train/index.js';
import { lineChart } from '../terminal/chart.js';
import { commandName } from '../command-name.js';
import { formatCount, formatNumber, formatPercent } from '../terminal/format.js';
import { plain, type Style } from '../terminal/style.js';
import { table } from '../terminal/table.js';
import { dimPaint, Plot, walkPaint } from '../walk/plot.js';
import type { RunPlane } from './run-plane.js';

/** All that was measured of a run. */
export interface RunSurvey {
  readonly path: string;
  readonly model: string;
  readonly data: string;
  readonly step: number;
  /** What batch norm normalises with. */
  readonly statistics: 'running' | 'batch';
  readonly network: NetworkSurvey;
  readonly stability?: RunStability;
  readonly plane?: RunPlane;
  readonly line?: LossLine & { readonly other: string };
  readonly escape?: RunEscape;
}

/** Where the weights below were written, and along what they lie; without it where none were found. */
export interface RunEscape {
  readonly file: string;
  readonly along?: WayDown['along'];
  readonly value?: number;
}

/** What a gradient step of length 1/λ can gain is nothing beside the loss. */
function isStationary({ value, gradientNorm, spectrum }: NetworkSurvey): boolean {
  const sharpness = Math.max(
    ...[spectrum.top[0], spectrum.bottom[0]].map(({ value: each }) => Math.abs(each)),
  );
  return gradientNorm ** 2 <= 2e-6 * sharpness * Math.abs(value);
}

const isNegative = ({ value, error }: RitzPair): boolean => value + error < 0;

/** What the weights are, in the words of the other surveys. A minimum cannot be certified by products with vectors. */
export function kindOf(network: NetworkSurvey): 'saddle' | 'regular' | 'unknown' {
  if (!isStationary(network)) return 'regular';
  return isNegative(network.spectrum.bottom[0]) ? 'saddle' : 'unknown';
}

const probability = (failure: number): string => `${Number((100 * (1 - failure)).toPrecision(6))}%`;

/** The survey in a sentence or two. */
export function verdictOf(network: NetworkSurvey): string {
  const { spectrum, waysDown, gradientNorm } = network;
  const [lowest] = spectrum.bottom;
  const { lower, failure } = spectrum.bounds;
  const gradient = isStationary(network)
    ? `The gradient has all but vanished (norm ${formatNumber(gradientNorm)})`
    : `The gradient is not zero (norm ${formatNumber(gradientNorm)})`;
  const curvature = isNegative(lowest)
    ? `there is negative curvature, ${formatNumber(lowest.value)} ± ${formatNumber(lowest.error)}: this is no minimum`
    : Number.isFinite(lower)
      ? `no negative curvature was found: below ${formatNumber(Math.min(0, lower))} it is excluded with probability ${probability(failure)}`
      : `no negative curvature was found in ${spectrum.steps} steps, too few to exclude it`;
  const [best] = waysDown.filter(({ decrease }) => decrease > 0);
  const way = best
    ? `The best way down that was tried, along the ${best.along}, lowers the loss by ${formatNumber(best.decrease)}.`
    : 'No way down was found by a search along them.';
  const link = isStationary(network) && isNegative(lowest) ? ', and' : ';';
  return `${gradient}${link} ${curvature}. ${way}`;
}

/** A sentence over lines of a width. */
function wrapped(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines[lines.length - 1];
    if (line !== '' && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

function bar(share: number, width: number): string {
  const units = Math.round(Math.min(1, share) * width * 8);
  return '█'.repeat(units >> 3) + eighths[units & 7];
}

/** The scree plot: both ends of the spectrum, each with its interval and a bar. */
function screeLines({ spectrum, parameters }: NetworkSurvey, width: number, style: Style): string[] {
  const { top, bottom } = spectrum;
  // Where the spectrum is short the two ends meet.
  const lower = bottom.toReversed().filter((pair) => !top.some((other) => other.value <= pair.value));
  const largest = Math.max(...[...top, ...lower].map(({ value }) => Math.abs(value)), Number.MIN_VALUE);
  const row = (number: number, { value, error, converged }: RitzPair): string[] => [
    formatCount(number),
    formatNumber(value),
    `± ${formatNumber(error)}${converged ? '' : ' not converged'}`,
    style(value < 0 ? 'magenta' : 'cyan', bar(Math.abs(value) / largest, width)),
  ];
  const rows = [
    ...top.map((pair, k) => row(k + 1, pair)),
    ...(lower.length > 0 && top.length + lower.length < parameters ? [['⋮', '', '', '']] : []),
    ...lower.map((pair, k) => row(parameters - lower.length + 1 + k, pair)),
  ];
  return table(rows, {
    columns: ['#', 'eigenvalue', 'interval', ''],
    align: ['right', 'right', 'left', 'left'],
    style,
  });
}

function stabilityLines({ network, stability }: RunSurvey): string[] {
  if (stability === undefined) return [];
  const { value, error } = network.scaledSharpness ?? network.spectrum.top[0];
  const ratio = value / stability.threshold;
  const name = stability.preconditioned ? 'preconditioned sharpness' : 'sharpness';
  const words =
    ratio < 0.8
      ? 'well below what the steps bear'
      : ratio < 1.2
        ? 'at the edge of stability'
        : 'above what full-batch steps would bear: they would grow along it';
  const higher =
    stability.highestLr > 1.5 * stability.lr
      ? `; the highest rate of the run was ${formatNumber(stability.highestLr)}`
      : '';
  return [
    `${name} ${formatNumber(value)} ± ${formatNumber(error)} against ${stability.rule} = ${formatNumber(stability.threshold)} ` +
      `at lr ${formatNumber(stability.lr)}: ${formatNumber(ratio)} of it, ${words}${higher}`,
  ];
}

/** Bounds of the condition number, where the smallest eigenvalue is positive for certain. */
export function conditionBounds({ spectrum }: NetworkSurvey): { lower: number; upper: number } | undefined {
  const [highest] = spectrum.top;
  const [lowest] = spectrum.bottom;
  if (lowest.value - lowest.error <= 0) return undefined;
  return {
    lower: (highest.value - highest.error) / (lowest.value + lowest.error),
    upper: (highest.value + highest.error) / (lowest.value - lowest.error),
  };
}

function conditionLine(network: NetworkSurvey): string {
  const [highest] = network.spectrum.top;
  const [lowest] = network.spectrum.bottom;
  const bounds = conditionBounds(network);
  if (bounds !== undefined) {
    return `condition number ${formatNumber(bounds.lower)} to ${formatNumber(bounds.upper)}`;
  }
  const ratio = `λmax/|λmin| ${formatNumber(highest.value / Math.abs(lowest.value))}`;
  return lowest.value + lowest.error < 0
    ? `the Hessian is indefinite and has no condition number; ${ratio}`
    : `condition number not bounded: the smallest eigenvalue cannot be told from zero; ${ratio}`;
}

function densityLines({ density, parameters }: NetworkSurvey, columns: number, style: Style): string[] {
  if (density === undefined) return [];
  const { at, error, sigma, trace, quadratures } = density;
  // Below what one eigenvalue makes, nothing is told.
  const least = 1 / (parameters * sigma * Math.sqrt(2 * Math.PI));
  const shown = density.density.map((value) => (value > 0.02 * least ? value : NaN));
  const worst = shown.reduce(
    (most, value, i) => (value > least ? Math.max(most, error[i] / value) : most),
    0,
  );
  return [
    '',
    style('bold', `spectral density (${quadratures.length} starts, σ ${formatNumber(sigma)}; logarithmic)`),
    ...lineChart(shown, {
      width: Math.min(columns, 90),
      rows: 8,
      scale: 'log',
      labels: [formatNumber(at[0]), 'eigenvalue', formatNumber(at[at.length - 1])],
      style,
    }),
    `standard errors up to ${formatPercent(worst)} of the value where it is worth an eigenvalue or more`,
    `trace ${formatNumber(trace.value)}, with 95% confidence ${formatNumber(trace.interval[0])} to ${formatNumber(trace.interval[1])}`,
  ];
}

function traceLines(layers: readonly LayerSurvey[], style: Style): string[] {
  const rows = layers.flatMap(({ name, size, trace }) =>
    trace === undefined
      ? []
      : [
          [
            name,
            formatCount(size),
            formatNumber(trace.value),
            `${formatNumber(trace.interval[0])} to ${formatNumber(trace.interval[1])}`,
            formatNumber(trace.value / size),
          ],
        ],
  );
  if (rows.length === 0) return [];
  const columns = ['layer', 'parameters', 'trace', '95% interval', 'mean eigenvalue'];
  const align = ['left', 'right', 'right', 'left', 'right'] as const;
  return ['', style('bold', 'trace of each layer’s block'), ...table(rows, { columns, align, style })];
}

function extremeLines(layers: readonly LayerSurvey[], style: Style): string[] {
  const rows = layers.flatMap(({ name, size, largest, smallest }) =>
    largest === undefined || smallest === undefined
      ? []
      : [
          [
            name,
            formatCount(size),
            ...[largest, smallest].flatMap(({ value, error }) => [
              formatNumber(value),
              `± ${formatNumber(error)}`,
            ]),
          ],
        ],
  );
  if (rows.length === 0) return [];
  const columns = ['layer', 'parameters', 'largest', '', 'smallest', ''];
  const align = ['left', 'right', 'right', 'left', 'right', 'left'] as const;
  return ['', style('bold', 'eigenvalues of each layer’s block'), ...table(rows, { columns, align, style })];
}

function escapeLines({ escape, model, data }: RunSurvey): string[] {
  if (escape === undefined) return [];
  const { file, along, value } = escape;
  if (along === undefined || value === undefined) {
    return ['', `no way down was found: ${file} was not written`];
  }
  return [
    '',
    `the weights along the ${along}, loss ${formatNumber(value)}: ${file}`,
    `go on from there: ${commandName()} train ${model} --data ${data} --weights ${file}`,
  ];
}

function planeLines(plane: RunPlane | undefined, columns: number, style: Style): string[] {
  if (plane === undefined) return [];
  const { grid, points, explained } = plane;
  const across = Math.min(columns - 14, 72);
  const plot = new Plot(across, Math.round(across / 3), grid.x, grid.y);
  const levels = contourLevels(grid.values, 8);
  const lines = levels.values.flatMap((level) => contourLines(grid, level));
  plot.draw(lines, dimPaint, { dotted: style('dim', '') === '' });
  const paint = walkPaint(0, { bold: true });
  if (explained) plot.draw([points.flatMap(({ a, b }) => [a, b])], walkPaint(0));
  points.forEach(({ a, b }, index) => plot.sign(a, b, index === points.length - 1 ? '●' : '○', paint));
  const told = levels.values.map((level) => numberText(level, 3)).join(', ');
  const rows = points.map(({ step, a, b, residual, loss, planeLoss }) => [
    formatCount(step),
    formatNumber(a),
    formatNumber(b),
    formatNumber(residual),
    formatNumber(loss),
    formatNumber(planeLoss),
  ]);
  const head = explained
    ? `plane through the trajectory: ${formatPercent(explained[0] + explained[1])} of the squared distances from the last weights lie in it`
    : 'plane of two random directions, normalised filter by filter';
  return [
    '',
    ...wrapped(head, columns).map((line) => style('bold', line)),
    ...plot.toLines({ xName: 'a', yName: 'b', style }),
    style('dim', told === '' ? 'flat' : `levels ${told}`),
    ...table(rows, { columns: ['step', 'a', 'b', 'off the plane', 'loss', 'loss on the plane'], style }),
  ];
}

function lineLines(line: RunSurvey['line'], columns: number, style: Style): string[] {
  if (line === undefined) return [];
  const { height, at } = line.barrier;
  const [first, last] = [line.at[0], line.at[line.at.length - 1]];
  return [
    '',
    style('bold', `line to ${line.other} (0 is this run, 1 the other; ${formatNumber(line.distance)} apart)`),
    ...lineChart(line.values, {
      width: Math.min(columns, 90),
      rows: 8,
      labels: [formatNumber(first), '', formatNumber(last)],
      style,
    }),
    height > 0
      ? `barrier ${formatNumber(height)} above the straight line between the ends, at ${formatNumber(at)}`
      : 'no barrier: the loss stays below the straight line between the ends',
  ];
}

/** The survey of a run for a terminal. */
export function runReport(
  survey: RunSurvey,
  { columns, style = plain, files = [] }: { columns: number; style?: Style; files?: readonly string[] },
): string[] {
  const { network, model, data, step, statistics } = survey;
  const { spectrum } = network;
  const { lower, upper, failure } = spectrum.bounds;
  const width = Math.min(columns, 100);
  const paragraph = (text: string) => wrapped(text, width);
  const stops = {
    converged: 'converged',
    complete: 'all there are',
    steps: 'not all converged: take more --steps',
  };
  const ways = network.waysDown.map(({ along, step: length, decrease, value }) =>
    decrease > 0
      ? `  along the ${along}: ${formatNumber(Math.abs(length))} far, the loss falls by ${formatNumber(decrease)} to ${formatNumber(value)}`
      : `  along the ${along}: nowhere lower`,
  );
  return [
    style(
      'bold',
      `${model} after step ${formatCount(step)}, on ${formatCount(network.examples)} training rows of ${data}`,
    ),
    `${formatCount(network.parameters)} parameters, loss ${formatNumber(network.value)}, gradient norm ${formatNumber(network.gradientNorm)}`,
    ...(statistics === 'batch' ? ['batch norm by the statistics of each batch, as in training'] : []),
    '',
    ...paragraph(verdictOf(network)),
    '',
    style('bold', `eigenvalues of the Hessian (${spectrum.steps} Lanczos steps, ${stops[spectrum.stop]})`),
    ...screeLines(network, Math.max(10, Math.min(40, width - 44)), style),
    ...paragraph(
      Number.isFinite(lower)
        ? `each interval holds an eigenvalue; none lies outside ${formatNumber(lower)} to ${formatNumber(upper)} with probability ${probability(failure)}`
        : 'each interval holds an eigenvalue; too few steps to exclude others beyond them',
    ),
    ...paragraph(conditionLine(network)),
    ...stabilityLines(survey).flatMap(paragraph),
    ...(ways.length > 0 ? ['', style('bold', 'ways down, by line search'), ...ways] : []),
    ...densityLines(network, columns, style),
    ...traceLines(network.layers ?? [], style),
    ...extremeLines(network.layers ?? [], style),
    ...planeLines(survey.plane, columns, style),
    ...lineLines(survey.line, columns, style),
    ...(network.kinks.length > 0
      ? [
          '',
          ...paragraph(
            `The model has kinks (${network.kinks.join(', ')}): second derivatives exist at almost all weights, these included, and they leave out that the slope jumps where a unit switches. The spectrum tells of the smooth piece around the weights; over longer steps the loss may curve otherwise.`,
          ).map((line) => style('dim', line)),
        ]
      : []),
    ...escapeLines(survey),
    ...(files.length > 0 ? ['', ...paragraph(`written: ${files.join(', ')}`)] : []),
  ];
}
