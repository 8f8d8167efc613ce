export { annealing } from './annealing.js';
export { bfgs } from './bfgs.js';
export { cg } from './cg.js';
export { cubic } from './cubic.js';
export { dogleg } from './dogleg.js';
export { gradientdescent } from './gradientdescent.js';
export { lbfgs } from './lbfgs.js';
export { levenbergmarquardt } from './levenbergmarquardt.js';
export type { Box, Iterate, Method, MethodFactory, Stop, WalkContext } from './method.js';
export { multistart, restingPoints, type RestingPoint } from './multistart.js';
export { newtoncg } from './newtoncg.js';
export { perturbedgd } from './perturbedgd.js';
export {
  leastSquaresOf,
  problemOf,
  type Evaluations,
  type Problem,
  type Residuals,
  type SmoothProblem,
} from './problem.js';
export { methods } from './registry.js';
export { saddlefreenewton } from './saddlefreenewton.js';
export { steihaug } from './steihaug.js';
export { thirdorder } from './thirdorder.js';
export { trustexact } from './trustexact.js';
export { minimize, walk, type WalkOptions, type WalkResult } from './walk.js';
