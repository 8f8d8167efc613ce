import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { encode } from 'fast-png';
import { ScreeError } from '../../src/graph/errors.js';
import {
  checkpoints,
  findBasins,
  placesLength,
  type Basins,
  type StartGrid,
} from '../../src/landscape/basins.js';
import { byShare, drawBasins, percent } from '../../src/landscape/basins-figure.js';
import { basinPixels } from '../../src/landscape/basins-image.js';
import { numberText } from '../../src/landscape/draw-text.js';
import { addSharedOptions, collect, parseNumber, type SharedOptions } from '../options.js';
import { formatCount, formatDuration } from '../terminal/format.js';
import { columnsOf, startLive, type Live } from '../terminal/live.js';
import { styleFor, type Style } from '../terminal/style.js';
import { table } from '../terminal/table.js';
import { readRanges, showNames } from '../walk/assignments.js';
import { basinSign, basinsPreview } from '../walk/basins-preview.js';
import { runBasins } from '../walk/basins-run.js';
import type { BasinsTask } from '../walk/basins-task.js';
import { titlesOf } from '../walk/figure.js';
import { steadyRate } from '../walk/steady-rate.js';
import { readSurface, type Ground } from '../walk/surface-argument.js';
import { writeOut } from '../walk/write.js';

interface BasinsOptions extends SharedOptions {
  optimizer?: string;
  steps: number;
  size: number;
  domain?: string;
  param: string[];
  png?: string;
  svg?: string;
}

const largestSize = 4096;
const mostSteps = 1_000_000;

/** Longer work tells how far it is. */
const shownAfterMs = 500;

/** Rows of the legend. */
const mostMinima = 12;

export function addBasinsCommand(program: Command): void {
  const command = program
    .command('basins')
    .summary('which minimum each start reaches')
    .description(
      'Walk from every point of a grid over a function of two variables, and draw which minimum each start reaches: ' +
        'one colour a minimum, darker the more steps it takes, grey where none is reached, white where the walk leaves the numbers.',
    )
    .argument('<name|formula>')
    .option(
      '--optimizer <spec>',
      'as momentum:lr=0.01 (default: sgd at 1/L, L the largest curvature in the box)',
    )
    .option('--steps <n>', 'of every walk', parseNumber, 200)
    .option('--size <n>', 'starts along each side', parseNumber, 512)
    .option(
      '--domain <x=-5:5,y=-5:5>',
      'the box of starts (default: the customary one, for a name of the zoo)',
    )
    .option('--param <a=2>', 'a parameter of the formula or of the surface; may be repeated', collect, [])
    .option('--png <file>', 'write the picture as PNG, a pixel a start')
    .option('--svg <file>', 'write it with axes and legend as SVG');
  addSharedOptions(command, 'minima and shares as one JSON object on standard output').action(runCommand);
}

async function runCommand(argument: string, options: BasinsOptions): Promise<void> {
  const { steps, json = false, threads = availableParallelism() } = options;
  const ground = readSurface(argument, options);
  requireOptions(ground, options, threads);
  const grid = gridOf(ground, options);
  const optimizer = options.optimizer ?? `sgd:lr=${steadyRate(ground.surface, grid)}`;
  const task: BasinsTask = {
    argument,
    parameters: { param: options.param },
    optimizer,
    steps,
    grid,
    places: new SharedArrayBuffer(4 * placesLength(grid, steps)),
    counters: new SharedArrayBuffer(8),
  };
  const began = performance.now();
  await walkAll(task, threads);
  const places = { grid, steps: checkpoints(steps), data: new Float32Array(task.places) };
  const known = (ground.zoo?.minima ?? []).map(({ point }) => point);
  const basins = findBasins(ground.surface, places, known);
  const seconds = (performance.now() - began) / 1000;
  if (json) process.stdout.write(`${JSON.stringify(report(ground, task, basins, seconds))}\n`);
  else {
    const style = styleFor(process.stdout);
    const time = `${formatCount(grid.columns * grid.rows)} starts × ${formatCount(steps)} steps of ${optimizer} in ${formatDuration(1000 * seconds)}`;
    const lines = [...shownLines(ground, basins, style), '', style('dim', time)];
    process.stdout.write(`${lines.join('\n')}\n`);
  }
  await writeFiles(ground, task, basins, options);
}

