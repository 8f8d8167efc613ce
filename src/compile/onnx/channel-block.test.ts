import { expect, test } from 'vitest';
import { ndarray, zeros } from '../../graph/ndarray.js';
import { channelBlock } from './compile.js';
import { encodeModel, type OnnxNode } from './encode.js';
import { createSession } from './session.js';

test('images whose channels are laid out in blocks by hand convolve as plain ones', async () => {
  const block = await channelBlock();
  expect([1, 8, 16]).toContain(block);
  if (block === 1) return;
  const [batch, channels, outputs, size] = [2, 2 * block, block, 5];
  const image = Float32Array.from({ length: batch * channels * size * size }, (_, i) => ((i * 7) % 11) - 5);
  const weight = Float32Array.from({ length: outputs * channels * 9 }, (_, i) => ((i * 5) % 7) - 3);
  const blockedImage = new Float32Array(image.length);
  const blockedWeight = new Float32Array(weight.length);
  const blockedPlace = (n: number, c: number, p: number, plane: number, width: number) =>
    ((n * (width / block) + Math.floor(c / block)) * plane + p) * block + (c % block);
  for (let n = 0; n < batch; n++)
    for (let c = 0; c < channels; c++)
      for (let p = 0; p < size * size; p++)
        blockedImage[blockedPlace(n, c, p, size * size, channels)] =
          image[(n * channels + c) * size * size + p];
  // [outputs/B, channels/B, kernel, B of channels, B of outputs], with one block of outputs.
  for (let o = 0; o < outputs; o++)
    for (let c = 0; c < channels; c++)
      for (let k = 0; k < 9; k++)
        blockedWeight[((Math.floor(c / block) * 9 + k) * block + (c % block)) * block + o] =
          weight[(o * channels + c) * 9 + k];
  const run = async (domain: string, x: Float32Array, w: Float32Array) => {
    const node: OnnxNode = {
      op: 'Conv',
      domain,
      inputs: ['x', 'w'],
      outputs: ['y'],
      attributes: { kernel_shape: { ints: [3, 3] }, pads: { ints: [1, 1, 1, 1] } },
    };
    const shapes = {
      x: [batch, channels, size, size],
      w: [outputs, channels, 3, 3],
      y: [batch, outputs, size, size],
    };
    const info = (name: keyof typeof shapes) => ({ name, dtype: 'float32' as const, shape: shapes[name] });
    const graph = {
      name: 'g',
      inputs: [info('x'), info('w')],
      outputs: [info('y')],
      initializers: [],
      nodes: [node],
    };
    const session = await createSession(encodeModel({ graph }), { threads: 1 });
    const y = zeros(shapes.y);
    await session.run([ndarray(x, shapes.x), ndarray(w, shapes.w)], [y]);
    session.close();
    return y.data;
  };
  const plain = await run('', image, weight);
  const blocked = await run('com.microsoft.nchwc', blockedImage, blockedWeight);
  // Small integers: sums are exact, whatever their order.
  for (let n = 0; n < batch; n++)
    for (let o = 0; o < outputs; o++)
      for (let p = 0; p < size * size; p++)
        expect(blocked[blockedPlace(n, o, p, size * size, outputs)]).toBe(
          plain[(n * outputs + o) * size * size + p],
        );
});
