/** How long does one training step take? Forward, backward and SGD with momentum 0.9, float32. */
import type { Contender } from './contender.js';
import { engines, tasks, type EngineName, type Model } from './flops.js';
import { nodePeer, pythonPeer, scree } from './peers.js';

/** What the JavaScript peers have been given the code for. */
const small: readonly Model[] = ['mlp', 'lenet', 'cnn'];

function screeStep(model: Model, threads: number, engine: EngineName, batch: number): Contender {
  return scree('scree-step.ts', [model, threads, engine, batch], engines[engine].name);
}

/** PyTorch in every mode; the quickest is the bar. */
function pytorchSteps(model: Model, threads: number, batch: number): Contender[] {
  // channels_last is a layout of images
  const isImage = tasks[model].input.length === 3 && model !== 'mlp';
  const modes = isImage ? ['eager', 'eager-cl', 'compile', 'compile-cl'] : ['eager', 'compile'];
  return modes.map((mode) =>
    pythonPeer('PyTorch', 'pytorch_step.py', [model, threads, mode, batch], {
      threads,
      name: `PyTorch ${mode}`,
    }),
  );
}

/** Scree's engines beside PyTorch. */
export function deepContenders(model: Model, threads: number, batch: number): Contender[] {
  const own = (['native', 'native-direct', 'onnx'] as const).map((engine) =>
    screeStep(model, threads, engine, batch),
  );
  return [...own, ...pytorchSteps(model, threads, batch)];
}

/** Scree on ONNX Runtime, which npm brings everywhere, beside all peers. */
export function trainContenders(model: Model, threads: number): Contender[] {
  const { batch } = tasks[model];
  return [
    screeStep(model, threads, 'onnx', batch),
    ...pytorchSteps(model, threads, batch),
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
