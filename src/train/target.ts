import type { CompileOptions } from '../compile/index.js';

/** The engines that a run may compute on. */
export const targets = ['onnx', 'javascript'] as const;

export type Target = (typeof targets)[number];

/** How a run's programs are compiled: the one place that knows the engines apart. */
export function compileOptions(target: Target, threads: number): CompileOptions {
  return target === 'onnx' ? { target, threads } : { target };
}
