import type { Command } from 'commander';
import { dataOptionsSchema, normalise, readExamples } from '../../src/data/index.js';
import { ScreeError } from '../../src/graph/errors.js';
import { sizeOf } from '../../src/graph/shape.js';
import { loadRun, type TrainedRun } from '../../src/train/index.js';
import { commandName } from '../command-name.js';
import { addEngineOption, addSharedOptions } from '../options.js';
import { formatNumber } from '../terminal/format.js';
import { addCheckpointOption, type CheckpointOptions } from './eval.js';
import { tuningProgress } from '../terminal/tuning.js';

export function addPredictCommand(program: Command): void {
  const command = program
    .command('predict')
    .summary('use the model of a run on the examples of a file')
    .description(
      'Use the model of a run on the examples of a file: IDX, .npy, a PNG or JPEG image, a table as the data were, or CSV without ' +
        'a header and with the numbers of one example a row. For each a line: its class, a tab, the probability; or the number that is predicted.',
    )
    .argument('<run>', 'folder of the run')
    .argument(
      '<file>',
      'examples without labels, as the data of the run are (bytes 0 to 255; digits: 0 to 16)',
    );
  addSharedOptions(
    addCheckpointOption(addEngineOption(command, 'that of the run')),
    'the result as one JSON object',
  ).action(runPredict);
}

/** What is said of one example: a line for people, and plain JSON. */
interface Prediction {
  readonly line: string;
  readonly json: Readonly<Record<string, unknown>>;
}

async function runPredict(
  path: string,
  file: string,
  { engine, threads, checkpoint, json = false }: CheckpointOptions,
): Promise<void> {
  const onTune = tuningProgress(process.stderr);
  const loaded = await loadRun(path, { target: engine, threads, checkpoint, onTune });
  for (const line of loaded.warnings) process.stderr.write(`warning: ${line}\n`);
  try {
    const predictions = await predict(loaded, path, file);
    if (json) {
      const result = { run: path, file, predictions: predictions.map((prediction) => prediction.json) };
      process.stdout.write(`${JSON.stringify(result)}\n`);
      return;
    }
    for (const { line } of predictions) process.stdout.write(`${line}\n`);
  } finally {
    await loaded.evaluator.close();
  }
}

async function predict(loaded: TrainedRun, path: string, file: string): Promise<Prediction[]> {
  const { input, task, normalisation, encoding, evaluator, weights, run } = loaded;
  if (task.kind === 'characters') {
    throw new ScreeError(
      `run '${path}' predicts characters, not examples: let it write with ${commandName()} generate ${path} --prompt TEXT`,
    );
  }
  const resize = dataOptionsSchema.safeParse(run.data['options']).data?.size !== undefined;
  const raw = await readExamples(file, input, { encoding, resize });
  const data = normalisation ? normalise(raw, input, normalisation) : Float32Array.from(raw);
  const examples = { data, shape: [data.length / sizeOf(input), ...input], dtype: 'float32' } as const;
  if (task.kind === 'regression') {
    const { mean, std } = task;
    const outputs = await evaluator.outputs(weights, examples);
    return Array.from(outputs.data, (output) => {
      const value = output * std + mean;
      return { line: formatNumber(value), json: { value } };
    });
  }
  const { classes } = task;
  const probabilities = await evaluator.probabilities(weights, examples);
  return Array.from({ length: examples.shape[0] }, (_, row) => {
    const own = probabilities.data.subarray(row * classes.length, (row + 1) * classes.length);
    const probability = Math.max(...own);
    const name = classes[own.indexOf(probability)];
    return { line: `${name}\t${probability.toFixed(4)}`, json: { class: name, probability } };
  });
}
