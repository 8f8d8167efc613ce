/** Floating-point operations of one training step of the bench's models, counted from their matrix products. */
export const models = ['mlp', 'lenet', 'cnn'] as const;
export type Model = (typeof models)[number];

/** Multiply-adds of each layer's forward pass for one example. */
const layers: Readonly<Record<Model, readonly number[]>> = {
  mlp: [784 * 512, 512 * 256, 256 * 10],
  lenet: [28 * 28 * 6 * 25, 10 * 10 * 16 * 6 * 25, 400 * 120, 120 * 84, 84 * 10],
  cnn: [28 * 28 * 32 * 9, 14 * 14 * 64 * 32 * 9, 3136 * 128, 128 * 10],
};

/**
 * Forward, weight gradient and, but for the first layer, input gradient: two operations a multiply-add each. Pooling,
 * activations, the loss and the update are not counted.
 */
export function stepFlops(model: Model, batch: number): number {
  const passes = layers[model].map((multiplyAdds, index) => multiplyAdds * (index === 0 ? 2 : 3));
  return 2 * batch * passes.reduce((sum, value) => sum + value, 0);
}
