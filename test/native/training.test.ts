import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadDataset, type Dataset } from '../../src/data/index.js';
import { transformerModel } from '../../src/nn/index.js';
import {
  loadRun,
  newestSound,
  readRun,
  resumeRun,
  train,
  type Progress,
  type TrainOptions,
} from '../../src/train/index.js';
import { ended, start, temporaryFolder } from '../support/cli.js';
import { runMain } from '../support/run-main.js';
import { describeNative } from './support.js';

// Whole runs on the native engine: as good as on ONNX Runtime, the same bits each time, and nothing lost by signals.

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (name: string) => join(folder.path, name);

let digits: Dataset;
beforeAll(async () => {
  digits = await loadDataset('digits');
});

/** The losses of a run's steps, and its report. */
async function curve(options: Partial<TrainOptions> & Pick<TrainOptions, 'target'>) {
  const losses: number[] = [];
  let target: string | undefined;
  const onProgress = (progress: Progress) => {
    if (progress.kind === 'start') ({ target } = progress);
    if (progress.kind === 'step') losses.push(progress.score.loss);
  };
  const { report } = await train({ data: digits, threads: 1, seed: 1, ...options, onProgress });
  return { losses, report, target };
}

/** The largest difference between two curves, relative to the loss. */
const apart = (a: readonly number[], b: readonly number[]) =>
  Math.max(...a.map((loss, step) => Math.abs(loss - b[step]) / Math.max(Math.abs(b[step]), 0.1)));

describeNative('training on the native engine', () => {
  // Float32 sums in another order: the difference grows from 1e-7 by each step.
  test.each([
    ['mlp', 40, 64, 1e-3],
    ['lenet', 40, 64, 1e-3],
    ['cnn', 40, 64, 1e-2],
    ['resnet18', 4, 16, 2e-2],
  ] as const)(
    '%s goes down as on ONNX Runtime',
    async (model, steps, batchSize, tolerance) => {
      const schedule = 'constant';
      const optimizer = 'sgd:lr=0.02,momentum=0.9';
      const options = { model, steps, batchSize, schedule, optimizer };
      const [native, onnx] = [
        await curve({ ...options, target: 'native' }),
        await curve({ ...options, target: 'onnx' }),
      ];
      expect(native.losses).toHaveLength(steps);
      expect(apart(native.losses, onnx.losses)).toBeLessThan(tolerance);
      const accuracy = (report: typeof native.report) =>
        report.test !== null && 'accuracy' in report.test ? report.test.accuracy : NaN;
      expect(Math.abs(accuracy(native.report) - accuracy(onnx.report))).toBeLessThan(0.03);
    },
    60_000,
  );

  test('a transformer does too, on the test part as well: its causal mask is that of each query', async () => {
    const data = await loadDataset('alice', { length: 32 });
    const model = transformerModel(data.task.kind === 'characters' ? data.task.alphabet.length : 0, {
      blocks: 1,
      size: 64,
      heads: 4,
    });
    const options = { model, data, steps: 8, batchSize: 8, schedule: 'constant', optimizer: 'sgd:lr=0.1' };
    const native = await curve({ ...options, target: 'native' });
    const onnx = await curve({ ...options, target: 'onnx' });
    expect(apart(native.losses, onnx.losses)).toBeLessThan(1e-4);
    expect(native.report.test?.loss).toBeCloseTo(onnx.report.test?.loss ?? NaN, 4);
  }, 60_000);

  test('auto takes it, but for a recurrent network, whose loop it would run in JavaScript', async () => {
    const target = 'auto';
    expect((await curve({ model: 'mlp', steps: 1, target })).target).toBe('native');
    const data = await loadDataset('alice', { length: 8 });
    expect((await curve({ model: 'gru', data, steps: 1, batchSize: 2, target })).target).toBe('onnx');
  }, 60_000);

  test('is recorded; a run goes on elsewhere with a notice, and is tested on either', async () => {
    const out = at('elsewhere');
    const dataSource = { from: 'digits', options: {} };
    await curve({ model: 'cnn', steps: 22, target: 'native', out, dataSource });
    const run = await readRun(out);
    expect(run.target).toBe('native');
    expect(run.engine).toMatch(/^onednn 3\.\d+\.\d+$/);
    const scores = [];
    for (const target of ['native', 'onnx'] as const) {
      const { evaluator, weights } = await loadRun(out, { target, threads: 1 });
      scores.push((await evaluator.score(weights, digits.test)).loss);
      await evaluator.close();
    }
    expect(scores[0]).toBeCloseTo(scores[1], 4);
    const notices: string[] = [];
    await resumeRun(out, {
      target: 'onnx',
      onProgress: (progress) => progress.kind === 'warning' && notices.push(progress.message),
    });
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatch(
      /begun with engine onednn .* goes on with onnxruntime .*: last bits may differ/,
    );
    expect((await readRun(out)).target).toBe('onnx');
  }, 60_000);

  describe('bits', () => {
    const args = ['train', 'cnn', '--steps', '200', '--batch', '32', '--threads', '2', '--engine', 'native'];
    const more = ['--checkpoint-every', '5', '--deterministic'];
    const tensorsOf = async (path: string) =>
      (await newestSound(join(path, 'checkpoints'))).checkpoint?.tensors;
    beforeAll(async () => {
      expect((await ended(start([...args, ...more, '--out', at('whole')]))).code).toBe(0);
    }, 60_000);

    test.each([
      ['SIGKILL', null],
      ['SIGINT', 130],
    ] as const)(
      'are those of the undisturbed run after %s',
      async (signal, code) => {
        const out = at(signal);
        const child = start([...args, ...more, '--out', out]);
        const end = ended(child);
        // The first line is told when it trains.
        if (child.stdout !== null) await once(child.stdout, 'data');
        while (child.exitCode === null && (await tensorsOf(out)) === undefined) {
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        child.kill(signal);
        // Its streams are closed too: no thread is left.
        expect((await end).code).toBe(code);
        const { code: last } = await ended(start(['train', '--resume', out]));
        expect(last).toBe(0);
        expect(await tensorsOf(out)).toEqual(await tensorsOf(at('whole')));
      },
      60_000,
    );
  });
});

test('without a library, native says how to get one, and auto does without', async () => {
  const before = process.env['SCREE_ONEDNN'];
  process.env['SCREE_ONEDNN'] = join(folder.path, 'nothing.so');
  try {
    const args = ['train', 'mlp', '--steps', '1', '--threads', '1'];
    const refused = await runMain(...args, '--out', at('refused'), '--engine', 'native');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /^error: the native engine cannot be used: SCREE_ONEDNN: .*nothing\.so.*\n$/,
    );
    const taken = await runMain(...args, '--out', at('taken'));
    expect(taken.code).toBe(0);
    expect(taken.stdout).toMatch(/on ONNX Runtime: .*with oneDNN networks train about twice as fast/);
    expect((await readRun(at('taken'))).target).toBe('onnx');
    const json = await runMain(...args, '--out', at('json'), '--json');
    expect(`${json.stdout}${json.stderr}`).not.toContain('twice as fast');
  } finally {
    if (before === undefined) delete process.env['SCREE_ONEDNN'];
    else process.env['SCREE_ONEDNN'] = before;
  }
}, 60_000);
