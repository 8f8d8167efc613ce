import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadDataset, type Dataset } from '../src/data/index.js';
import { loadRun, train, type TrainResult } from '../src/train/index.js';
import { ended, start, temporaryFolder } from './support/cli.js';
import { runMain } from './support/run-main.js';

// Characters end to end: a small transformer learns the shipped text, and writes.

const folder = temporaryFolder();
const run = join(folder.path, 'run');
const model = join(folder.path, 'model.ts');
writeFileSync(
  model,
  `import { transformerModel } from 'scree/nn';
export default (_input: readonly number[], outputs: number) =>
  transformerModel(outputs, { blocks: 2, size: 64, heads: 4 });
`,
);
afterAll(() => folder.remove());

let data: Dataset;
let result: TrainResult;
beforeAll(async () => {
  data = await loadDataset('alice', { length: 32 });
  result = await train({
    model,
    data,
    dataSource: { from: 'alice', options: { length: 32 } },
    out: run,
    steps: 400,
    batchSize: 32,
    optimizer: 'adamw:lr=4e-3+clipnorm',
    threads: 1,
  });
}, 120_000);

/** Cross-entropy on the test part of the frequencies of characters in the training part, after each `context` of one or none. */
function frequencyLoss(
  { train: known, test: unseen, task }: Dataset,
  context: (input: number) => number,
): number {
  const size = task.kind === 'characters' ? task.alphabet.length : 0;
  const rows = Array.from({ length: size }, () => new Float64Array(size).fill(0.1));
  known.labels.data.forEach((next, place) => rows[context(known.inputs.data[place])][next]++);
  const totals = rows.map((row) => row.reduce((sum, count) => sum + count, 0));
  let loss = 0;
  unseen.labels.data.forEach((next, place) => {
    const row = context(unseen.inputs.data[place]);
    loss -= Math.log(rows[row][next] / totals[row]);
  });
  return loss / unseen.labels.data.length;
}

test('learns more of a text than how often characters follow one another', () => {
  const unigram = frequencyLoss(data, () => 0);
  const bigram = frequencyLoss(data, (character) => character);
  // What the text's own frequencies give; a model that has learnt nothing is at log 72 = 4.28.
  expect(unigram).toBeCloseTo(3.16, 2);
  expect(bigram).toBeCloseTo(2.45, 2);
  expect(result.report.test?.loss).toBeLessThan(2.1);
});

describe('scree generate', () => {
  const write = (...args: string[]) => runMain('generate', run, ...args);

  test('writes on from a prompt, the same for the same seed', async () => {
    const args = ['--prompt', 'Alice was ', '--length', '60', '--seed', '3'];
    const { code, stdout } = await write(...args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Alice was [^]{60}\n$/);
    expect((await write(...args)).stdout).toBe(stdout);
    expect((await write(...args.slice(0, -1), '4')).stdout).not.toBe(stdout);
  });

  test('temperature 0 takes what the model finds likeliest, beyond the length of an example too', async () => {
    const { stdout } = await write(
      '--prompt',
      'The Mock Turtl',
      '--length',
      '40',
      '--temperature',
      '0',
      '--json',
    );
    const { text } = JSON.parse(stdout) as { text: string };
    expect(text).toHaveLength(40);
    expect(text[0]).toBe('e');
    const { weights, evaluator, task } = await loadRun(run, { threads: 1 });
    if (task.kind !== 'characters') throw new Error('the run is not one of characters');
    // The last character by hand: the 32 before it fill an example.
    const before = `The Mock Turtl${text}`.slice(-33, -1);
    const example = Int32Array.from(before, (character) => task.alphabet.indexOf(character));
    const scores = await evaluator.outputs(weights, { data: example, shape: [1, 32], dtype: 'int32' });
    const last = Array.from(scores.data.slice(-task.alphabet.length));
    expect(task.alphabet[last.indexOf(Math.max(...last))]).toBe(text.at(-1));
    await evaluator.close();
  });

  test.each([
    [['--prompt', ''], 'generate: the prompt is empty; give a character or more'],
    [['--prompt', 'Ω'], 'the character "Ω" is not in the alphabet'],
    [['--length', '-1'], 'generate: length -1 must be an integer from 0 on'],
    [['--temperature', '-0.5'], 'generate: temperature -0.5 must be a number from 0 on'],
    [['--seed', '0.5'], 'Generator: seed 0.5 is not an integer'],
  ])('%j is told in one line', async (args, message) => {
    const { code, stdout, stderr } = await write(...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`error: ${message}`);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  test('ends the text in order at Ctrl-C', async () => {
    const child = start(['generate', run, '--length', '1000000', '--threads', '1']);
    child.stdout?.once('data', () => child.kill('SIGINT'));
    const { code, stdout, stderr } = await ended(child);
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
    expect(stdout.endsWith('\n')).toBe(true);
  });
});
