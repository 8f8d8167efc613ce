export { Path } from './path.js';
export type { PointReport, StopReason, StopReport } from './stop.js';
export type { Surface } from './surface.js';
export { walk, Walker, type Walk, type WalkOptions } from './walk.js';
export { findSurface, surfaceFormula, surfaces } from './zoo/index.js';
