import type { Command } from 'commander';
import { ScreeError } from '../../src/graph/errors.js';
import { viewOf, type Range } from '../../src/landscape/draw-view.js';
import { Walker, type Walk } from '../../src/landscape/walk.js';
import { methods, optimizers, schedules, wrappers } from '../../src/optim/index.js';
import { Interrupt } from '../interrupt.js';
import { collect, helpList, parseNumber } from '../options.js';
import { columnsOf } from '../terminal/live.js';
import { styleFor, type Style } from '../terminal/style.js';
import { missingStart, readPoint, readRanges } from '../walk/assignments.js';
import { drive } from '../walk/drive.js';
import { knownPoints, walksFigure } from '../walk/figure.js';
import { defaultOptimizer, readOptimizer } from '../walk/optimizer-argument.js';
import { walkLetter, walkPaint } from '../walk/plot.js';
import { reportLines } from '../walk/report.js';
import { resultsTable, stepsTable } from '../walk/steps-table.js';
import { readSurface, type Ground } from '../walk/surface-argument.js';
import { terminalCurve, terminalMap } from '../walk/terminal-map.js';
import { csvLines, walksJson, writeOut } from '../walk/write.js';

interface WalkCommandOptions {
  from?: string;
  optimizer: string[];
  schedule?: string;
  steps: number;
  tol?: number;
  noise?: number;
  seed?: number;
  minimize?: boolean;
  maximize?: boolean;
  domain?: string;
  param: string[];
  dim?: number;
  json?: boolean;
  table?: boolean;
  csv?: string;
  svg?: string;
  png?: string;
}

export function addWalkCommand(program: Command): void {
  program
    .command('walk')
    .summary('go down a surface, step by step')
    .description(
      'Walk down (or up) a function of any number of variables and tell each step and why it ended. ' +
        'The function is a formula such as "x^2 - x*y" or a name of the zoo (see surfaces); put -- before a formula that begins with a minus.',
    )
    .argument('<formula|name>')
    .option('--from <x=1,y=0.5>', 'where to start (default: where it is customary, for a name of the zoo)')
    .option(
      '--optimizer <spec>',
      `as sgd:lr=0.25; may be repeated (default: ${defaultOptimizer})`,
      collect,
      [],
    )
    .option('--schedule <spec>', 'of the learning rate, as cosine')
    .option('--steps <n>', 'most steps', parseNumber, 1000)
    .option(
      '--tol <n>',
      'end where the gradient is no longer than this; 0 never ends early (default: 1e-8)',
      parseNumber,
    )
    .option('--noise <n>', 'standard deviation of normal noise added to each gradient', parseNumber)
    .option('--seed <n>', 'of everything random', parseNumber)
    .option('--minimize', 'go down (the default)')
    .option('--maximize', 'go up')
    .option(
      '--domain <x=-5:5,y=-5:5>',
      'the box to draw, in which methods that look around do so (default: the customary one, for a name of the zoo)',
    )
    .option('--param <a=2>', 'a parameter of the formula or of the surface; may be repeated', collect, [])
    .option(
      '--dim <n>',
      'number of variables of a surface that is there for any: the parameter n',
      parseNumber,
    )
    .option('--table', 'every step, with all digits')
    .option('--json', 'the walks with all their steps as one JSON object on standard output')
    .option('--csv <file>', 'write every step as CSV')
    .option('--svg <file>', 'write a picture as SVG')
    .option('--png <file>', 'write a picture as PNG')
    .addHelpText('after', () => {
      const lists = [
        helpList('Methods that choose their steps themselves', Object.values(methods)),
        helpList('Optimizers with a learning rate', Object.values(optimizers)),
        helpList('Around an optimizer with a learning rate, with +', Object.values(wrappers)),
        helpList('Schedules', Object.values(schedules)),
      ];
      return `\n${lists.join('\n\n')}`;
    })
    .action(runWalk);
}

