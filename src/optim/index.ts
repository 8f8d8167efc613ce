export { adam } from './adam.js';
export { adamw } from './adamw.js';
export { clipByGlobalNorm, clipByValue } from './clip.js';
export { momentum } from './momentum.js';
export { nesterov } from './nesterov.js';
export type { Definition, OptionInfo, OptionValue, OptionValues } from './options.js';
export type { HostStep, Optimizer, OptimizerFactory, StepContext } from './optimizer.js';
export { parseOptimizer, parseSchedule, type ScheduleDefaults } from './parse.js';
export { optimizers, schedules, wrappers, type Registry } from './registry.js';
export type { Schedule } from './schedule.js';
export {
  constant,
  cosine,
  exponential,
  oneCycle,
  polynomial,
  step,
  warmRestarts,
  warmupStableDecay,
  type ScheduleFactory,
} from './schedules.js';
export { sgd } from './sgd.js';
export { takeStep } from './take-step.js';
export type { Wrap, WrapperFactory } from './wrapper.js';
