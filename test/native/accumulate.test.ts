import { expect, test } from 'vitest';
import type { NDArray } from '../../src/graph/index.js';
import { batchNorm, conv, crossEntropy, dense, flatten, relu, sequential } from '../../src/nn/index.js';
import { parseOptimizer } from '../../src/optim/index.js';
import { Generator, integers, normal } from '../../src/random/index.js';
import { AccumulatedStep } from '../../src/train/accumulate.js';
import { judgeOf } from '../../src/train/judge.js';
import { startState } from '../../src/train/start.js';
import { TrainingStep, type Stepper, type StepRequest } from '../../src/train/step.js';
import { describeNative, relativeError } from './support.js';

const shape = [4, 12, 12];
const batchSize = 48;
const classes = ['a', 'b', 'c'];
const random = new Generator(5);
const inputs = normal(random, [batchSize, ...shape]);
const labels = integers(random, [batchSize], 0, classes.length);

function requestOn(target: 'javascript' | 'native', norm: boolean): StepRequest {
  const block = () => [conv(8, 3, { padding: 1 }), ...(norm ? [batchNorm()] : []), relu()];
  const model = sequential(...block(), ...block(), flatten(), dense(classes.length));
  const initial = model.init(new Generator(3), shape);
  const optimizer = parseOptimizer('sgd:momentum=0.9');
  return {
    model,
    initial,
    input: { shape, dtype: 'float32' },
    label: { shape: [], dtype: 'int32' },
    judge: judgeOf({ kind: 'classification', classes }, crossEntropy, shape),
    compile: { target },
    start: startState(initial, optimizer),
    batchSize,
    optimizer,
    cyclesMomentum: false,
    mixes: false,
  };
}

/** The state after three steps, and what the program took beside it. */
async function walk(request: StepRequest, stepper: Stepper) {
  for (let step = 1; step <= 3; step++) {
    await stepper.run({ inputs, labels }, { lr: 0.05, step, random: new Generator(7).fork(step) });
  }
  const tensors: Record<string, NDArray> = request.start.state.tensors();
  const { memoryBytes = NaN } = stepper;
  stepper.close();
  return { tensors, memoryBytes };
}

async function accumulated(target: 'javascript' | 'native', norm: boolean) {
  const request = requestOn(target, norm);
  return walk(request, await AccumulatedStep.compile(request, 8));
}

/** The largest relative error of a tensor; biases before batch norm have no gradient but rounding. */
function largestError(actual: Record<string, NDArray>, expected: Record<string, NDArray>): number {
  const names = Object.keys(expected).filter((name) => name.startsWith('model') && name.endsWith('weight'));
  return Math.max(...names.map((name) => relativeError(actual[name], expected[name])));
}

describeNative('a batch in parts, on oneDNN', () => {
  test('gives the step of the whole batch, and takes less memory', async () => {
    const request = requestOn('native', false);
    const whole = await walk(request, await TrainingStep.compile(request));
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
