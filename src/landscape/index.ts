export { Path } from './path.js';
export type { PointReport, StopReason, StopReport } from './stop.js';
export { walk, Walker, type Surface, type Walk, type WalkOptions } from './walk.js';
export { findSurface, surfaceFormula, surfaces } from './zoo/index.js';
