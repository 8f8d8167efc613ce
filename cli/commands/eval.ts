import { Option, type Command } from 'commander';
import type { Dataset } from '../../src/data/index.js';
import { testRun, loadRun, type CheckpointChoice, type TestReport } from '../../src/train/index.js';
import { classLines, confusionLines } from '../class-report.js';
import { withDownload } from '../data.js';
import { describeScore } from '../metrics.js';
import { addEngineOption, addSharedOptions, type EngineOptions } from '../options.js';
import { formatCount, formatNumber } from '../terminal/format.js';
import { styleFor } from '../terminal/style.js';
import { tuningProgress } from '../terminal/tuning.js';

export interface CheckpointOptions extends EngineOptions {
  checkpoint?: CheckpointChoice;
}

/** Columns where there is no terminal to ask. */
const usualColumns = 80;

export function addEvalCommand(program: Command): void {
  const command = program
    .command('eval')
    .summary('test the model of a run')
    .description(
      "Test the model of a run on the test part of the run's data set: of classes the accuracy, the confusion matrix, and each " +
        "class's precision, recall and F1; of a number the root-mean-square and the mean absolute error, and R²; of characters " +
        'the perplexity.',
    )
    .argument('<run>', 'folder of the run');
  addSharedOptions(
    addCheckpointOption(addEngineOption(command, 'that of the run')),
    'the result as one JSON object',
  ).action(runEval);
}

/** @returns the command */
export function addCheckpointOption(command: Command): Command {
  return command.addOption(
    new Option(
      '--checkpoint <which>',
      'best on the validation part, or last (default: best where there is such a part)',
    ).choices(['best', 'last']),
  );
}

async function runEval(
  path: string,
  { engine, threads, checkpoint, json = false }: CheckpointOptions,
): Promise<void> {
  const stream = json ? process.stderr : process.stdout;
  const onTune = tuningProgress(stream);
  const loaded = await loadRun(path, { target: engine, threads, checkpoint, onTune });
  for (const line of loaded.warnings) process.stderr.write(`warning: ${line}\n`);
  try {
    const data = await withDownload(stream, false, (load) => loaded.loadData(load));
    const report = await testRun(loaded, data);
    const { step, choice } = loaded.checkpoint;
    const { name: model } = loaded.run.model;
    if (json) {
      const rows = data.test.size;
      const result = { run: path, model, data: data.name, step, checkpoint: choice, rows, ...report };
      process.stdout.write(`${JSON.stringify(result)}\n`);
      return;
    }
    const best = choice === 'best' ? ', the best on the validation part' : '';
    process.stdout.write(
      `${model} after step ${formatCount(step)}${best}, on ${formatCount(data.test.size)} test rows of ${data.name}: ` +
        `${describeScore(report.test)}, loss ${formatNumber(report.test.loss)}\n`,
    );
    const lines = reportLines(report, data);
    if (lines.length > 0) process.stdout.write(`\n${lines.join('\n')}\n`);
  } finally {
    await loaded.evaluator.close();
  }
}

function reportLines({ confusion, classes }: TestReport, { task }: Dataset): string[] {
  if (task.kind !== 'classification' || confusion === undefined || classes === undefined) return [];
  const options = { columns: process.stdout.columns ?? usualColumns, style: styleFor(process.stdout) };
  return [...confusionLines(confusion, task.classes, options), '', ...classLines(classes, options)];
}
