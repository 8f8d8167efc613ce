export { grad, hessian, hvp, jvp, valueAndGrad, valueAndGradWithAux, vjp } from './derivatives.js';
export { vmap, type VmapOptions } from './vmap.js';
export { expandComposites } from './expand.js';
export { simplify } from './simplify.js';
export { splitGraph, type SplitGraph } from './split.js';
export { scan, type Scanned, type ScanOptions } from './scan.js';
export { scanOp, scanResults, type ScanAttributes } from './scan-op.js';
