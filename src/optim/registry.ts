import type { Definition } from './options.js';
import type { Optimizer } from './optimizer.js';
import type { Schedule } from './schedule.js';
import type { Wrap } from './wrapper.js';
import { adam } from './adam.js';
import { adamw } from './adamw.js';
import { clipByGlobalNorm, clipByValue } from './clip.js';
import { momentum } from './momentum.js';
import { nesterov } from './nesterov.js';
import {
  constant,
  cosine,
  exponential,
  oneCycle,
  polynomial,
  step,
  warmRestarts,
  warmupStableDecay,
} from './schedules.js';
import { sgd } from './sgd.js';

export type Registry<T> = Readonly<Record<string, Definition<T>>>;

function registry<T>(made: readonly { readonly definition: Definition<T> }[]): Registry<T> {
  return Object.fromEntries(made.map(({ definition }) => [definition.name, definition]));
}

/** Every first-order optimiser by its name, with its summary and options: a new one is a line here. */
export const optimizers: Registry<Optimizer> = registry([sgd, momentum, nesterov, adam, adamw]);

/** What can be put around an optimiser, by name. */
export const wrappers: Registry<Wrap> = registry([clipByGlobalNorm, clipByValue]);

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
]);
