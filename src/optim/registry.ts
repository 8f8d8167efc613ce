import type { Definition } from './options.js';
import type { Optimizer } from './optimizer.js';
import type { Schedule } from './schedule.js';
import type { Wrap } from './wrapper.js';
import { adabelief } from './adabelief.js';
import { adadelta } from './adadelta.js';
import { adagrad } from './adagrad.js';
import { adam } from './adam.js';
import { adamax } from './adamax.js';
import { adamw } from './adamw.js';
import { adan } from './adan.js';
import { amsgrad } from './amsgrad.js';
import { ema, swa } from './average.js';
import { clipByGlobalNorm, clipByValue } from './clip.js';
import { dog } from './dog.js';
import { gradientNoise } from './gradient-noise.js';
import { lamb } from './lamb.js';
import { lars } from './lars.js';
import { lion } from './lion.js';
import { lookahead } from './lookahead.js';
import { momentum } from './momentum.js';
import { muon } from './muon.js';
import { nadam } from './nadam.js';
import { nesterov } from './nesterov.js';
import { prodigy } from './prodigy.js';
import { radam } from './radam.js';
import { rmsprop } from './rmsprop.js';
import { rprop } from './rprop.js';
import { sam } from './sam.js';
import { schedulefreeadamw } from './schedulefreeadamw.js';
import { schedulefreesgd } from './schedulefreesgd.js';
import {
  constant,
  cosine,
  exponential,
  oneCycle,
  polynomial,
  reduceOnPlateau,
  step,
  warmRestarts,
  warmupStableDecay,
} from './schedules.js';
import { sgd } from './sgd.js';
import { soap } from './soap.js';
import { sophia } from './sophia.js';
import { weightDecay } from './weight-decay.js';
import { yogi } from './yogi.js';

export type Registry<T> = Readonly<Record<string, Definition<T>>>;

function registry<T>(made: readonly { readonly definition: Definition<T> }[]): Registry<T> {
  return Object.fromEntries(made.map(({ definition }) => [definition.name, definition]));
}

/** Every first-order optimiser by its name, with its summary and options: a new one is a line here. */
export const optimizers: Registry<Optimizer> = registry([
  sgd,
  momentum,
  nesterov,
  adagrad,
  adadelta,
  rmsprop,
  adam,
  adamw,
  adamax,
  nadam,
  radam,
  amsgrad,
  lion,
  adan,
  lamb,
  lars,
  yogi,
  adabelief,
  rprop,
  muon,
  soap,
  sophia,
  schedulefreesgd,
  schedulefreeadamw,
  prodigy,
  dog,
]);

/** What can be put around an optimiser, by name. */
export const wrappers: Registry<Wrap> = registry([
  weightDecay,
  clipByGlobalNorm,
  clipByValue,
  lookahead,
  sam,
  ema,
  swa,
  gradientNoise,
]);

/** Learning-rate schedules by name. */
export const schedules: Registry<Schedule> = registry([
  constant,
  step,
  exponential,
  polynomial,
  cosine,
  warmRestarts,
  oneCycle,
  warmupStableDecay,
  reduceOnPlateau,
]);
