import { InvalidArgumentError, type Command } from 'commander';
import {
  codecs,
  goesWith,
  measureCodec,
  measureExchange,
  parseCodec,
  predict,
  predictable,
  trainedCodec,
  type Prediction,
} from '../../src/distributed/index.js';
import { ScreeError } from '../../src/graph/errors.js';
import { sizeOf, type Shape } from '../../src/graph/shape.js';
import { flattenTree } from '../../src/graph/tree.js';
import { models } from '../../src/nn/index.js';
import { Generator } from '../../src/random/index.js';
import { parseNumber, parseShape } from '../options.js';
import { formatCount, formatSI } from '../terminal/format.js';
import { styleFor } from '../terminal/style.js';
import { table } from '../terminal/table.js';

interface WireCommandOptions {
  link: number;
  latency: number;
  ranks: number;
  input?: Shape;
  classes?: number;
  measure?: boolean;
  json?: boolean;
}

/** Reads `1Gbit`, `100Mbit`, in bits a second. */
function parseRate(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([kMG])bit(?:\/s)?$/.exec(text) ?? [];
  const rate = Number(number) * (unit === 'k' ? 1e3 : unit === 'M' ? 1e6 : 1e9);
  if (rate > 0) return rate;
  throw new InvalidArgumentError('It must be a rate, such as 1Gbit or 100Mbit.');
}

export function addWireCommand(program: Command): void {
  program
    .command('wire')
    .summary('what exchanging the gradients of a model takes')
    .description(
      'Predict what a training step spends on its gradients, for every codec and exchange: each codec is timed here, its bytes go ' +
        'over the link that is named. The computation comes on top.',
    )
    .argument('[model]', Object.keys(models).join(', '), 'resnet18')
    .option('--link <rate>', 'of each rank, such as 100Mbit', parseRate, 1e9)
    .option('--latency <ms>', 'of a message', parseNumber, 0.1)
    .option('--ranks <n>', 'that train together', parseNumber, 4)
    .option('--input <shape>', 'of one example (default: what the model is made for)', parseShape)
    .option('--classes <n>', 'numbers that the model gives', parseNumber)
    .option('--measure', 'exchange random gradients between threads of this machine, too')
    .option('--json', 'the list as JSON on standard output')
    .action((model: string, options: WireCommandOptions) => showWire(model, options));
}

function shapesOf(name: string, { input, classes }: WireCommandOptions): Shape[] {
  if (!Object.hasOwn(models, name)) {
    throw new ScreeError(`unknown model '${name}'; there are ${Object.keys(models).join(', ')}`);
  }
  const model = models[name];
  const example = input ?? model.usual.input;
  const built = model.build(example, classes ?? model.usual.classes);
  return flattenTree(built.init(new Generator(0), example).parameters).map(({ shape }) => shape);
}

interface Row extends Prediction {
  /** Codec and wire, one after the other. */
  readonly stepMs: number;
  readonly measured?: { readonly bytesPerStep: number; readonly stepMs: number };
}

async function showWire(name: string, options: WireCommandOptions): Promise<void> {
  const { link: bitsPerSecond, latency, ranks, measure = false, json = false } = options;
  if (!Number.isInteger(ranks) || ranks < 1 || ranks > 65_536) {
    throw new ScreeError(`--ranks must be an integer from 1 to 65536, not ${ranks}`);
  }
  if (measure && ranks > 64) throw new ScreeError('--measure runs up to 64 threads here');
  if (!(latency >= 0)) throw new ScreeError(`--latency must be 0 ms or more, not ${latency}`);
  const shapes = shapesOf(name, options);
  const link = { bytesPerSecond: bitsPerSecond / 8, latencySeconds: latency / 1000 };
  const rows: Row[] = [];
  for (const codecName of Object.keys(codecs)) {
    const codec = parseCodec(codecName);
    const cost = await measureCodec(trainedCodec(codec), shapes, ranks);
    for (const exchange of predictable) {
      if (!goesWith(exchange, codec)) continue;
      const one = predict(exchange, codec, cost, ranks, link);
      const measured = measure
        ? await measureExchange(shapes, ranks, { exchange, compress: codecName })
        : undefined;
      rows.push({ ...one, stepMs: one.codecMs + one.wireMs, ...(measured && { measured }) });
    }
  }
  rows.sort((a, b) => a.stepMs - b.stepMs);
  if (json) {
    process.stdout.write(`${JSON.stringify(rows)}\n`);
    return;
  }
  const ms = (value: number) => `${Number(value.toPrecision(3))} ms`;
  const values = shapes.reduce((sum, shape) => sum + sizeOf(shape), 0);
  const cells = rows.map(({ exchange, codec, bytesPerStep, wireMs, codecMs, stepMs, measured }) => [
    codec,
    exchange,
    formatSI(bytesPerStep, 'B'),
    ms(wireMs),
    ms(codecMs),
    ms(stepMs),
    ...(measured === undefined ? [] : [formatSI(measured.bytesPerStep, 'B'), ms(measured.stepMs)]),
  ]);
  const lines = [
    `${name}: ${formatCount(values)} parameters, ${formatSI(4 * values, 'B')} of gradient a step; ${ranks} ranks, ${formatSI(bitsPerSecond, 'bit/s')}, ${latency} ms`,
    '',
    ...table(cells, {
      columns: [
        'codec',
        'exchange',
        'sent a step',
        'wire',
        'coding',
        'together',
        ...(measure ? ['sent here', 'on threads here'] : []),
      ],
      style: styleFor(process.stdout),
      align: ['left', 'left', 'right'],
    }),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
