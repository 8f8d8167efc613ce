import type { Command } from 'commander';
import { ScreeError } from '../../src/graph/errors.js';
import { showShape, type Shape } from '../../src/graph/shape.js';
import { costs, models, type Model } from '../../src/nn/index.js';
import { parseNumber, parseShape } from '../options.js';
import { formatCount, formatSI } from '../terminal/format.js';
import { styleFor } from '../terminal/style.js';
import { table } from '../terminal/table.js';

interface ModelsCommandOptions {
  input?: Shape;
  classes?: number;
  json?: boolean;
}

export function addModelsCommand(program: Command): void {
  program
    .command('models')
    .summary('list the models')
    .description(
      'List the models with their parameters and the floating-point operations of the forward pass of one example, two for ' +
        'each multiply-add of products and convolutions.',
    )
    .option(
      '--input <shape>',
      'of one example, as 3x32x32 (default: what each model is made for)',
      parseShape,
    )
    .option('--classes <n>', 'numbers that a model gives', parseNumber)
    .option('--json', 'the list as JSON on standard output')
    .action((options: ModelsCommandOptions) => listModels(options));
}

/** A model on an input: its counts, or why it cannot take it. */
interface Row {
  readonly model: string;
  readonly input: Shape;
  readonly classes: number;
  readonly parameters: number | null;
  readonly forwardFlops: number | null;
  readonly summary: string;
  readonly problem?: string;
}

function describeModel(model: Model, { input: given, classes: count }: ModelsCommandOptions): Row {
  const input = given ?? model.usual.input;
  const classes = count ?? model.usual.classes;
  const about = { model: model.name, input, classes, summary: model.summary };
  try {
    return { ...about, ...costs(model.build(input, classes), input) };
  } catch (error) {
    if (!(error instanceof ScreeError)) throw error;
    return { ...about, parameters: null, forwardFlops: null, problem: error.message };
  }
}

function listModels(options: ModelsCommandOptions): void {
  const { classes, json = false } = options;
  if (classes !== undefined && (!Number.isInteger(classes) || classes < 1)) {
    throw new ScreeError(`--classes must be a positive integer, not ${classes}`);
  }
  const rows = Object.values(models).map((model) => describeModel(model, options));
  if (json) {
    process.stdout.write(`${JSON.stringify(rows)}\n`);
    return;
  }
  const cells = rows.map((row) => [
    row.model,
    row.input.join('×'),
    formatCount(row.classes),
    row.parameters === null ? '–' : formatCount(row.parameters),
    row.forwardFlops === null ? '–' : formatSI(row.forwardFlops, 'FLOP'),
    row.problem === undefined ? row.summary : `cannot take ${showShape(row.input)}`,
  ]);
  const lines = table(cells, {
    columns: ['model', 'input', 'classes', 'parameters', 'forward', 'what it is'],
    style: styleFor(process.stdout),
    align: ['left', 'right'],
  });
  process.stdout.write(`${lines.join('\n')}\n`);
}
