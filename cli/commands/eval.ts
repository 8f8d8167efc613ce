import type { Command } from 'commander';
import { loadRun } from '../../src/train/index.js';
import { withDownload } from '../data.js';
import { addSharedOptions, type SharedOptions } from '../options.js';
import { formatCount, formatNumber, formatPercent } from '../terminal/format.js';

export function addEvalCommand(program: Command): void {
  const command = program
    .command('eval')
    .summary('test the model of a run')
    .description("Test the model of a run, at its newest checkpoint, on the test part of the run's data set.")
    .argument('<run>', 'folder of the run');
  addSharedOptions(command, 'the result as one JSON object').action(runEval);
}

async function runEval(path: string, { threads, json = false }: SharedOptions): Promise<void> {
  const stream = json ? process.stderr : process.stdout;
  const loaded = await loadRun(path, { threads });
  for (const line of loaded.damaged) process.stderr.write(`warning: ${line}\n`);
  try {
    const data = await withDownload(stream, false, (load) => loaded.loadData(load));
    const test = await loaded.evaluator.score(loaded.weights, data.test);
    const { step } = loaded.checkpoint;
    const { name: model } = loaded.run.model;
    if (json) {
      const result = { run: path, model, data: data.name, step, rows: data.test.size, test };
      process.stdout.write(`${JSON.stringify(result)}\n`);
      return;
    }
    process.stdout.write(
      `${model} after step ${formatCount(step)}, on ${formatCount(data.test.size)} test rows of ${data.name}: ` +
        `accuracy ${formatPercent(test.accuracy)}, loss ${formatNumber(test.loss)}\n`,
    );
  } finally {
    await loaded.evaluator.close();
  }
}
