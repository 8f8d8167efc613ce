/** How long does one training step take? Forward, backward and SGD with momentum 0.9 at batch 128, float32. */
import type { Contender } from './contender.js';
import type { Model } from './flops.js';
import { nodePeer, pythonPeer, scree } from './peers.js';

export const trainBatch = 128;

export function trainContenders(model: Model, threads: number): Contender[] {
  // channels_last is a layout of images
  const modes = model === 'mlp' ? ['eager', 'compile'] : ['eager', 'eager-cl', 'compile', 'compile-cl'];
  return [
    scree('scree-step.ts', [model, threads]),
    ...modes.map((mode) =>
      pythonPeer('PyTorch', 'pytorch_step.py', [model, threads, mode], { threads, name: `PyTorch ${mode}` }),
    ),
    pythonPeer('JAX', 'jax_step.py', [model, threads], { threads, name: 'JAX jit' }),
    nodePeer('jax-js wasm', 'jaxjs.mjs', [model, threads]),
    nodePeer('TensorFlow.js wasm', 'tfjs.mjs', [model, threads, 'wasm']),
    nodePeer('TensorFlow.js cpu', 'tfjs.mjs', [model, threads, 'cpu']),
  ];
}
