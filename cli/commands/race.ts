import { setImmediate } from 'node:timers/promises';
import type { Command } from 'commander';
import { ScreeError } from '../../src/graph/errors.js';
import { numberText } from '../../src/landscape/draw-text.js';
import { solvedShare } from '../../src/landscape/profile.js';
import { drawProfiles } from '../../src/landscape/profile-figure.js';
import { race, raceProblems, type Race, type RaceOptions } from '../../src/landscape/race.js';
import { surfaces } from '../../src/landscape/zoo/index.js';
import { collect, parseNumber } from '../options.js';
import { formatCount, formatPercent } from '../terminal/format.js';
import { startLive } from '../terminal/live.js';
import { styleFor, type Style } from '../terminal/style.js';
import { table } from '../terminal/table.js';
import { readRaceOptimizer } from '../walk/optimizer-argument.js';
import { writeOut } from '../walk/write.js';

interface RaceCommandOptions {
  optimizer: string[];
  rates?: string;
  tuning: string;
  steps: number;
  starts: number;
  accuracy: number;
  json?: boolean;
  svg?: string;
  png?: string;
}

/** The usual first-order methods, each with its usual options. */
const usual = ['sgd', 'momentum', 'nesterov', 'adagrad', 'rmsprop', 'adam', 'nadam', 'lion', 'rprop'];

/** Half powers of ten: wide enough for the steepest and the flattest surface of the zoo. */
const usualRates = Array.from({ length: 13 }, (_, index) => Number((10 ** (index / 2 - 6)).toPrecision(2)));

/** Multiples of the least cost in the table. */
const factors = [1, 2, 4, 10];

export function addRaceCommand(program: Command): void {
  program
    .command('race')
    .summary('compare optimisers over the zoo')
    .description(
      'Let optimisers race over the surfaces of the zoo that have a lowest point, and compare them by performance profiles ' +
        '(Dolan and Moré 2002): the share of problems that each solves within a multiple of the steps of the best. Every ' +
        'optimiser tries the same learning rates on every problem. Solved is a problem when the value has come down to ' +
        'within the accuracy of the lowest that any of them found.',
    )
    .option(
      '--optimizer <spec>',
      `an optimizer or a method, as adam:beta2=0.99 or lbfgs; may be repeated (default: ${usual.join(' ')})`,
      collect,
      [],
    )
    .option('--rates <list>', `learning rates to try, as 1e-3,1e-2 (default: ${usualRates.join(' ')})`)
    .option(
      '--tuning <each|all>',
      'judge by the best rate on each problem, or by the one that is best on all',
      'each',
    )
    .option('--steps <n>', 'steps of each try', parseNumber, 1000)
    .option(
      '--starts <n>',
      'starts on each surface: the customary one, then drawn from its box with seeds 1, 2, …',
      parseNumber,
      3,
    )
    .option('--accuracy <n>', 'share of the way down that may be left', parseNumber, 1e-3)
    .option('--json', 'everything as one JSON object on standard output')
    .option('--svg <file>', 'write the profiles as SVG')
    .option('--png <file>', 'write the profiles as PNG')
    .action(runRace);
}

async function runRace(options: RaceCommandOptions): Promise<void> {
  const settings = settingsOf(options);
  const names = options.optimizer.length > 0 ? options.optimizer : usual;
  const optimizers = names.map((name) => ({ name, optimizer: readRaceOptimizer(name) }));
  const problems = raceProblems(surfaces(), options.starts);
  const runs = race(problems, optimizers, settings);
  let done = 0;
  const line = () => `${done} of ${problems.length} problems`;
  const live = startLive({ stream: process.stderr, view: () => [line()], line });
  let result: Race | undefined;
  try {
    while (result === undefined) {
      const next = runs.next();
      if (next.done === true) result = next.value;
      else done = next.value;
      await setImmediate();
    }
  } finally {
    live.stop({ clear: true });
  }
  const text =
    options.json === true ? jsonText(result, options, settings) : shownText(result, options, settings);
  process.stdout.write(`${text}\n`);
  await writePictures(result, options, settings);
}

function settingsOf({ rates, tuning, steps, starts, accuracy }: RaceCommandOptions): RaceOptions {
  const isWhole = (value: number) => Number.isInteger(value) && value >= 1 && value <= 1_000_000;
  if (!isWhole(steps))
    throw new ScreeError(`race: --steps is ${steps}; it must be a whole number from 1 to 1000000`);
  if (!isWhole(starts))
    throw new ScreeError(`race: --starts is ${starts}; it must be a whole number from 1 to 1000000`);
  if (!(accuracy > 0 && accuracy < 1)) {
    throw new ScreeError(`race: --accuracy is ${accuracy}; it must be a number between 0 and 1`);
  }
  if (tuning !== 'each' && tuning !== 'all') {
    throw new ScreeError(`race: --tuning is ${JSON.stringify(tuning)}; it must be each or all`);
  }
  const list = rates === undefined ? usualRates : rates.split(',').map(Number);
  const bad = list.findIndex((rate) => !(rate > 0 && rate < Infinity));
  if (bad >= 0) {
    throw new ScreeError(`race: --rates: ${JSON.stringify(rates?.split(',')[bad])} is no number above 0`);
  }
  return { rates: list, tuning, steps, accuracy };
}

