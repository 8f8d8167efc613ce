import { existsSync } from 'node:fs';
import { Option, type Command } from 'commander';
import { ScreeError } from '../../src/graph/errors.js';
import { addEngineOption, addSharedOptions, collect, parseNumber } from '../options.js';
import type { SurveyOptions } from '../survey/options.js';
import { readSurface } from '../walk/surface-argument.js';
import { addCheckpointOption } from './eval.js';

export function addSurveyCommand(program: Command): void {
  const command = program
    .command('survey')
    .summary('see the curvature: what a point is, and which way is down')
    .description(
      'Say what a point of a formula is (--at), find all critical points in a box (--box), or measure the curvature of a run. ' +
        'Put -- before a formula that begins with a minus.',
    )
    .argument('<formula|name|run>')
    .option('--at <x=0,y=0>', 'the point of a formula to look at')
    .option('--box <x=-4..4,y=-4..4>', 'the box of a formula to search')
    .option('--param <a=2>', 'a parameter of the formula or of the surface; may be repeated', collect, [])
    .option('--dim <n>', 'number of variables of a surface that is there for any', parseNumber)
    .option('--top <n>', 'of a run: how many of the largest eigenvalues', parseNumber)
    .option('--bottom <n>', 'of a run: how many of the smallest eigenvalues', parseNumber)
    .option('--density', 'of a run: the spectral density')
    .option('--layers', "of a run: the eigenvalues at the ends of each layer's block")
    .option(
      '--plane [kind]',
      'of a run: a plane through the weights, random (the default) or trajectory: through the checkpoints',
    )
    .option('--line <run>', 'of a run: the line to another run')
    .option(
      '--escape <file>',
      'of a run: write the weights that the best way down leads to, for train --weights',
    )
    .option('--samples <n>', 'of a run: training examples to measure on (default: 512)', parseNumber)
    .option('--batch <n>', 'of a run: examples at a time (default: 128)', parseNumber)
    .addOption(
      new Option(
        '--statistics <which>',
        "of a run: what batch norm normalises with, running statistics (the default) or each batch's own, as in training",
      ).choices(['running', 'batch']),
    )
    .option('--steps <n>', 'of a run: Lanczos steps at most', parseNumber)
    .option('--size <n>', 'of a run: values along a side of the plane (default: 51)', parseNumber)
    .option('--out <dir>', 'of a run: write pictures, tables and the surface there')
    .option('--seed <n>', 'of everything random', parseNumber);
  addCheckpointOption(command);
  addEngineOption(command, 'of a run: that of the run');
  addSharedOptions(command, 'the result as one JSON object on standard output').action(runSurvey);
}

/** Each kind of survey is loaded when it is asked for: a formula needs no engine for networks. */
async function runSurvey(argument: string, options: SurveyOptions): Promise<void> {
  const { at, box } = options;
  if (at !== undefined && box !== undefined) {
    throw new ScreeError('survey: --at and --box exclude each other; give one of them');
  }
  if (at !== undefined) {
    const { surveyPoint } = await import('../survey/point.js');
    return surveyPoint(readSurface(argument, options), options);
  }
  if (box !== undefined) {
    const { surveyBox } = await import('../survey/box.js');
    return surveyBox(readSurface(argument, options), options);
  }
  if (existsSync(argument)) {
    const { surveyRun } = await import('../survey/run.js');
    return surveyRun(argument, options);
  }
  throw new ScreeError(
    `survey: ${JSON.stringify(argument)} is no folder of a run; of a formula, say where to look: --at x=0,y=0 or --box x=-4..4,y=-4..4`,
  );
}
