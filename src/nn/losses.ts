import type { Tensor } from '../graph/tensor.js';
import { softmaxCrossEntropy } from '../ops/index.js';

/**
 * Mean over the batch of −log softmax(logits)[label].
 * @param logits [batch, classes]
 * @param labels int32 [batch]
 */
export function crossEntropy(logits: Tensor, labels: Tensor): Tensor {
  return softmaxCrossEntropy(logits, labels).mean();
}

/** Mean of (prediction − target)² over all elements; both of one shape. */
export function mse(prediction: Tensor, target: Tensor): Tensor {
  const error = prediction.sub(target);
  return error.mul(error).mean();
}
