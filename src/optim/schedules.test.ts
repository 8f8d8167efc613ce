import { assert, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  constant,
  cosine,
  exponential,
  oneCycle,
  polynomial,
  reduceOnPlateau,
  schedules,
  step,
  warmRestarts,
  warmupStableDecay,
  type Schedule,
} from './index.js';

/**
 * Rates that torch 2.15.0's schedulers set for an SGD with lr 0.1, read from `param_groups[0]['lr']` before each step;
 * relative tolerance 1e-12, since PyTorch multiplies where the closed form takes a power.
 */
const torch: readonly (readonly [string, Schedule, Readonly<Record<number, number>>])[] = [
  [
    'StepLR(3, 0.5)',
    step({ lr: 0.1, every: 3, factor: 0.5 }),
    { 0: 0.1, 2: 0.1, 3: 0.05, 5: 0.05, 6: 0.025, 9: 0.0125 },
  ],
  [
    'ExponentialLR(0.9)',
    exponential({ lr: 0.1, factor: 0.9 }),
    { 0: 0.1, 1: 0.09000000000000001, 5: 0.05904900000000002, 9: 0.03874204890000002 },
  ],
  [
    'PolynomialLR(8, 2.0)',
    polynomial({ lr: 0.1, steps: 8, power: 2 }),
    { 0: 0.1, 1: 0.0765625, 4: 0.02500000000000001, 7: 0.0015625000000000005, 8: 0, 11: 0 },
  ],
  [
    'CosineAnnealingLR(10, 0.01)',
    cosine({ lr: 0.1, steps: 10, end: 0.01 }),
    {
      0: 0.1,
      1: 0.09779754323328192,
      3: 0.08145033635316129,
      5: 0.05500000000000001,
      9: 0.012202456766718092,
    },
  ],
  [
    'CosineAnnealingWarmRestarts(4, 1, 0.01)',
    warmRestarts({ lr: 0.1, period: 4, end: 0.01 }),
    {
      0: 0.1,
      1: 0.08681980515339464,
      3: 0.023180194846605363,
      4: 0.1,
      7: 0.023180194846605363,
      9: 0.08681980515339464,
    },
  ],
  [
    'CosineAnnealingWarmRestarts(3, 2)',
    warmRestarts({ lr: 0.1, period: 3, multiplier: 2 }),
    {
      0: 0.1,
      2: 0.025000000000000012,
      3: 0.1,
      8: 0.006698729810778065,
      9: 0.1,
      12: 0.08535533905932738,
      20: 0.00170370868554659,
      21: 0.1,
    },
  ],
  [
    'OneCycleLR(0.1, total_steps=25)',
    oneCycle({ lr: 0.1, steps: 25 }),
    {
      0: 0.004,
      1: 0.009498110768645929,
      6: 0.0986052072364505,
      7: 0.09979871550490317,
      10: 0.0904508879153485,
      20: 0.012346777314112658,
      24: 4e-7,
    },
  ],
  [
    'OneCycleLR(0.1, total_steps=11, pct_start=0.4, div_factor=10, final_div_factor=100)',
    oneCycle({ lr: 0.1, steps: 11, rise: 0.4, divisor: 10, finalDivisor: 100 }),
    { 0: 0.01, 1: 0.027881441362933454, 3: 0.09696125032319601, 4: 0.09797667403204416, 10: 0.0001 },
  ],
];

test.each(torch)('equals %s', (_name, schedule, expected) => {
  for (const [step, rate] of Object.entries(expected)) {
    expect(Math.abs(schedule(Number(step)) - rate)).toBeLessThanOrEqual(1e-12 * Math.max(rate, 1e-3));
  }
});

