export {
  broadened,
  shareBelow,
  spectralDensity,
  type DensityOptions,
  type SpectralDensity,
} from './density.js';
export { escapeAlong, type EscapeOptions, type LineEscape } from './escape-network.js';
export {
  lanczos,
  missedShare,
  type LanczosOptions,
  type LanczosResult,
  type LinearOperator,
  type RitzPair,
} from './lanczos.js';
export { blockExtremes, blockOperator, blockTraces, layersOf, type LayerBlock } from './layer-blocks.js';
export {
  exampleCount,
  flattenParameters,
  leafViews,
  LossFunction,
  parameterCount,
  type BatchedLoss,
  type FloatVector,
  type LossPart,
} from './network.js';
export {
  curvatureOperator,
  productGraph,
  type CurvatureKind,
  type CurvatureOperator,
  type ProductOptions,
} from './network-products.js';
export { perSampleGradients } from './network-samples.js';
export {
  kinksOf,
  surveyNetwork,
  type LayerSurvey,
  type NetworkSurvey,
  type NetworkSurveyOptions,
  type WayDown,
} from './network-survey.js';
export { stabilityThreshold, type Stability, type StabilityOptions } from './stability.js';
export { estimateOf, traceEstimate, type Estimate, type TraceOptions } from './trace.js';
export { BoxSurveyor, surveyBox, type BoxSurveyOptions, type SurveyedFunction } from './box/survey.js';
export type { BoxPoint, BoxSurvey, SingularPlace } from './box/result.js';
export type { SingularKind } from './box/settle.js';
export type { Sides } from './box/bounds.js';
export {
  classifyCriticalPoint,
  mostVariables,
  pointClassifier,
  type CriticalPointOptions,
  type PointKind,
  type PointReport,
} from './point/critical-point.js';
export { classifyLargePoint } from './point/large-point.js';
export type { WayDown as PointWayDown, WayDownCurve } from './point/way-down.js';
