import type { Command } from 'commander';
import { numberText } from '../../src/landscape/draw-text.js';
import { findSurface, surfaceFormula, surfaces, type Surface } from '../../src/landscape/zoo/index.js';
import { collect, parseNumber } from '../options.js';
import { columnsOf } from '../terminal/live.js';
import { styleFor, type Style } from '../terminal/style.js';
import { table } from '../terminal/table.js';
import { truncate } from '../terminal/text.js';
import { showNames } from '../walk/assignments.js';
import { knownPoints } from '../walk/figure.js';
import { pointText } from '../walk/report.js';
import { readParameters, type ParameterOptions } from '../walk/surface-argument.js';
import { terminalCurve, terminalMap } from '../walk/terminal-map.js';

interface SurfacesOptions extends ParameterOptions {
  json?: boolean;
}

interface Look {
  readonly columns: number;
  readonly style: Style;
}

export function addSurfacesCommand(program: Command): void {
  program
    .command('surfaces')
    .summary('list the zoo of surfaces, or show one')
    .description(
      'List the surfaces that the zoo has by name, or show one with its formula, known points and map.',
    )
    .argument('[name]')
    .option('--param <a=2>', 'a parameter of the surface; may be repeated', collect, [])
    .option(
      '--dim <n>',
      'number of variables of a surface that is there for any: the parameter n',
      parseNumber,
    )
    .option('--json', 'as JSON on standard output')
    .action(runSurfaces);
}

function runSurfaces(name: string | undefined, options: SurfacesOptions): void {
  const look = { columns: columnsOf(process.stdout), style: styleFor(process.stdout) };
  const tell = <T>(found: T, lines: (found: T, look: Look) => string[]) => {
    const text = options.json === true ? JSON.stringify(found) : lines(found, look).join('\n');
    process.stdout.write(`${text}\n`);
  };
  if (name === undefined) tell(surfaces(), listLines);
  else tell(findSurface(name, readParameters(options)), surfaceLines);
}

/** The lowest known values, and how many minima have them. */
function lowestText({ minima, unbounded }: Surface): string {
  if (unbounded) return 'unbounded';
  const lowest = minima.filter(({ global }) => global);
  if (lowest.length === 0) return 'none';
  const times = lowest.length > 1 ? ` × ${lowest.length}` : '';
  return `${numberText(lowest[0].value, 6)}${times}`;
}

/** Columns of a formula in the list. */
const formulaWidth = 44;

function listLines(zoo: readonly Surface[], { columns, style }: Look): string[] {
  const rows = zoo.map((surface) => {
    const { name, variables, minima, formula } = surface;
    return [
      name,
      String(variables.length),
      String(minima.length),
      lowestText(surface),
      truncate(formula, formulaWidth),
      surface.source,
    ];
  });
  const heads = ['name', 'variables', 'minima', 'lowest', 'formula', 'source'];
  const lines = table(rows, {
    columns: heads,
    align: ['left', 'right', 'right', 'right', 'left', 'left'],
    style,
  });
  const hint = 'surfaces NAME shows one with its points, starts, source and map; walk NAME walks on it';
  return [...lines.map((line) => truncate(line, columns)), '', style('dim', hint)];
}

/** Points listed of each kind. */
const mostPoints = 12;

function pointRows(surface: Surface): string[][] {
  const { variables, criticalPoints, minima } = surface;
  const edges = minima
    .filter(({ at }) => at !== undefined)
    .map((minimum) => ({ ...minimum, kind: 'minimum' as const }));
  const all = [...edges, ...criticalPoints].sort((a, b) => a.value - b.value);
  return all.map((point) => {
    const lowest = minima.some(({ global, point: at }) => global && at === point.point);
    const notes = [
      lowest && 'lowest',
      'at' in point && `at a${point.at === 'edge' ? 'n edge' : ' kink'}`,
      'degenerate' in point &&
        point.degenerate === true &&
        `degenerate${point.singularity === undefined ? '' : ` ${point.singularity}`}`,
    ].filter((note) => note !== false);
    return [point.kind, numberText(point.value, 8), pointText(point.point, variables, 8), notes.join(', ')];
  });
}

function surfaceLines(surface: Surface, { columns, style }: Look): string[] {
  const { title, name, formula, parameters, variables, domain, starts, complete, unbounded, source } =
    surface;
  const given = Object.entries(parameters).map(([key, value]) => `${key} = ${value}`);
  const isOne = domain.every(([low, high]) => low === domain[0][0] && high === domain[0][1]);
  const ranges = (isOne ? domain.slice(0, 1) : domain).map(([low, high]) => `${low} … ${high}`);
  const facts: [string, string][] = [
    ['formula', formula],
    ...(given.length > 0 ? [['parameters', given.join(', ')] satisfies [string, string]] : []),
    ['variables', `${showNames(variables)} in ${ranges.join(' × ')}`],
    ['starts', starts.map((start) => `(${showNames(start.map(String))})`).join(', ')],
    ['source', source],
  ];
  const rows = pointRows(surface);
  const shown = rows.slice(0, mostPoints);
  const rest = rows.length - shown.length;
  const notes = [
    rest > 0 && `and ${rest} more`,
    complete ? 'these are all critical points in the box' : 'the surface may have others',
    unbounded && 'it is unbounded below',
  ].filter((note) => note !== false);
  const points = table(shown, { columns: ['point', 'f', 'at', ''], align: ['left', 'right'], style });
  return [
    style('bold', title === name ? name : `${title}  (${name})`),
    ...facts.map(([label, text]) => `${style('dim', label.padEnd(11))}${text}`),
    '',
    ...(rows.length > 0 ? points : []),
    style('dim', notes.join('; ')),
    ...pictureLines(surface, { columns, style }),
  ];
}

function pictureLines(surface: Surface, look: Look): string[] {
  const { variables, domain } = surface;
  const read = surfaceFormula(surface);
  if (variables.length === 1) return ['', ...terminalCurve(read, domain[0], [], look)];
  if (variables.length !== 2) return [];
  return ['', ...terminalMap(read, domain, [], { ...look, points: knownPoints(surface) })];
}