test('one cycle moves the momentum against the rate, as OneCycleLR with base .8 and max .9', () => {
  const schedule = oneCycle({
    lr: 0.1,
    steps: 11,
    rise: 0.4,
    cycleMomentum: true,
    baseMomentum: 0.8,
    maxMomentum: 0.9,
  });
  const momenta = [0, 1, 3, 4, 10].map((step) => schedule.momentum?.(step) ?? NaN);
  [0.9, 0.8801317318189629, 0.8033763885297822, 0.8020253513192752, 0.9].forEach((expected, index) => {
    expect(momenta[index]).toBeCloseTo(expected, 12);
  });
  expect(oneCycle({ lr: 0.1, steps: 11 }).momentum).toBeUndefined();
});

test('warm-up begins above 0, is linear, and the rest follows it', () => {
  const schedule = cosine({ lr: 1, steps: 12, warmup: 2 });
  expect([0, 1, 2].map(schedule)).toEqual([0.5, 1, 1]);
  expect(schedule(7)).toBeCloseTo(0.5, 12);
  expect(schedule(12)).toBe(0);
  expect(cosine({ lr: 1, steps: 100, warmup: 0.05 })(4)).toBe(1);
  expect(constant({ lr: 3, warmup: 3 })(0)).toBe(1);
  expect(constant({ lr: 3 })(1e9)).toBe(3);
});

test('warm-up, stable, decay: each phase by its formula', () => {
  const schedule = warmupStableDecay({ lr: 2, steps: 100, warmup: 10, decay: 0.2 });
  expect(schedule(4)).toBe(1);
  expect(schedule(10)).toBe(2);
  expect(schedule(80)).toBe(2);
  expect(schedule(85)).toBeCloseTo(2 * (1 - Math.sqrt(0.25)), 12);
  expect(schedule(100)).toBe(0);
  expect(warmupStableDecay({ lr: 2, steps: 100, decay: 20, shape: 'linear', end: 1 })(90)).toBeCloseTo(
    1.5,
    12,
  );
});

/** torch's ReduceLROnPlateau(factor=.5, patience=2, cooldown=1, min_lr=.02, threshold=.01) on lr 0.1. */
test('reduce on plateau equals ReduceLROnPlateau', () => {
  const schedule = reduceOnPlateau({
    lr: 0.1,
    factor: 0.5,
    patience: 2,
    cooldown: 1,
    minFactor: 0.2,
    threshold: 0.01,
  });
  const metrics = [
    1,
    0.9,
    0.899,
    0.898,
    0.897,
    0.896,
    ...new Array<number>(9).fill(0.8),
    ...new Array<number>(5).fill(0.5),
  ];
  const plateau = schedule.plateau;
  if (plateau === undefined) throw new Error('the schedule has no plateau');
  let state = plateau.initial;
  const rates = metrics.map((metric, index) => {
    state = plateau.update(state, metric);
    return schedule(index) * state.factor;
  });
  const expected = [0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.05, 0.025, 0.025, 0.025, 0.025];
  expected.forEach((rate, index) => expect(rates[index]).toBeCloseTo(rate, 15));
  rates.slice(expected.length).forEach((rate) => expect(rate).toBeCloseTo(0.02, 15));
  expect(plateau.update(plateau.initial, NaN)).toEqual({ factor: 1, best: null, worse: 1, cooldown: 0 });
  expect(JSON.parse(JSON.stringify(state))).toEqual(state);
});

describe('every schedule', () => {
  const required: Readonly<Record<string, Readonly<Record<string, number>>>> = {
    step: { every: 7 },
    exponential: { factor: 0.97 },
    warmrestarts: { period: 5 },
  };
  test.each(Object.keys(schedules))('%s stays finite and within 0 and its peak at any length', (name) => {
    const definition = schedules[name];
    const hasLength = definition.options.some((option) => option.name === 'steps');
    assert(
      property(integer({ min: 1, max: 60 }), integer({ min: 0, max: 100 }), (steps, step) => {
        const schedule = definition.create({ lr: 0.5, ...(hasLength && { steps }), ...required[name] });
        const rate = schedule(step);
        expect(rate).toBeGreaterThanOrEqual(0);
        expect(rate).toBeLessThanOrEqual(0.5 * (1 + 1e-15));
      }),
    );
  });
});
