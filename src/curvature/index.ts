export { classifyPoint, type Classification, type ClassifyOptions } from './classify.js';
