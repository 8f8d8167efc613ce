import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { profileNative } from '../../src/compile/native/index.js';
import { profileGraph } from '../../src/compile/onnx/profile-graph-node.js';
import { profileByOp, type StepProfile, type StepProfileRow } from '../../src/compile/step-profile.js';
import { ScreeError } from '../../src/graph/errors.js';
import { showShape, type Shape } from '../../src/graph/shape.js';
import { models } from '../../src/nn/index.js';
import { parseOptimizer } from '../../src/optim/index.js';
import { chooseModel, unknownModel } from '../../src/train/choose-model.js';
import { isModelPath } from '../../src/train/model-module.js';
import { chooseTarget } from '../../src/train/index.js';
import { traceModel } from '../../src/train/learner.js';
import { sampleGraph, sampleStep } from '../../src/train/sample-step.js';
import {
  addEngineOption,
  addSharedOptions,
  parseNumber,
  parseShape,
  type EngineOptions,
} from '../options.js';
import { formatCount, formatPercent, formatSI } from '../terminal/format.js';
import { styleFor } from '../terminal/style.js';
import { table } from '../terminal/table.js';
import { tuningProgress } from '../terminal/tuning.js';

interface ExplainCommandOptions extends EngineOptions {
  batch: number;
  input?: Shape;
  classes?: number;
  optimizer: string;
  runs: number;
  all?: boolean;
}

export function addExplainCommand(program: Command): void {
  const command = program
    .command('explain')
    .summary('say what the time of one training step goes to')
    .description(
      'Measure one training step of a model on random numbers: for each op of the graph how often it is there, its ' +
        'floating-point operations (two for each multiply-add) and bytes (operands read and result written once), its time and ' +
        'share, and what runs it. On the native engine a row is a step of its program, and slow implementations are named.',
    )
    .argument('<model>', `${Object.keys(models).join(', ')}, or the path of a module`)
    .option('--batch <n>', 'examples a step', parseNumber, 32)
    .option('--input <shape>', 'of one example, as 3x32x32 (default: what the model is made for)', parseShape)
    .option('--classes <n>', 'numbers that the model gives (default: what it is made for)', parseNumber)
    .option('--optimizer <spec>', 'what makes the update', 'sgd:lr=0.01,momentum=0.9')
    .option('--runs <n>', 'steps to average over', parseNumber, 10)
    .option('--all', 'a row for each node of the graph');
  addEngineOption(command);
  addSharedOptions(command, 'the profile as one JSON object').action(runExplain);
}

function requireCount(option: string, value: number): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new ScreeError(`--${option} must be a positive integer, not ${value}`);
}

async function runExplain(name: string, options: ExplainCommandOptions): Promise<void> {
  const batchSize = requireCount('batch', options.batch);
  const runs = requireCount('runs', options.runs);
  const threads = requireCount('threads', options.threads ?? availableParallelism());
  const usual = Object.hasOwn(models, name) ? models[name].usual : undefined;
  if (usual === undefined && !isModelPath(name)) throw unknownModel(name);
  const input = options.input ?? usual?.input;
  const outputs = options.classes ?? usual?.classes;
  if (input === undefined || outputs === undefined) {
    throw new ScreeError(`${name}: a model of your own needs --input and --classes`);
  }
  const classes = Array.from({ length: requireCount('classes', outputs) }, (_, index) => String(index));
  const task =
    input.length === 1 && usual?.input.length === 1
      ? ({ kind: 'characters', alphabet: classes } as const)
      : ({ kind: 'classification', classes } as const);
  const chosen = await chooseModel(name, { name: 'explain', inputShape: input, task });
  const optimizer = parseOptimizer(options.optimizer);
  const { model } = chosen;
  const step = sampleStep({ model, input, outputs, batchSize, optimizer, target: 'onnx', threads });
  const { engine = 'auto' } = options;
  const { target: engineTaken } = await chooseTarget(engine, { threads }, () => traceModel(step.request));
  const { graph, inputs } = sampleGraph(step);
  const profileOn = engineTaken === 'native' ? profileNative : profileGraph;
  const onTune = tuningProgress(process.stderr);
  const profile = await profileOn(graph, inputs, { threads, runs, onTune });
  const rows = options.all ? profile.nodes : profileByOp(profile);
  if (options.json) {
    const about = {
      model: chosen.name,
      input,
      classes: outputs,
      batch: batchSize,
      optimizer: options.optimizer,
    };
    const { target, memoryBytes, warnings } = profile;
    process.stdout.write(
      `${JSON.stringify({ ...about, target, threads, runs, memoryBytes, warnings, rows })}\n`,
    );
    return;
  }
  const title =
    `${chosen.name} on ${showShape(input)}, batch ${formatCount(batchSize)}, ${optimizer.name}, ` +
    `${profile.target} on ${threads} ${threads === 1 ? 'thread' : 'threads'}, mean of ${formatCount(runs)} steps`;
  process.stdout.write(`${[title, '', ...profileLines(rows, profile)].join('\n')}\n`);
}

/** Below this share of the step, ops are told together. */
const least = 0.002;

function profileLines(rows: readonly StepProfileRow[], profile: StepProfile): string[] {
  const total = sumOf('total', rows);
  const shown = rows.filter(({ ms }) => ms >= least * total.ms);
  const rest = rows.filter(({ ms }) => ms < least * total.ms);
  const all = [...shown, ...(rest.length > 0 ? [sumOf(`${rest.length} others`, rest)] : []), total];
  const cells = all.map((row) => [
    row.op,
    formatCount(row.count),
    row.gflop < 5e-6 ? '–' : digits(row.gflop),
    formatSI(row.bytes, 'B'),
    digits(row.ms),
    formatPercent(total.ms > 0 ? row.ms / total.ms : 0),
    row.gflop < 5e-6 || row.ms === 0 ? '–' : digits((row.gflop / row.ms) * 1000),
    row.implementation,
  ]);
  const lines = table(cells, {
    columns: ['op', 'count', 'GFLOP', 'bytes', 'ms', 'share', 'GFLOP/s', 'run by'],
    style: styleFor(process.stdout),
    align: ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'left'],
  });
  const { nodes } = profile;
  const own = nodes.filter(({ node }) => node === undefined).reduce((sum, { ms }) => sum + ms, 0);
  const note = `the ${profile.target} target's own part, such as changes of layout: ${digits(own)} ms`;
  const { memoryBytes, warnings = [] } = profile;
  const notes = [
    ...(own > 0 ? [note] : []),
    ...(memoryBytes === undefined ? [] : [`memory beside weights and batch: ${formatSI(memoryBytes, 'B')}`]),
    ...warnings.map((line) => `warning: ${line}`),
  ];
  return notes.length > 0 ? [...lines, '', ...notes] : lines;
}

function sumOf(op: string, rows: readonly StepProfileRow[]): StepProfileRow {
  const total = (key: 'count' | 'gflop' | 'bytes' | 'ms') => rows.reduce((sum, row) => sum + row[key], 0);
  return {
    op,
    implementation: '',
    count: total('count'),
    gflop: total('gflop'),
    bytes: total('bytes'),
    ms: total('ms'),
  };
}

/** Three significant digits. */
function digits(value: number): string {
  return value >= 1000 ? formatCount(value) : String(Number(value.toPrecision(3)));
}
