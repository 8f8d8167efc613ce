export {
  grad,
  hessian,
  hvp,
  jvp,
  valueAndGrad,
  valueAndGradWithAux,
  vjp,
  type GradOptions,
} from './derivatives.js';
export { checkpoint } from './checkpoint.js';
export { fourthDerivative, thirdDerivative } from './forms.js';
export { jet, type Jet, type JetOptions } from './jet.js';
export { vmap, type VmapOptions } from './vmap.js';
export { expandComposites, type Takes } from './expand.js';
export { rebuild, type Rewritten } from './rebuild.js';
export { simplify } from './simplify.js';
export { foldNorms } from './fold-norms.js';
export { splitGraph, type SplitGraph } from './split.js';
export { stagesOf, type Stage, type StagedGraph } from './stages.js';
export { scan, type Scanned, type ScanOptions } from './scan.js';
export { scanOp, scanResults, type ScanAttributes } from './scan-op.js';
