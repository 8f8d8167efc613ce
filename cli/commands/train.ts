import { join, parse, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { augmentations, datasetNames, loadDataset, type LoadOptions } from '../../src/data/index.js';
import { ScreeError } from '../../src/graph/errors.js';
import { models } from '../../src/nn/index.js';
import { optimizers, schedules, wrappers } from '../../src/optim/index.js';
import {
  losses,
  planDefaults,
  readMetrics,
  resumeOptions,
  type MetricsRow,
  type Progress,
  type TrainOptions,
  type TrainResult,
  type WireReport,
} from '../../src/train/index.js';
import { commandName } from '../command-name.js';
import { addDataOptions, dataOptions, dataSource, withDownload, type DataOptionValues } from '../data.js';
import { Interrupt } from '../interrupt.js';
import { describeScore } from '../metrics.js';
import { summaryKinds, type SummaryKind } from '../model-summary.js';
import { addEngineOption, addSharedOptions, helpList, parseNumber, type EngineOptions } from '../options.js';
import { addRankOptions, freeRankOptions, Ranks, type RankOptionValues } from '../ranks.js';
import { nextRunPath } from '../run-path.js';
import { formatCount, formatDuration, formatSI } from '../terminal/format.js';
import { TrainDisplay } from '../train-display.js';

interface TrainCommandOptions extends EngineOptions, DataOptionValues, RankOptionValues {
  data: string;
  epochs?: number;
  steps?: number;
  batch: number;
  accumulate: number;
  checkpointActivations?: number | 'sqrt';
  optimizer: string;
  schedule: string;
  loss?: string;
  augment?: string;
  weights?: string;
  patience?: number;
  seed: number;
  out?: string;
  resume?: string;
  deterministic?: boolean;
  checkpointEvery?: number;
  keep?: number | 'all';
  summary?: SummaryKind | true;
  quiet?: boolean;
}

/** What watches a run: its progress, and the wish to stop it. */
interface Watch {
  readonly onProgress: (progress: Progress) => void;
  readonly signal: AbortSignal;
}

/** What may be given when a run goes on; all else is what makes it the run it is. */
const free = ['resume', 'engine', 'threads', 'checkpointEvery', 'keep', 'summary', 'quiet', 'json', 'debug'];

export function addTrainCommand(program: Command): void {
  const { leastEpochs, leastSteps } = planDefaults;
  const command = program
    .command('train')
    .summary('train a model on a data set')
    .description(
      'Train a model on a data set. The run is drawn while it goes and kept in a folder: run.json, metrics.jsonl, ' +
        'TensorBoard events and checkpoints. Ctrl-C saves a checkpoint, and --resume goes on from there.',
    )
    .argument(
      '[model]',
      `${Object.keys(models).join(', ')}, or a module of your own (./model.ts)`,
      planDefaults.model,
    )
    .option(
      '--data <name|path>',
      `${datasetNames.join(', ')}; a table (.csv), arrays (.npz), a text (.txt), or a folder with IDX files, arrays or images`,
      'digits',
    )
    .option(
      '--epochs <n>',
      `passes over the data (default: ${leastEpochs}, or more to make ${leastSteps} steps)`,
      parseNumber,
    )
    .option('--steps <n>', 'steps, in place of epochs', parseNumber)
    .option('--batch <n>', 'examples a step', parseNumber, planDefaults.batchSize)
    .option(
      '--accumulate <n>',
      'parts that a batch is cut into, to take less memory',
      parseNumber,
      planDefaults.accumulate,
    )
    .option(
      '--checkpoint-activations <n|sqrt>',
      "cut the model's layers into segments, and compute their insides again to take less memory",
      (text) => (text === 'sqrt' ? text : parseNumber(text)),
    )
    .option('--optimizer <spec>', 'as sgd:lr=0.1,momentum=0.9+clipnorm', planDefaults.optimizer)
    .option('--schedule <spec>', 'of the learning rate, as cosine:warmup=100', planDefaults.schedule)
    .option('--loss <spec>', 'as crossentropy:labelSmoothing=0.1 (default: crossentropy; of a number, mse)')
    .option('--weights <file>', "safetensors with PyTorch's names to start from, as scree export writes them")
    .option('--augment <list>', 'change examples anew in each epoch, as flip,crop:padding=4,mixup')
    .option(
      '--patience <epochs>',
      'end when the loss on the validation part has not fallen for so long',
      parseNumber,
    )
    .option('--seed <n>', 'of everything random', parseNumber, planDefaults.seed)
    .option('--out <dir>', 'folder of the run (default: a new one in runs/)')
    .option('--resume <dir>', 'go on with the run in this folder')
    .option('--checkpoint-every <steps>', 'save so often, not only after every epoch', parseNumber)
    .option(
      '--keep <n|all>',
      'checkpoints to keep, the newest ones (default: 2); a plane through the trajectory needs more',
      (text) => (text === 'all' ? text : parseNumber(text)),
    )
    .addOption(
      new Option(
        '--summary [kind]',
        "the model's layers: short or full, none (default: short on a terminal)",
      ).choices(summaryKinds),
    )
    .option('--quiet', 'show nothing but the result');
  addEngineOption(command);
  command.option('--deterministic', 'of the native engine: the same algorithms on every machine');
  addDataOptions(command);
  addRankOptions(command);
  addSharedOptions(command, 'the result as one JSON object on standard output, progress on standard error')
    .addHelpText('after', () => {
      const lists = [
        helpList('Models', Object.values(models)),
        helpList('Optimizers', Object.values(optimizers)),
        helpList('Around an optimizer, with +', Object.values(wrappers)),
        helpList('Schedules', Object.values(schedules)),
        helpList('Losses', Object.values(losses)),
        helpList('Augmentation', augmentations),
      ];
      return `\n${lists.join('\n\n')}`;
    })
    .action(async (model: string, options: TrainCommandOptions) => {
      const ranks = await Ranks.join(options);
      try {
        await runTrain(command, model, options, ranks);
      } catch (error) {
        await ranks.fail(error);
        throw error;
      }
    });
}

async function runTrain(
  command: Command,
  model: string,
  options: TrainCommandOptions,
  ranks: Ranks,
): Promise<void> {
  const { json = false } = options;
  const quiet = options.quiet === true || !ranks.isFirst;
  const stream = json ? process.stderr : process.stdout;
  const { summary = stream.isTTY ? 'short' : 'none' } = options;
  const display = new TrainDisplay(stream, { quiet, summary: summary === true ? 'short' : summary });
  const interrupt = new Interrupt();
  const tell = (note: string) => {
    if (!quiet) stream.write(`${note}\n`);
  };
  const earlier = options.resume === undefined || quiet ? [] : await metricsOf(options.resume);
  const watch: Watch = {
    signal: interrupt.signal,
    onProgress(progress) {
      if (!ranks.isFirst) {
        if (progress.kind === 'start') interrupt.arm();
        return;
      }
      if (progress.kind === 'start') {
        interrupt.arm();
        if (progress.hint !== undefined && !json && !quiet) stream.write(`${progress.hint}\n`);
        display.recall(earlier.filter(({ step }) => step <= (progress.resumedFrom ?? 0)));
      }
      display.handle(progress);
    },
  };
  let result: TrainResult;
  try {
    result = await withDownload(stream, quiet, (load) =>
      options.resume === undefined
        ? begin(model, options, watch, load, ranks, tell)
        : goOn(command, options.resume, options, watch, load, ranks, tell),
    );
  } finally {
    display.stop();
    interrupt.release();
  }
  const table = display.table();
  const lines = quiet
    ? resultLines(result)
    : ['', ...table, ...(table.length > 0 ? [''] : []), ...resultLines(result), ...nextLines(result)];
  if (!result.finished) process.exitCode = interrupt.exitCode ?? 130;
  if (!ranks.isFirst) return;
  if (!json || !result.finished) stream.write(`${lines.join('\n')}\n`);
  if (json) process.stdout.write(`${JSON.stringify(result.report)}\n`);
}

/** What a run has measured so far, to be drawn; none where it cannot be read: going on will say what is wrong. */
function metricsOf(run: string): Promise<MetricsRow[]> {
  return readMetrics(join(run, 'metrics.jsonl')).catch(() => []);
}

async function begin(
  model: string,
  options: TrainCommandOptions,
  watch: Watch,
  load: LoadOptions,
  ranks: Ranks,
  tell: (note: string) => void,
): Promise<TrainResult> {
  const { epochs, steps, batch, accumulate, optimizer, schedule, loss, augment, patience } = options;
  const { seed, threads = ranks.threads, checkpointEvery, keep } = options;
  // For each rank as many examples as for one: the rate grows with the batch.
  const scale = options.scaleLr === true ? ranks.size : 1;
  const source = { from: dataSource(options.data), options: dataOptions(options) };
  const data = await ranks.inTurn(() => loadDataset(source.from, { ...source.options, ...load }));
  for (const note of data.notes) tell(note);
  const chosen: TrainOptions = {
    ...watch,
    model,
    data,
    dataSource: source,
    epochs,
    steps,
    batchSize: batch * scale,
    lrScale: scale,
    accumulate,
    checkpointActivations: options.checkpointActivations,
    optimizer,
    schedule,
    loss,
    augment,
    weights: options.weights === undefined ? undefined : resolve(options.weights),
    patience,
    seed,
    target: options.engine,
    deterministic: options.deterministic,
    threads,
    checkpointEvery,
    keep,
    out: options.out ?? nextRunPath(parse(model).name, data.name),
  };
  return ranks.train(chosen, tell);
}

async function goOn(
  command: Command,
  path: string,
  { engine, threads, checkpointEvery, keep }: TrainCommandOptions,
  watch: Watch,
  load: LoadOptions,
  ranks: Ranks,
  tell: (note: string) => void,
): Promise<TrainResult> {
  const given = command.options.find((option) => {
    const name = option.attributeName();
    return (
      !free.includes(name) && !freeRankOptions.includes(name) && command.getOptionValueSource(name) === 'cli'
    );
  });
  const what = given === undefined ? 'a model' : `${given.long}`;
  if (given !== undefined || command.args.length > 0) {
    throw new ScreeError(`--resume goes on with what the run's run.json says; it cannot be given ${what}`);
  }
  const run = await ranks.readRun(path);
  const chosen = await resumeOptions(path, {
    run,
    ...watch,
    load,
    ...(engine !== undefined && { target: engine }),
    ...(threads !== undefined && { threads }),
    ...(checkpointEvery !== undefined && { checkpointEvery }),
    ...(keep !== undefined && { keep }),
  });
  return ranks.train(chosen, tell, run);
}

/** What was reached, or how to go on. */
function resultLines({ report, finished }: TrainResult): string[] {
  const { run, steps, test, best, stoppedEarly, seconds, stepMs } = report;
  if (!finished) {
    const again = run === null ? '' : `; go on with: ${commandName()} train --resume ${run}`;
    return [`stopped after step ${formatCount(steps)}${again}`];
  }
  const time = `${formatCount(steps)} steps in ${formatDuration(seconds * 1000)}, ${Number(stepMs.toPrecision(3))} ms a step`;
  const right = test === null ? '' : `test ${describeScore(test)} after `;
  const lines = [`${right}${time}`];
  if (best !== null) {
    const { epoch, validation, test: then } = best;
    const ended = stoppedEarly ? '; its patience ended the run' : '';
    lines.push(
      `best on validation: epoch ${epoch}, ${describeScore(validation)}, test ${describeScore(then)}${ended}`,
    );
  }
  if (report.wire !== undefined) lines.push(wireLine(report.wire));
  return run === null ? lines : [...lines, `run folder ${run}`];
}

/** What several ranks sent each other, and what a step's time went to. */
function wireLine({ ranks, exchange, codec, bytesPerStep, ratio, ...times }: WireReport): string {
  const ms = (value: number) => `${Number(value.toPrecision(3))} ms`;
  const less = ratio === null ? '' : ` (${Number(ratio.toPrecision(3))} times less than float32 on a ring)`;
  const { computeMs, codecMs, wireMs, hiddenMs } = times;
  return (
    `${ranks} rank${ranks === 1 ? '' : 's'}, ${codec} by ${exchange}: ${formatSI(bytesPerStep, 'B')} a step${less}; ` +
    `compute ${ms(computeMs)}, codec ${ms(codecMs)}, wire ${ms(wireMs)}, hidden ${ms(hiddenMs)}`
  );
}

/** What to try next. */
function nextLines({ report: { run, data, test }, finished }: TrainResult): string[] {
  if (!finished || run === null) return [];
  const name = commandName();
  const writes = test !== null && 'perplexity' in test;
  const first = writes ? `generate ${run}` : `eval ${run}`;
  const another = data === 'digits' ? `train cnn --data fashion-mnist` : `train --help`;
  return ['', 'next:', `  ${name} ${first}`, `  ${name} ${another}`];
}