function requireOptions({ surface }: Ground, { steps, size }: BasinsOptions, threads: number): void {
  const { variables } = surface;
  if (variables.length !== 2) {
    throw new ScreeError(
      `basins: the function has ${variables.length} variables (${showNames(variables)}); basins are drawn for two`,
    );
  }
  requireWhole('--steps', steps, mostSteps);
  requireWhole('--size', size, largestSize);
  requireWhole('--threads', threads, 1024);
}

function requireWhole(option: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new ScreeError(`basins: ${option} is ${value}; it must be a whole number from 1 to ${most}`);
}

function gridOf({ surface, zoo }: Ground, { size, domain }: BasinsOptions): StartGrid {
  const box = domain === undefined ? zoo?.domain : readRanges(domain, surface.variables);
  if (box === undefined) {
    const [x, y] = surface.variables;
    throw new ScreeError(`basins: a formula needs a box of starts: --domain ${x}=-5:5,${y}=-5:5`);
  }
  return { x: box[0], y: box[1], columns: size, rows: size };
}

async function walkAll(task: BasinsTask, threads: number): Promise<void> {
  const began = performance.now();
  let live: Live | undefined;
  try {
    await runBasins(task, {
      threads: Math.min(threads, task.grid.rows),
      onRow(rows) {
        if (live !== undefined || performance.now() - began < shownAfterMs) return;
        const line = () => `${formatCount(rows)} of ${formatCount(task.grid.rows)} rows of starts`;
        live = startLive({ stream: process.stderr, view: () => [line()], line });
      },
    });
  } finally {
    live?.stop({ clear: true });
  }
}

function shownLines({ surface }: Ground, basins: Basins, style: Style): string[] {
  const { minima, moving, lost } = basins;
  const order = byShare(basins);
  const rows = order.slice(0, mostMinima).map((index) => {
    const { point, value, share, known } = minima[index];
    const places = point.map((at) => numberText(at, 6));
    return [
      basinSign(index, style),
      percent(share),
      ...places,
      numberText(value, 6),
      known ? 'known' : 'found',
    ];
  });
  const rest = order.slice(mostMinima).reduce((sum, index) => sum + minima[index].share, 0);
  const more = order.length - mostMinima;
  if (more > 0) rows.push(['…', percent(rest), `${more} more`]);
  if (moving > 0) rows.push([basinSign(-1, style), percent(moving), 'at no minimum']);
  if (lost > 0) rows.push([basinSign(-2, style), percent(lost), 'left the numbers']);
  const columns = ['', 'share', ...surface.variables, 'f', 'minimum'];
  const align = ['left', 'right', 'right', 'right', 'right', 'left'] as const;
  const preview = basinsPreview(basins, Math.min(64, columnsOf(process.stdout)), style);
  return [...preview, '', ...table(rows, { columns, align, style })];
}

function report({ text, surface }: Ground, task: BasinsTask, basins: Basins, seconds: number) {
  const { grid, optimizer, steps } = task;
  const { minima, moving, lost, radius } = basins;
  return {
    formula: text,
    variables: surface.variables,
    optimizer,
    steps,
    size: [grid.columns, grid.rows],
    domain: [grid.x, grid.y],
    radius,
    minima,
    moving,
    lost,
    seconds,
  };
}

async function writeFiles(
  ground: Ground,
  { optimizer, steps, grid }: BasinsTask,
  basins: Basins,
  { png, svg }: BasinsOptions,
): Promise<void> {
  if (png === undefined && svg === undefined) return;
  const { columns, rows } = grid;
  const data = basinPixels(basins, steps);
  const image = encode({ width: columns, height: rows, data, channels: 3, depth: 8 });
  if (png !== undefined) await writeOut(png, image);
  if (svg === undefined) return;
  const { title } = titlesOf(ground);
  const [xName, yName] = ground.surface.variables;
  const figure = drawBasins({
    title: `Basins of ${title}`,
    under: `${optimizer}, ${steps} steps from ${columns} × ${rows} starts`,
    variables: [xName, yName],
    basins,
    png: Buffer.from(image).toString('base64'),
  });
  await writeOut(svg, figure);
}
