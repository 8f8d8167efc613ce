export { adabelief } from './adabelief.js';
export { adadelta } from './adadelta.js';
export { adagrad } from './adagrad.js';
export { adam } from './adam.js';
export { adamax } from './adamax.js';
export { adamw } from './adamw.js';
export { adan } from './adan.js';
export { amsgrad } from './amsgrad.js';
export { dog } from './dog.js';
export { lamb } from './lamb.js';
export { lars } from './lars.js';
export { lion } from './lion.js';
export { momentum } from './momentum.js';
export { muon } from './muon.js';
export { nadam } from './nadam.js';
export { nesterov } from './nesterov.js';
export { prodigy } from './prodigy.js';
export { radam } from './radam.js';
export { rmsprop } from './rmsprop.js';
export { rprop } from './rprop.js';
export { schedulefreeadamw } from './schedulefreeadamw.js';
export { schedulefreesgd } from './schedulefreesgd.js';
export { sgd } from './sgd.js';
export { soap } from './soap.js';
export { sophia } from './sophia.js';
export { yogi } from './yogi.js';
export { ema, swa } from './average.js';
export { clipByGlobalNorm, clipByValue } from './clip.js';
export { gradientNoise } from './gradient-noise.js';
export { lookahead } from './lookahead.js';
export { sam } from './sam.js';
export { weightDecay } from './weight-decay.js';
export {
  annealing,
  bfgs,
  cg,
  cubic,
  dogleg,
  gradientdescent,
  lbfgs,
  leastSquaresOf,
  levenbergmarquardt,
  methods,
  minimize,
  multistart,
  newtoncg,
  perturbedgd,
  problemOf,
  saddlefreenewton,
  steihaug,
  thirdorder,
  trustexact,
  type Box,
  type Evaluations,
  type Iterate,
  type Method,
  type MethodFactory,
  type Problem,
  type Residuals,
  type SmoothProblem,
  type Stop,
  type WalkContext,
  type WalkOptions,
  type WalkResult,
} from './deterministic/index.js';
export { define, type Definition, type OptionInfo, type OptionValue, type OptionValues } from './options.js';
export type { HostStep, Needs, Optimizer, OptimizerFactory, StepContext } from './optimizer.js';
export {
  parseOptimizer,
  parseOptimizerOrMethod,
  parseSchedule,
  readSpec,
  type ScheduleDefaults,
} from './parse.js';
export { optimizers, schedules, wrappers, type Registry } from './registry.js';
export type { Plateau, PlateauState, Schedule } from './schedule.js';
export {
  constant,
  cosine,
  exponential,
  oneCycle,
  polynomial,
  reduceOnPlateau,
  step,
  warmRestarts,
  warmupStableDecay,
  type ScheduleFactory,
} from './schedules.js';
export { learningRateRange, type RangeCurve, type RangeTest, type RangeTestOptions } from './range-test.js';
export { takeStep } from './take-step.js';
export type { Wrap, WrapperFactory } from './wrapper.js';
