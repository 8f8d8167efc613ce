/**
 * Learning-rate schedules: pure functions of the number of steps already taken (0 at the first step), so that a resumed run
 * goes on as it would have. Where PyTorch has the schedule, these are its closed forms and defaults; each `lr` is the peak.
 * Those that know their length hold their last value beyond it.
 */
import { z } from 'zod';
import { define, flag, type Definition } from './options.js';
import { plateauOf, plateauOptions } from './plateau.js';
import type { Schedule } from './schedule.js';

/** Makes a schedule from options; `definition` describes them. */
export interface ScheduleFactory<S extends z.ZodRawShape> {
  (options: z.input<z.ZodObject<S, z.core.$strict>>): Schedule;
  readonly definition: Definition<Schedule>;
}

function defineSchedule<S extends z.ZodRawShape>(
  name: string,
  summary: string,
  shape: S,
  build: (options: z.output<z.ZodObject<S, z.core.$strict>>) => Schedule,
): ScheduleFactory<S> {
  const definition = define(name, summary, shape, build);
  const make = (options: z.input<z.ZodObject<S, z.core.$strict>>): Schedule =>
    definition.create({ ...options });
  return Object.assign(make, { definition });
}

const lr = z.number().min(0).describe('peak learning rate');
const steps = z.int().min(1).describe('steps of the whole run');
const end = z.number().min(0).default(0).describe('learning rate at the end');
const length = (value: number, summary: string) =>
  z.number().min(0).default(value).describe(`${summary}: steps, or a share of all of them when below 1`);

/** A number of steps that may be given as a share of all. */
function stepsOf(given: number, all: number): number {
  return given < 1 ? Math.round(given * all) : given;
}

/** From `from` to `to` along half a cosine as `share` goes from 0 to 1. */
function cosineBetween(from: number, to: number, share: number): number {
  return share === 0 ? from : to + ((from - to) * (1 + Math.cos(Math.PI * share))) / 2;
}

/** Linear warm-up over the first `warmup` steps, whose first is lr/warmup already; then `rest` of the steps after them. */
function withWarmup(lr: number, warmup: number, rest: Schedule): Schedule {
  return (step) => (step < warmup ? (lr * (step + 1)) / warmup : rest(step - warmup));
}

export const constant = defineSchedule(
  'constant',
  'the same rate at every step, after an optional warm-up',
  { lr, warmup: z.int().min(0).default(0).describe('steps of linear warm-up') },
  ({ lr, warmup }) => withWarmup(lr, warmup, () => lr),
);

/** torch.optim.lr_scheduler.StepLR (its gamma is `factor`). */
export const step = defineSchedule(
  'step',
  'times a factor every so many steps',
  {
    lr,
    every: z.int().min(1).describe('steps between two reductions'),
    factor: z.number().gt(0).max(1).default(0.1).describe('what the rate is multiplied by'),
  },
  ({ lr, every, factor }) =>
    (step) =>
      lr * factor ** Math.floor(step / every),
);

/** torch.optim.lr_scheduler.ExponentialLR (its gamma is `factor`). */
export const exponential = defineSchedule(
  'exponential',
  'times a factor at every step',
  { lr, factor: z.number().gt(0).max(1).describe('what the rate is multiplied by at each step') },
  ({ lr, factor }) =>
    (step) =>
      lr * factor ** step,
);

/** torch.optim.lr_scheduler.PolynomialLR, with an end of its own and a warm-up. */
export const polynomial = defineSchedule(
  'polynomial',
  'down to the end along a power of the steps left',
  {
    lr,
    steps,
    power: z.number().gt(0).default(1).describe('1 is a straight line'),
    warmup: length(0, 'linear warm-up'),
    end,
  },
  ({ lr, steps, power, warmup, end }) => {
    const rising = stepsOf(warmup, steps);
    const falling = Math.max(steps - rising, 1);
    return withWarmup(lr, rising, (step) => end + (lr - end) * (1 - Math.min(step / falling, 1)) ** power);
  },
);

/** Half a cosine (Loshchilov & Hutter 2017, arXiv 1608.03983): torch.optim.lr_scheduler.CosineAnnealingLR. */
export const cosine = defineSchedule(
  'cosine',
  'down to the end along half a cosine, after an optional warm-up',
  { lr, steps, warmup: length(0, 'linear warm-up'), end },
  ({ lr, steps, warmup, end }) => {
    const rising = stepsOf(warmup, steps);
    const falling = Math.max(steps - rising, 1);
    return withWarmup(lr, rising, (step) => cosineBetween(lr, end, Math.min(step / falling, 1)));
  },
);

