/** How long does one training step take? Forward, backward and SGD with momentum 0.9, float32. */
import type { Contender } from './contender.js';
import { tasks, type Model } from './flops.js';
import { nodePeer, pythonPeer, scree } from './peers.js';

/** What the JavaScript peers have been given the code for. */
const small: readonly Model[] = ['mlp', 'lenet', 'cnn'];

export function trainContenders(model: Model, threads: number): Contender[] {
  // channels_last is a layout of images
  const isImage = tasks[model].input.length === 3 && model !== 'mlp';
  const modes = isImage ? ['eager', 'eager-cl', 'compile', 'compile-cl'] : ['eager', 'compile'];
  const { batch } = tasks[model];
  return [
    scree('scree-step.ts', [model, threads]),
    ...modes.map((mode) =>
      pythonPeer('PyTorch', 'pytorch_step.py', [model, threads, mode, batch], {
        threads,
        name: `PyTorch ${mode}`,
      }),
    ),
    ...(small.includes(model)
      ? [
          pythonPeer('JAX', 'jax_step.py', [model, threads], { threads, name: 'JAX jit' }),
          nodePeer('jax-js wasm', 'jaxjs.mjs', [model, threads]),
          nodePeer('TensorFlow.js wasm', 'tfjs.mjs', [model, threads, 'wasm']),
          nodePeer('TensorFlow.js cpu', 'tfjs.mjs', [model, threads, 'cpu']),
        ]
      : []),
  ];
}
