export * from './graph/index.js';
export * from './ops/index.js';
export * from './transform/index.js';
export * from './compile/index.js';
