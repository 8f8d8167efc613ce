import { expect, test } from 'vitest';
import type { NDArray } from '../../src/graph/index.js';
import { batchNorm, conv, dense, flatten, relu, sequential } from '../../src/nn/index.js';
import { parseOptimizer } from '../../src/optim/index.js';
import { Generator } from '../../src/random/index.js';
import { AccumulatedStep } from '../../src/train/accumulate.js';
import { sampleStep, type SampleStep } from '../../src/train/sample-step.js';
import { TrainingStep, type Stepper } from '../../src/train/step.js';
import { describeNative, relativeError } from './support.js';

function settingOn(target: 'javascript' | 'native', norm: boolean): SampleStep {
  const block = () => [conv(8, 3, { padding: 1 }), ...(norm ? [batchNorm()] : []), relu()];
  const model = sequential(...block(), ...block(), flatten(), dense(3));
  const optimizer = parseOptimizer('sgd:momentum=0.9');
  return sampleStep({ model, input: [4, 12, 12], outputs: 3, batchSize: 48, optimizer, target, threads: 1 });
}

/** The state after three steps, and what the program took beside it. */
async function walk({ request, examples, labels }: SampleStep, stepper: Stepper) {
  for (let step = 1; step <= 3; step++) {
    await stepper.run({ inputs: examples, labels }, { lr: 0.05, step, random: new Generator(7).fork(step) });
  }
  const tensors: Record<string, NDArray> = request.start.state.tensors();
  const { memoryBytes = NaN } = stepper;
  stepper.close();
  return { tensors, memoryBytes };
}

async function accumulated(target: 'javascript' | 'native', norm: boolean) {
  const setting = settingOn(target, norm);
  return walk(setting, await AccumulatedStep.compile(setting.request, 8));
}

/** The largest relative error of a tensor; biases before batch norm have no gradient but rounding. */
function largestError(actual: Record<string, NDArray>, expected: Record<string, NDArray>): number {
  const names = Object.keys(expected).filter((name) => name.startsWith('model') && name.endsWith('weight'));
  return Math.max(...names.map((name) => relativeError(actual[name], expected[name])));
}

describeNative('a batch in parts, on oneDNN', () => {
  test('gives the step of the whole batch, and takes less memory', async () => {
    const setting = settingOn('native', false);
    const whole = await walk(setting, await TrainingStep.compile(setting.request));
    const parts = await accumulated('native', false);
    // Sums of float32 in another order, passed on through three steps.
    expect(largestError(parts.tensors, whole.tensors)).toBeLessThan(1e-5);
    expect(parts.memoryBytes).toBeLessThan(0.5 * whole.memoryBytes);
  });

  test('moves the statistics of batch norm once a part, as on JavaScript', async () => {
    const [expected, actual] = [await accumulated('javascript', true), await accumulated('native', true)];
    expect(largestError(actual.tensors, expected.tensors)).toBeLessThan(1e-4);
    const statistics = Object.keys(expected.tensors).filter((name) => name.startsWith('state'));
    expect(statistics).toHaveLength(4);
    for (const name of statistics) {
      expect(relativeError(actual.tensors[name], expected.tensors[name])).toBeLessThan(1e-5);
    }
  });
});
