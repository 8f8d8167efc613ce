import { describe, expect, test } from 'vitest';
import { optimizers, parseOptimizer, parseSchedule, schedules, wrappers, type Registry } from './index.js';

describe('parseOptimizer', () => {
  test('takes defaults where nothing is said', () => {
    const optimizer = parseOptimizer('adam');
    expect(optimizer.name).toBe('adam');
    expect(optimizer.options).toEqual({
      lr: 1e-3,
      beta1: 0.9,
      beta2: 0.999,
      eps: 1e-8,
      weightDecay: 0,
      freeze: 0,
    });
    expect(optimizer.learningRate(123)).toBe(1e-3);
  });

  test('reads numbers, flags and choices', () => {
    expect(parseOptimizer('sgd:lr=1e+3, momentum=.5,nesterov').options).toMatchObject({
      lr: 1000,
      momentum: 0.5,
      nesterov: true,
    });
    expect(parseOptimizer('sgd:nesterov=false').options.nesterov).toBe(false);
    expect(parseOptimizer('sophia:estimator=exact').options.estimator).toBe('exact');
  });

  test('puts wrappers around, from the inside out', () => {
    const optimizer = parseOptimizer('sgd:lr=1e+1+clipnorm:maxNorm=2+lookahead');
    expect(optimizer.name).toBe('sgd+clipnorm+lookahead');
    expect(optimizer.options).toMatchObject({ lr: 10, 'clipnorm.maxNorm': 2, 'lookahead.syncPeriod': 5 });
    expect(optimizer.learningRate(0)).toBe(10);
  });

  test.each([
    ['adm', 'unknown optimizer "adm"; did you mean "adam"?'],
    ['__proto__', 'unknown optimizer "__proto__"'],
    ['sgd+clipnrm', 'unknown wrapper "clipnrm"; did you mean "clipnorm"?'],
    ['adam:beta=1', 'adam: unknown option "beta"; did you mean "beta1"? (options: lr ≥ 0; 0 ≤ beta1 < 1'],
    ['adam:beta1=1', 'adam: beta1 is 1; it must satisfy 0 ≤ beta1 < 1 (options: lr ≥ 0'],
    ['adam:lr=fast', 'adam: lr is "fast"; it must satisfy lr ≥ 0'],
    ['adam:lr=', 'adam: lr is ""; it must satisfy lr ≥ 0'],
    ['adam:lr=Infinity', 'adam: lr is Infinity; it must satisfy lr ≥ 0'],
    ['adam:lr=-1', 'adam: lr is -1; it must satisfy lr ≥ 0'],
    ['adam:lr', 'adam: "lr" is not option=value; write adam:lr=…'],
    ['adam:', 'adam: "" is not option=value; write adam:lr=…'],
    ['adam:lr=1,lr=2', 'adam: option lr is given twice'],
    ['sgd:nesterov=yes', 'sgd: nesterov is "yes"; it must be true or false'],
    ['sgd:nesterov', 'sgd: nesterov needs a momentum above 0'],
    ['sgd:nesterov,momentum=0.9,dampening=0.1', 'sgd: nesterov needs dampening 0, got 0.1'],
    ['sophia:estimator=good', 'sophia: estimator is "good"; it must be hutchinson or exact or gaussNewton'],
    ['soap:frequency=1.5', 'soap: frequency is 1.5; it must satisfy frequency ≥ 1 (integer)'],
  ])('%s: %s', (text, message) => {
    expect(() => parseOptimizer(text)).toThrow(message);
  });
});

describe('parseSchedule', () => {
  const run = { lr: 0.5, steps: 100 };

  test('takes the peak and the length from the run unless it says its own', () => {
    expect(parseSchedule('constant', run)(7)).toBe(0.5);
    expect(parseSchedule('cosine', run)(50)).toBeCloseTo(0.25, 12);
    expect(parseSchedule('cosine:lr=1,steps=10', run)(5)).toBeCloseTo(0.5, 12);
    expect(parseSchedule('plateau:patience=3', run).plateau).toBeDefined();
  });

  test.each([
    ['cosin', 'unknown schedule "cosin"; did you mean "cosine"?'],
    ['step', 'step: every is missing; it must satisfy every ≥ 1 (integer)'],
    ['cosine:steps=0', 'cosine: steps is 0; it must satisfy steps ≥ 1 (integer)'],
    ['wsd:shape=square', 'wsd: shape is "square"; it must be root or linear'],
  ])('%s: %s', (text, message) => {
    expect(() => parseSchedule(text, run)).toThrow(message);
  });
});

test('every name is lower case without hyphens, and every option has a default or is required, a summary and a range', () => {
  const registries: readonly Registry<unknown>[] = [optimizers, wrappers, schedules];
  for (const { name, options, summary } of registries.flatMap((registry) => Object.values(registry))) {
    expect(name).toMatch(/^[a-z]+$/);
    expect(summary).not.toBe('');
    for (const option of options) {
      expect(option.summary, `${name}.${option.name}`).not.toBe('');
      expect(option.range, `${name}.${option.name}`).not.toBe('');
    }
  }
});

/** torch 2.15.0's own defaults, by inspect.signature of its constructors, under our names. */
test('defaults are PyTorch’s where it has the method', () => {
  const defaults = Object.fromEntries(
    Object.entries(optimizers).map(([name, { options }]) => [
      name,
      Object.fromEntries(options.map((option) => [option.name, option.default])),
    ]),
  );
  const adam = { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0 };
  expect(defaults).toMatchObject({
    sgd: { lr: 1e-3, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false },
    adagrad: { lr: 1e-2, lrDecay: 0, weightDecay: 0, initialAccumulator: 0, eps: 1e-10 },
    adadelta: { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0 },
    rmsprop: { lr: 1e-2, alpha: 0.99, eps: 1e-8, weightDecay: 0, momentum: 0, centered: false },
    adam,
    amsgrad: adam,
    adamw: { ...adam, weightDecay: 1e-2 },
    adamax: { ...adam, lr: 2e-3 },
    nadam: { ...adam, lr: 2e-3, momentumDecay: 4e-3, decoupledWeightDecay: false },
    radam: { ...adam, decoupledWeightDecay: false },
    rprop: { lr: 1e-2, etaMinus: 0.5, etaPlus: 1.2, stepMin: 1e-6, stepMax: 50 },
    muon: { lr: 1e-3, weightDecay: 0.1, momentum: 0.95, nesterov: true, nsSteps: 5, eps: 1e-7 },
    momentum: { momentum: 0.9 },
    nesterov: { momentum: 0.9 },
  });
});
