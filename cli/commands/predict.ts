import type { Command } from 'commander';
import { normalise } from '../../src/data/index.js';
import { sizeOf } from '../../src/graph/shape.js';
import { loadRun } from '../../src/train/index.js';
import { readExamples } from '../examples.js';
import { addSharedOptions, type SharedOptions } from '../options.js';

export function addPredictCommand(program: Command): void {
  const command = program
    .command('predict')
    .summary('classify the examples of a file with the model of a run')
    .description(
      'Classify the examples of a file: IDX, a PNG image of the size that the model takes, or CSV with the numbers of ' +
        'one example a row. For each a line: its class, a tab, the probability.',
    )
    .argument('<run>', 'folder of the run')
    .argument(
      '<file>',
      'examples without labels, in integers as the data of the run are (0 to 255; digits: 0 to 16)',
    );
  addSharedOptions(command, 'the result as one JSON object').action(runPredict);
}

async function runPredict(
  path: string,
  file: string,
  { threads, json = false }: SharedOptions,
): Promise<void> {
  const loaded = await loadRun(path, { threads });
  for (const line of loaded.damaged) process.stderr.write(`warning: ${line}\n`);
  try {
    const { input, classes, normalisation } = loaded;
    const data = normalise(await readExamples(file, input), input, normalisation);
    const examples = { data, shape: [data.length / sizeOf(input), ...input], dtype: 'float32' } as const;
    const probabilities = await loaded.evaluator.probabilities(loaded.weights, examples);
    const predictions = Array.from({ length: examples.shape[0] }, (_, row) => {
      const own = probabilities.data.subarray(row * classes.length, (row + 1) * classes.length);
      const probability = Math.max(...own);
      return { class: classes[own.indexOf(probability)], probability };
    });
    if (json) {
      process.stdout.write(`${JSON.stringify({ run: path, file, predictions })}\n`);
      return;
    }
    for (const prediction of predictions) {
      process.stdout.write(`${prediction.class}\t${prediction.probability.toFixed(4)}\n`);
    }
  } finally {
    await loaded.evaluator.close();
  }
}
