export { grad, hessian, hvp, jvp, valueAndGrad, valueAndGradWithAux, vjp } from './derivatives.js';
export { vmap, type VmapOptions } from './vmap.js';
export { expandComposites } from './expand.js';
export { simplify } from './simplify.js';