/** Warm restarts (SGDR, arXiv 1608.03983, equation 5): torch.optim.lr_scheduler.CosineAnnealingWarmRestarts. */
export const warmRestarts = defineSchedule(
  'warmrestarts',
  'half a cosine again and again, each time longer by a factor',
  {
    lr,
    period: z.int().min(1).describe('steps until the first restart'),
    multiplier: z.int().min(1).default(1).describe('each period is this times the one before'),
    end,
  },
  ({ lr, period, multiplier, end }) =>
    (step) => {
      let start = 0;
      let length = period;
      if (multiplier === 1) start = Math.floor(step / period) * period;
      else while (step >= start + length) [start, length] = [start + length, length * multiplier];
      return cosineBetween(lr, end, (step - start) / length);
    },
);

/** What torch.optim.lr_scheduler.OneCycleLR does in two phases: up to a step that need not be whole, then down. */
function twoPhases(steps: number, rise: number, start: number, peak: number, end: number): Schedule {
  const top = rise * steps - 1;
  const last = steps - 1;
  return (given) => {
    const step = Math.min(given, last);
    if (step <= top) return cosineBetween(start, peak, top > 0 ? step / top : 1);
    return cosineBetween(peak, end, last > top ? (step - top) / (last - top) : 1);
  };
}

/**
 * One cycle up and down (Smith & Topin 2018, arXiv 1708.07120) as torch.optim.lr_scheduler.OneCycleLR: from lr/divisor to lr and
 * down to lr/divisor/finalDivisor, by cosines. `cycleMomentum` moves the momentum the other way; off unless asked, since
 * not every optimiser has one.
 */
export const oneCycle = defineSchedule(
  'onecycle',
  'up to the peak and down to almost nothing, by cosines',
  {
    lr,
    steps,
    rise: z.number().min(0).max(1).default(0.3).describe('share of the steps that go up'),
    divisor: z.number().gt(0).default(25).describe('the first rate is the peak over this'),
    finalDivisor: z.number().gt(0).default(1e4).describe('the last rate is the first over this'),
    cycleMomentum: flag(false, 'move the momentum against the rate'),
    baseMomentum: z.number().min(0).max(1).default(0.85).describe('momentum at the peak'),
    maxMomentum: z.number().min(0).max(1).default(0.95).describe('momentum at both ends'),
  },
  ({ lr, steps, rise, divisor, finalDivisor, cycleMomentum, baseMomentum, maxMomentum }) => {
    const first = lr / divisor;
    const rate = twoPhases(steps, rise, first, lr, first / finalDivisor);
    if (!cycleMomentum) return rate;
    return Object.assign((step: number) => rate(step), {
      momentum: twoPhases(steps, rise, maxMomentum, baseMomentum, maxMomentum),
    });
  },
);

/**
 * Warm-up, stable, decay (Hu et al. 2024, arXiv 2404.06395; Hägele et al. 2024, arXiv 2405.18392): constant after the warm-up,
 * then down over the last `decay` steps, as 1 − √(share of the decay) or straight. Decay 20 % and its root are Hägele's choice.
 */
export const warmupStableDecay = defineSchedule(
  'wsd',
  'warm-up, then constant, then down at the end',
  {
    lr,
    steps,
    warmup: length(0, 'linear warm-up'),
    decay: length(0.2, 'the descent at the end'),
    shape: z.enum(['root', 'linear']).default('root').describe('of the descent'),
    end,
  },
  ({ lr, steps, warmup, decay, shape, end }) => {
    const rising = stepsOf(warmup, steps);
    const falling = stepsOf(decay, steps);
    const fall = steps - rising - falling;
    return withWarmup(lr, rising, (step) => {
      if (step < fall || falling === 0) return lr;
      const share = Math.min((step - fall) / falling, 1);
      return end + (lr - end) * (1 - (shape === 'root' ? Math.sqrt(share) : share));
    });
  },
);

/** A constant rate times the factor that `plateau` draws from a metric: see plateau.ts. */
export const reduceOnPlateau = defineSchedule(
  'plateau',
  'times a factor when a metric falls no longer',
  { lr, ...plateauOptions },
  ({ lr, ...options }) => Object.assign(() => lr, { plateau: plateauOf(options) }),
);
