import { ndarray, zeros } from '../../graph/ndarray.js';
import { encodeModel } from './encode.js';
import { createSession } from './session.js';

/** The operator set of ONNX Runtime's convolutions over blocks of channels (onnxruntime/core/graph/contrib_ops/nchwc_schema_defs.cc). */
export const blockedDomain = 'com.microsoft.nchwc';

async function probe(): Promise<number> {
  // Sixteen channels of two pixels, each number its own place. In blocks of B channels a pixel's channels lie side by side.
  const shape = [1, 16, 1, 2];
  const model = encodeModel({
    graph: {
      name: 'probe',
      inputs: [{ name: 'x', dtype: 'float32', shape }],
      outputs: [{ name: 'y', dtype: 'float32', shape }],
      initializers: [],
      nodes: [{ op: 'ReorderInput', domain: blockedDomain, inputs: ['x'], outputs: ['y'] }],
    },
  });
  const x = ndarray(
    Float32Array.from({ length: 32 }, (_, place) => place),
    shape,
  );
  const y = zeros(shape);
  try {
    const session = await createSession(model, { threads: 1 });
    try {
      await session.run([x], [y]);
    } finally {
      session.close();
    }
  } catch {
    // A build without these operators.
    return 1;
  }
  // The run of channels 0, 1, 2, … of pixel 0, which are two places apart.
  let block = 0;
  while (y.data[block] === 2 * block) block++;
  return block === 8 || block === 16 ? block : 1;
}

let found: Promise<number> | undefined;

/**
 * How many channels ONNX Runtime's blocked convolutions keep side by side on this machine: 16 with AVX-512, 8 with other vector
 * units, 1 where it has none of them. The blocked layout of a batch of images [N, C, H, W] is [N, C/block, H, W, block], under
 * the same declared shape.
 */
export function imageBlock(): Promise<number> {
  found ??= probe();
  return found;
}
