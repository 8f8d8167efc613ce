export { gelu, relu, sigmoid, silu, softplus, tanh } from './activations.js';
export { multiHeadAttention, type AttentionOptions } from './attention.js';
export { batchNorm, type BatchNormLayerOptions } from './batch-norm.js';
export { checkpointLayers, type Segments } from './checkpoint-layers.js';
export { residual, sequential } from './compose.js';
export { conv, type ConvLayerOptions } from './convolution.js';
export { costs, type Costs } from './costs.js';
export { dense, type DenseOptions } from './dense.js';
export { dropout } from './dropout.js';
export { embedding, learnedPositions, type EmbeddingOptions } from './embedding.js';
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
export { groupNorm, layerNorm, type NormLayerOptions } from './layer-norm.js';
export {
  binaryCrossEntropy,
  crossEntropy,
  focal,
  huber,
  mae,
  mse,
  type CrossEntropyOptions,
  type FocalOptions,
  type HuberOptions,
} from './losses.js';
export { models, type Model } from './models.js';
export { avgPool, globalAvgPool, maxPool } from './pool.js';
export { gru, lstm, type Cell, type RecurrentOptions } from './recurrent.js';
export { residualNetwork, type ResidualNetworkOptions } from './resnet.js';
export { summary, type SummaryRow } from './summary.js';
export { fromTorch, torchNames, toTorch, type TorchNames, type TorchTensor } from './torchvision.js';
export { transformerModel, type TransformerOptions } from './transformer.js';