/** What was done, so that the numbers can be judged. */
function conditions(
  { problems, skipped }: Race,
  { starts }: RaceCommandOptions,
  { rates, tuning, steps, accuracy }: RaceOptions,
): string[] {
  const surfaceCount = new Set(problems.map(({ surface }) => surface)).size;
  const seeds =
    starts > 1
      ? ` and ${starts - 1} drawn from its box with seed${starts > 2 ? `s 1 to ${starts - 1}` : ' 1'}`
      : '';
  const range = `${numberText(rates[0])} … ${numberText(rates[rates.length - 1])}`;
  const budget = `${rates.length} learning rate${rates.length === 1 ? '' : 's'} (${range})`;
  const judged =
    tuning === 'each' ? 'the best one on each problem counts' : 'the one that is best on all problems counts';
  const lines = [
    `${problems.length} problems: ${surfaceCount} surfaces, from the customary start of each${seeds}`,
    `every optimiser tries ${budget} on every problem, ${formatCount(steps)} steps each; ${judged}`,
    `solved: f ≤ lowest + ${accuracy}·(first − lowest), with the lowest value that any of them found; cost: steps, a gradient each (methods with line searches or Hessians: evaluations)`,
  ];
  if (skipped.length > 0) lines.push(`left out, since nobody went down there: ${skipped.join(', ')}`);
  return lines;
}

function medianCost(costs: readonly number[]): number {
  const sorted = [...costs].sort((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1];
}

/** The order of the table: by the share solved at each factor, the widest that tells two apart first. */
function ranking({ entries }: Race): number[] {
  const keys = entries.map(({ profile }) => [4, 10, 2, 1].map((factor) => solvedShare(profile, factor)));
  return [...entries.keys()].sort((a, b) => {
    const differing = keys[a].findIndex((share, index) => share !== keys[b][index]);
    return differing < 0 ? a - b : keys[b][differing] - keys[a][differing];
  });
}

function shownText(result: Race, options: RaceCommandOptions, settings: RaceOptions): string {
  const style: Style = styleFor(process.stdout);
  const rows = ranking(result).map((index) => {
    const { profile, costs, rates } = result.entries[index];
    const solved = solvedShare(profile, Infinity);
    const median = medianCost(costs);
    return [
      profile.name,
      ...factors.map((factor) => formatPercent(solvedShare(profile, factor))),
      formatPercent(solved),
      median === Infinity ? '–' : formatCount(median),
      ...(settings.tuning === 'all' ? [Number.isNaN(rates[0]) ? '–' : numberText(rates[0])] : []),
    ];
  });
  const rate = settings.tuning === 'all' ? ['lr'] : [];
  const columns = [
    'optimizer',
    ...factors.map((factor) => `≤ ${factor}×`),
    'solved',
    'median steps',
    ...rate,
  ];
  const align = columns.map((_, index) => (index === 0 ? 'left' : 'right'));
  const notes = conditions(result, options, settings).map((line) => style('dim', line));
  return [...table(rows, { columns, align, style }), '', ...notes].join('\n');
}

function jsonText(result: Race, options: RaceCommandOptions, settings: RaceOptions): string {
  const { problems, skipped, entries } = result;
  return JSON.stringify({
    settings: { ...settings, starts: options.starts },
    problems: problems.map(({ name, start, first, lowest }) => ({ name, start, first, lowest })),
    skipped,
    optimizers: entries.map(({ profile, costs, rates }) => ({
      name: profile.name,
      shares: Object.fromEntries(factors.map((factor) => [factor, solvedShare(profile, factor)])),
      solved: solvedShare(profile, Infinity),
      // Null for a problem that was not solved, and for its ratio.
      costs,
      rates,
      ratios: profile.ratios,
    })),
  });
}

async function writePictures(
  result: Race,
  options: RaceCommandOptions,
  settings: RaceOptions,
): Promise<void> {
  const { svg, png } = options;
  if (svg === undefined && png === undefined) return;
  const order = ranking(result);
  const profiles = order.map((index) => result.entries[index].profile);
  const picture = drawProfiles({
    title: 'Performance profiles over the zoo',
    under: `${result.problems.length} problems, ${settings.rates.length} learning rates, ${formatCount(settings.steps)} steps, best rate on ${settings.tuning === 'each' ? 'each problem' : 'all problems'}`,
    profiles,
    notes: profiles.map((profile) => {
      return `best on ${formatPercent(solvedShare(profile, 1))}, solves ${formatPercent(solvedShare(profile, Infinity))}`;
    }),
  });
  if (svg !== undefined) await writeOut(svg, picture);
  if (png !== undefined) {
    const { pngOf } = await import('../walk/png.js');
    await writeOut(png, pngOf(picture));
  }
}
