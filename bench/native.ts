/** Whole epochs, and networks as they are evaluated, beside PyTorch's quickest modes. */
import type { Contender } from './contender.js';
import { engines, type Model } from './flops.js';
import { pythonPeer, scree } from './peers.js';

/** Where Debian's package dataset-fashion-mnist puts its files. */
const fashionMnist = '/usr/share/datasets/fashion-mnist';

/** Part of an epoch of resnet18; PyTorch's loader with as many processes as bring anything on two cores. */
export function epochContenders(examples: number, threads: number): Contender[] {
  const own = (['native', 'onnx'] as const).map((engine) =>
    scree('scree-epoch.ts', [examples, threads, engine], engines[engine].name),
  );
  const peers = ['eager', 'eager-cl'].flatMap((mode) =>
    [0, 1, 2].map((workers) =>
      pythonPeer('PyTorch', 'pytorch_epoch.py', [examples, threads, mode, workers, fashionMnist], {
        threads,
        name: `PyTorch ${mode}, ${workers} workers`,
      }),
    ),
  );
  return [...own, ...peers];
}

export function inferenceContenders(model: Model, threads: number, batch: number): Contender[] {
  const own = (['native', 'native-direct'] as const).map((engine) =>
    scree('scree-inference.ts', [model, threads, engine, batch], engines[engine].name),
  );
  const peers = ['eager', 'eager-cl', 'jit', 'jit-cl', 'compile-cl'].map((mode) =>
    pythonPeer('PyTorch', 'pytorch_inference.py', [model, threads, mode, batch], {
      threads,
      name: `PyTorch ${mode}`,
    }),
  );
  return [...own, ...peers];
}
