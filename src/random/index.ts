export { Generator, type GeneratorState } from './generator.js';
export {
  bernoulli,
  integers,
  normal,
  permutation,
  truncatedNormal,
  uniform,
  type FloatDType,
} from './distributions.js';
export { philoxUniform, type PhiloxKey } from './philox.js';
