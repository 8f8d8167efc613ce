import type { BoxPoint, BoxSurvey } from '../../src/curvature/box/result.js';
import { numberText } from '../../src/landscape/draw-text.js';
import type { DrawnPoint } from '../../src/landscape/draw-map.js';
import { formatCount } from '../terminal/format.js';
import type { Style } from '../terminal/style.js';
import { table } from '../terminal/table.js';
import type { Ground } from '../walk/surface-argument.js';
import { terminalCurve, terminalMap } from '../walk/terminal-map.js';

interface Look {
  readonly columns: number;
  readonly style: Style;
}

/** Rows of a table, and lines of a list. */
const [mostRows, mostPlaces] = [40, 8];
/** Columns of a table for variables, and for eigenvalues. */
const mostColumns = 6;

const singularTexts: Readonly<Record<BoxSurvey['poles'][number]['kind'], string>> = {
  pole: 'pole',
  edge: 'edge of the domain',
  removable: 'not defined',
  kink: 'not smooth',
};

function plural(count: number, one: string, more = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : more}`;
}

/** `4 minima, 4 saddles, 1 maximum`. */
function kindsText(points: readonly BoxPoint[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of points) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const names: Readonly<Record<string, string>> = { minimum: 'minima', maximum: 'maxima' };
  const nameOf = (kind: string) =>
    kind.replace(/(minimum|maximum)$/, (name) => names[name]).replace(/(saddle|ridge|valley)$/, '$1s');
  return [...counts]
    .map(([kind, count]) => `${formatCount(count)} ${count === 1 ? kind : nameOf(kind)}`)
    .join(', ');
}

function boxText(box: readonly (readonly [number, number])[], variables: readonly string[]): string {
  const sides = box
    .slice(0, mostColumns)
    .map(([lo, hi], axis) => `${variables[axis]} in [${numberText(lo, 7)}, ${numberText(hi, 7)}]`);
  return `${sides.join(', ')}${box.length > mostColumns ? ', …' : ''}`;
}

function pointsTable({ points, variables, count }: BoxSurvey, style: Style): string[] {
  const shown = variables.slice(0, mostColumns);
  const cut = (numbers: readonly number[], digits: number) =>
    numbers.length > mostColumns
      ? [...numbers.slice(0, mostColumns).map((value) => numberText(value, digits)), '…']
      : numbers.map((value) => numberText(value, digits));
  const rows = points
    .slice(0, mostRows)
    .map((point) => [
      point.kind + (point.onBoundary ? ', on the side' : ''),
      ...point.point.slice(0, mostColumns).map((value) => numberText(value, 8)),
      numberText(point.value, 8),
      cut(point.eigenvalues, 5).join(', '),
      point.certified
        ? 'proven'
        : ['judged', ...(point.singularity === undefined ? [] : [point.singularity])].join(': '),
    ]);
  const lines = table(rows, { columns: ['', ...shown, 'f', 'eigenvalues', ''], style });
  const more = count - rows.length;
  return more > 0 ? [...lines, style('dim', `… ${formatCount(more)} more (--json lists them)`)] : lines;
}

/** The kind of mark that a map has for a point. */
function drawn({ point, kind }: BoxPoint): DrawnPoint {
  const place = [point[0], point[1]] as const;
  if (/minimum|valley/.test(kind)) return { place, kind: 'minimum' };
  return { place, kind: /maximum|ridge/.test(kind) ? 'maximum' : 'saddle' };
}

function picture({ surface }: Ground, { box, points }: BoxSurvey, look: Look): string[] {
  if (box.length === 1) return terminalCurve(surface, box[0], [], look);
  if (box.length === 2) return terminalMap(surface, box, [], { ...look, points: points.map(drawn) });
  return [];
}

function list(title: string, items: readonly string[], style: Style): string[] {
  if (items.length === 0) return [];
  const more = items.length - mostPlaces;
  const lines = items.slice(0, mostPlaces).map((item) => `  ${item}`);
  return [
    style('bold', title),
    ...lines,
    ...(more > 0 ? [style('dim', `  … ${formatCount(more)} more`)] : []),
  ];
}

function minimumText({ minimum: { lower, upper, point }, variables }: BoxSurvey): string {
  const at =
    point && point.length <= mostColumns
      ? ` at ${point.map((x, axis) => `${variables[axis]} = ${numberText(x, 6)}`).join(', ')}`
      : '';
  if (lower === -Infinity)
    return `no lower bound found; the smallest value seen is ${numberText(upper, 8)}${at}`;
  return `between ${numberText(lower, 12)} and ${numberText(upper, 12)}${at}`;
}

/** What a person reads of a survey: the picture for one or two variables, the points, and what is left open. */
export function boxLines(ground: Ground, survey: BoxSurvey, look: Look): string[] {
  const { style } = look;
  const { points, poles, undecided, variables, box, method, count, evidence } = survey;
  const found =
    points.length === 0 ? 'no critical point' : `${plural(count, 'critical point')}: ${kindsText(points)}`;
  const head = `${style('bold', found)}${method === 'multistart' ? ' (no proof, some may be missing)' : ''}`;
  const blocks = [
    [head, style('dim', boxText(box, variables))],
    picture(ground, survey, look),
    points.length > 0 ? pointsTable(survey, style) : [],
    list(
      'not smooth in',
      poles.map(({ box: where, kind, parts }) => {
        const several = parts.length > 1 ? ` (along ${plural(parts.length, 'box', 'boxes')})` : '';
        return `${singularTexts[kind]}: ${boxText(where, variables)}${several}`;
      }),
      style,
    ),
    list(
      'undecided',
      undecided.map((where) => boxText(where, variables)),
      style,
    ),
    [
      `${style('bold', 'least value')}  ${minimumText(survey)}`,
      ...evidence.map((line) => style('dim', line)),
    ],
  ];
  return blocks
    .filter((block) => block.length > 0)
    .flatMap((block, index) => (index === 0 ? block : ['', ...block]));
}
