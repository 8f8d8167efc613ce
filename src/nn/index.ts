export { relu, sigmoid, softplus, tanh } from './activations.js';
export { batchNorm, type BatchNormLayerOptions } from './batch-norm.js';
export { residual, sequential } from './compose.js';
export { conv, type ConvLayerOptions } from './convolution.js';
export { dense, type DenseOptions } from './dense.js';
export { dropout } from './dropout.js';
export { flatten } from './flatten.js';
export {
  fanInUniform,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  normalWeights,
  orthogonal,
  truncatedNormalWeights,
  type Fans,
  type HeOptions,
  type Initializer,
} from './initializers.js';
export {
  plainLayer,
  RandomKey,
  type ApplyOptions,
  type Initialised,
  type Layer,
  type Nothing,
} from './layer.js';
export { crossEntropy, mse } from './losses.js';
export { models, type Model } from './models.js';
export { avgPool, globalAvgPool, maxPool } from './pool.js';
export { residualNetwork, type ResidualNetworkOptions } from './resnet.js';
export { summary, type SummaryRow } from './summary.js';