async function runWalk(argument: string, options: WalkCommandOptions): Promise<void> {
  const ground = readSurface(argument, options);
  const names = options.optimizer.length > 0 ? options.optimizer : [defaultOptimizer];
  const walkers = makeWalkers(ground, names, options);
  const interrupt = new Interrupt();
  interrupt.arm();
  const walks: Walk[] = [];
  try {
    for (const [index, walker] of walkers.entries()) {
      const watch = { signal: interrupt.signal, stream: process.stderr };
      walks.push(await drive(walker, names[index], options.steps, watch));
      if (interrupt.signal.aborted) break;
    }
  } finally {
    interrupt.release();
  }
  if (options.json === true) {
    process.stdout.write(walksJson(ground.text, ground.surface.variables, walks));
  } else {
    const look = { columns: columnsOf(process.stdout), style: styleFor(process.stdout) };
    process.stdout.write(`${shownLines(ground, walks, names, options, look).join('\n')}\n`);
  }
  // Last, so that a file that cannot be written costs nothing else.
  await writeFiles(ground, walks, names, options);
  if (interrupt.exitCode !== undefined) process.exitCode = interrupt.exitCode;
}

/** One for each optimiser, made before the first step is taken so that a mistake in the last one is told first. */
function makeWalkers(ground: Ground, names: readonly string[], options: WalkCommandOptions): Walker[] {
  const { from, schedule, steps, tol, noise, seed, minimize = false, maximize = false } = options;
  const { surface, zoo } = ground;
  if (minimize && maximize) throw new ScreeError('walk: --minimize and --maximize exclude each other');
  const start = from === undefined ? zoo?.starts[0] : readPoint(from, surface.variables);
  if (start === undefined) throw missingStart(surface.variables);
  const box = boxOf(ground, options);
  return names.map((name) => {
    const optimizer = readOptimizer(name, schedule, steps);
    return new Walker(surface, optimizer, start, { steps, tol, noise, seed, maximize, box });
  });
}

/** The box that was given, or that is customary for a name of the zoo. */
function boxOf({ surface, zoo }: Ground, { domain }: WalkCommandOptions): readonly Range[] | undefined {
  return domain === undefined ? zoo?.domain : readRanges(domain, surface.variables);
}

/** What of a surface to draw: the box that was given, else what shows the walks; nothing where it cannot be drawn. */
function viewFor(ground: Ground, walks: readonly Walk[], options: WalkCommandOptions): readonly Range[] {
  if (ground.surface.variables.length > 2) return [];
  const box = boxOf(ground, options);
  if (options.domain !== undefined && box !== undefined) return box;
  return viewOf(
    walks.map(({ path }) => path),
    box,
  );
}

async function writeFiles(
  ground: Ground,
  walks: readonly Walk[],
  names: readonly string[],
  options: WalkCommandOptions,
): Promise<void> {
  const { csv, svg, png } = options;
  if (csv !== undefined) await writeOut(csv, csvLines(walks, names, ground.surface.variables));
  if (svg === undefined && png === undefined) return;
  const picture = walksFigure(ground, walks, names, viewFor(ground, walks, options));
  if (svg !== undefined) await writeOut(svg, picture);
  if (png !== undefined) {
    const { pngOf } = await import('../walk/png.js');
    await writeOut(png, pngOf(picture));
  }
}

/** What a person reads. */
function shownLines(
  ground: Ground,
  walks: readonly Walk[],
  names: readonly string[],
  options: WalkCommandOptions,
  { columns, style }: { columns: number; style: Style },
): string[] {
  const { surface } = ground;
  const { variables } = surface;
  const { table = false } = options;
  const isSingle = walks.length === 1;
  const label = (index: number) => {
    const letter = walkPaint(index, { bold: true })(style, walkLetter(index));
    return variables.length <= 2 && !isSingle ? `${letter}  ${names[index]}` : names[index];
  };
  const blocks: string[][] = [];
  if (table || variables.length === 1) {
    walks.forEach((walk, index) => {
      const title = isSingle ? [] : [label(index)];
      blocks.push([...title, ...stepsTable(surface, walk, { all: table, style })]);
    });
  }
  const paths = walks.map(({ path }) => path);
  const view = viewFor(ground, walks, options);
  if (variables.length === 1) blocks.push(terminalCurve(surface, view[0], paths, { columns, style }));
  if (variables.length === 2)
    blocks.push(terminalMap(surface, view, paths, { columns, style, points: knownPoints(ground.zoo) }));
  if (!isSingle) blocks.push(resultsTable(walks, names, style));
  walks.forEach((walk, index) => {
    blocks.push(reportLines(walk, variables, `${label(index)} `, { columns, style }));
  });
  return blocks.flatMap((block, index) => (index === 0 ? block : ['', ...block]));
}
