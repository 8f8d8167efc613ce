import { ScreeError } from '../graph/errors.js';
import { ndarray } from '../graph/ndarray.js';
import type { Op } from '../graph/op.js';
import type { DType } from '../graph/dtype.js';
import { normalizeAxis, showShape, sizeOf } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { noAttributes, type NoAttributes } from './define.js';
import { checkedIndices } from './indices.js';

type AxisAttributes = { readonly axis: number };

function softmaxRule(y: Tensor, given: Tensor, axis: number): Tensor {
  return y.mul(given.sub(y.mul(given).sum({ axes: axis, keepDims: true })));
}

/** eˣ / Σ eˣ along an axis. Composite. */
export const softmaxOp: Op<AxisAttributes> = {
  name: 'softmax',
  infer: ([x]) => x,
  jvp: ({ output, attributes: { axis } }, [tangent]) => tangent && softmaxRule(output, tangent, axis),
  vjp: ({ output, attributes: { axis } }, cotangent) => [softmaxRule(output, cotangent, axis)],
  batch: ([x], _batched, { axis }) => x.builder.apply(softmaxOp, [x], { axis: axis + 1 }),
  decompose([x], { axis }) {
    const top = x.max({ axes: axis, keepDims: true }).stopGradient();
    const powers = x.sub(top).exp();
    return powers.div(powers.sum({ axes: axis, keepDims: true }));
  },
  onnx: (emitter, { names, attributes: { axis } }) => emitter.emit('Softmax', names, { axis: { int: axis } }),
};

/** x − log Σ eˣ along an axis. Composite. */
export const logSoftmaxOp: Op<AxisAttributes> = {
  name: 'logSoftmax',
  infer: ([x]) => x,
  jvp: ({ output, attributes: { axis } }, [tangent]) =>
    tangent && tangent.sub(output.exp().mul(tangent).sum({ axes: axis, keepDims: true })),
  vjp: ({ output, attributes: { axis } }, cotangent) => [
    cotangent.sub(output.exp().mul(cotangent.sum({ axes: axis, keepDims: true }))),
  ],
  batch: ([x], _batched, { axis }) => x.builder.apply(logSoftmaxOp, [x], { axis: axis + 1 }),
  decompose([x], { axis }) {
    const shifted = x.sub(x.max({ axes: axis, keepDims: true }).stopGradient());
    return shifted.sub(shifted.exp().sum({ axes: axis, keepDims: true }).log());
  },
  onnx: (emitter, { names, attributes: { axis } }) =>
    emitter.emit('LogSoftmax', names, { axis: { int: axis } }),
};

/**
 * −log softmax at the label: logits [batch, classes] and labels int32 [batch] give [batch]. Composite. Labels are checked by an
 * op before it.
 */
export const softmaxCrossEntropyOp: Op<NoAttributes> = {
  name: 'softmaxCrossEntropy',
  infer([logits, labels]) {
    const fits =
      logits.shape.length === 2 && labels.shape.length === 1 && labels.shape[0] === logits.shape[0];
    if (!fits || labels.dtype !== 'int32') {
      throw new ScreeError(
        `crossEntropy: logits ${showShape(logits.shape)} need int32 labels [${logits.shape[0]}], got ${labels.dtype}${showShape(labels.shape)}`,
      );
    }
    return { shape: labels.shape, dtype: logits.dtype };
  },
  vjp({ inputs: [logits, labels] }, cotangent) {
    const error = softmax(logits).sub(places(labels, logits.shape[1], logits.dtype));
    return [error.mul(cotangent.reshape([cotangent.size, 1])), undefined];
  },
  decompose([logits, labels]) {
    // From the same differences as softmax, which the gradient needs beside.
    const shifted = logits.sub(logits.max({ axes: 1, keepDims: true }).stopGradient());
    const chosen = places(labels, logits.shape[1], logits.dtype).mul(shifted).sum({ axes: 1 });
    return shifted.exp().sum({ axes: 1 }).log().sub(chosen);
  },
  kernel({ inputs: [{ shape }] }) {
    const [batch, classes] = shape;
    return (output, logits, labels) => {
      for (let n = 0; n < batch; n++) {
        let top = -Infinity;
        for (let c = 0; c < classes; c++) top = Math.max(top, logits[n * classes + c]);
        let total = 0;
        for (let c = 0; c < classes; c++) total += Math.exp(logits[n * classes + c] - top);
        output[n] = Math.log(total) + top - logits[n * classes + labels[n]];
      }
    };
  },
  onnx(emitter, { names: [logits, labels], inputs: [{ shape, dtype }] }) {
    const log = emitter.emit('LogSoftmax', [logits], { axis: { int: 1 } });
    const column = emitter.emit('Reshape', [labels, emitter.ints([shape[0], 1])]);
    const chosen = emitter.emit('GatherElements', [log, column], { axis: { int: 1 } });
    const flat = emitter.emit('Reshape', [chosen, emitter.ints([shape[0]])]);
    return emitter.emit('Mul', [flat, emitter.scalar(-1, dtype)]);
  },
};

/**
 * 1 at the label, 0 elsewhere: int32 labels [...s] give [...s, classes].
 * @throws ScreeError for a label outside 0 … classes − 1 (when: see gather)
 */
export function oneHot(labels: Tensor, classes: number, dtype: DType = 'float32'): Tensor {
  return places(checkedIndices('oneHot', labels, classes), classes, dtype);
}

function places(labels: Tensor, classes: number, dtype: DType): Tensor {
  const values = Int32Array.from({ length: classes }, (_, index) => index);
  const range = labels.builder.constant(ndarray(values));
  return labels
    .reshape([...labels.shape, 1])
    .equal(range)
    .cast(dtype);
}

export function softmax(x: Tensor, axis = -1): Tensor {
  return x.builder.apply(softmaxOp, [x], { axis: normalizeAxis('softmax', axis, x.rank) });
}

export function logSoftmax(x: Tensor, axis = -1): Tensor {
  return x.builder.apply(logSoftmaxOp, [x], { axis: normalizeAxis('logSoftmax', axis, x.rank) });
}

/**
 * −log softmax(logits)[label] for each example: logits [batch, classes], labels int32 [batch] → [batch].
 * @throws ScreeError for a label outside 0 … classes − 1 (when: see gather)
 * @example
 * ```ts
 * import { compile, float64, int32, softmaxCrossEntropy, type Tensor } from 'scree';
 *
 * const loss = (scores: Tensor, labels: Tensor) => softmaxCrossEntropy(scores, labels);
 * console.log(compile(loss, [float64(1, 2), int32(1)]).run([[0, 0]], [1]).data[0].toFixed(6));
 * ```
 * ```text
 * 0.693147
 * ```
 */
export function softmaxCrossEntropy(logits: Tensor, labels: Tensor): Tensor {
  // What is no label at all is told by the op's own rule.
  const known =
    labels.dtype === 'int32' && logits.rank === 2
      ? checkedIndices('crossEntropy', labels, logits.shape[1])
      : labels;
  return logits.builder.apply(softmaxCrossEntropyOp, [logits, known], noAttributes);
}

/** Share of examples whose largest logit is at the label, as a float32 scalar. */
export function accuracy(logits: Tensor, labels: Tensor): Tensor {
  return logits
    .argmax(1)
    .equal(labels)
    .cast('float32')
    .sum()
    .mul(1 / sizeOf(labels.shape));
}
