import { expect, test } from 'vitest';
import { models } from '../../src/nn/index.js';
import { adamw, sgd, soap, type Optimizer } from '../../src/optim/index.js';
import { Generator } from '../../src/random/index.js';
import { sampleStep } from '../../src/train/sample-step.js';
import { TrainingStep } from '../../src/train/step.js';
import { describeNative } from './support.js';

// The trainer lets a native program keep the state. Whoever looks at it, and when, must change no bit of the run.

const momentum = () => sgd({ lr: 0.05, momentum: 0.9, nesterov: true, weightDecay: 5e-4 });

function setting(optimizer: Optimizer) {
  const input = [1, 28, 28];
  const model = models.lenet.build(input, 10);
  return sampleStep({ model, input, outputs: 10, batchSize: 8, optimizer, target: 'native', threads: 1 });
}

const steps = 12;
const keys = new Generator(7);

async function walk({ request, examples, labels }: ReturnType<typeof setting>, from: number, to: number) {
  const step = await TrainingStep.compile(request);
  const losses: number[] = [];
  try {
    for (let count = from + 1; count <= to; count++) {
      const values = { lr: 0.01, step: count, random: keys.fork(count) };
      losses.push((await step.run({ inputs: examples, labels }, values)).loss);
      if (to < steps) request.start.state.tensors();
    }
    const tensors = request.start.state.tensors();
    return { losses, tensors };
  } finally {
    step.close();
  }
}

describeNative('the state of training, kept in the program', () => {
  test.each([
    ['sgd', momentum],
    ['adamw', () => adamw({ lr: 0.01 })],
    ['soap, which works on the host between steps', () => soap({ lr: 0.01 })],
  ] as const)(
    'goes on from what was read of it with the same bits: %s',
    async (_name, optimizer) => {
      const whole = await walk(setting(optimizer()), 0, steps);
      const first = await walk(setting(optimizer()), 0, 7);
      const resumed = setting(optimizer());
      resumed.request.start.state.load(first.tensors, 'what was read');
      const second = await walk(resumed, 7, steps);
      expect([...first.losses, ...second.losses]).toEqual(whole.losses);
      expect(second.tensors).toEqual(whole.tensors);
      expect(whole.losses[steps - 1]).toBeLessThan(whole.losses[0]);
    },
    60_000,
  );

  test('is the old one after a step that was refused', async () => {
    const { request, examples, labels } = setting(momentum());
    const step = await TrainingStep.compile(request);
    const take = (count: number, given = labels) =>
      step.run({ inputs: examples, labels: given }, { lr: 0.01, step: count, random: keys.fork(count) });
    await take(1);
    await take(2);
    const wrong = { ...labels, data: labels.data.slice().fill(10) };
    await expect(take(3, wrong)).rejects.toThrow('10');
    const { loss } = await take(3);
    const after = request.start.state.tensors();
    step.close();
    const undisturbed = await walk(setting(momentum()), 0, 3);
    expect(loss).toBe(undisturbed.losses[2]);
    expect(after).toEqual(undisturbed.tensors);
  });
});
