import type { Command } from 'commander';
import { generateText, loadRun } from '../../src/train/index.js';
import { Interrupt } from '../interrupt.js';
import { addEngineOption, addSharedOptions, parseNumber } from '../options.js';
import { addCheckpointOption, type CheckpointOptions } from './eval.js';

interface GenerateCommandOptions extends CheckpointOptions {
  prompt?: string;
  length: number;
  temperature: number;
  seed: number;
}

export function addGenerateCommand(program: Command): void {
  const command = program
    .command('generate')
    .summary('let the model of a run write text')
    .description(
      'Let the model of a run of characters write text, character by character, as it goes on from a prompt. Ctrl-C ends the text.',
    )
    .argument('<run>', 'folder of the run')
    .option('--prompt <text>', 'what the text goes on from (default: a line break)')
    .option('--length <n>', 'characters to write', parseNumber, 500)
    .option(
      '--temperature <t>',
      '1 draws as the model was trained, lower keeps to what is likely, 0 takes the likeliest',
      parseNumber,
      1,
    )
    .option('--seed <n>', 'of the draws', parseNumber, 0);
  addSharedOptions(
    addCheckpointOption(addEngineOption(command, 'that of the run')),
    'the text as one JSON object',
  ).action(runGenerate);
}

async function runGenerate(
  path: string,
  { engine, threads, checkpoint, json = false, prompt, length, temperature, seed }: GenerateCommandOptions,
): Promise<void> {
  const loaded = await loadRun(path, { target: engine, threads, checkpoint });
  for (const line of loaded.warnings) process.stderr.write(`warning: ${line}\n`);
  const interrupt = new Interrupt();
  interrupt.arm();
  let text = '';
  let begun = false;
  try {
    for await (const character of generateText(loaded, { prompt, length, temperature, seed })) {
      // Nothing is written before the first character is there: a mistake is told on a line of its own.
      if (!json) process.stdout.write(begun ? character : `${prompt ?? ''}${character}`);
      begun = true;
      text += character;
      // Between two characters is where a signal is heard.
      await new Promise(setImmediate);
      if (interrupt.signal.aborted) break;
    }
  } finally {
    interrupt.release();
    await loaded.evaluator.close();
  }
  if (json) {
    const { step } = loaded.checkpoint;
    process.stdout.write(
      `${JSON.stringify({ run: path, step, prompt: prompt ?? null, temperature, seed, text })}\n`,
    );
  } else {
    process.stdout.write('\n');
  }
  if (interrupt.signal.aborted) process.exitCode = interrupt.exitCode;
}
