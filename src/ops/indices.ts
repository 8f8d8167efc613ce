import { ScreeError } from '../graph/errors.js';
import { constantValue, inputOp } from '../graph/graph.js';
import type { TypedArray } from '../graph/dtype.js';
import type { Op } from '../graph/op.js';
import { showShape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { reshape, reshapeOp, transpose, transposeOp } from './shape-ops.js';

type CheckAttributes = { readonly operation: string; readonly extent: number };

function requireInside(operation: string, indices: TypedArray, extent: number): void {
  for (let place = 0; place < indices.length; place++) {
    const index = indices[place];
    if (index < 0 || index >= extent) {
      throw new ScreeError(
        `${operation}: index ${index} at place ${place} is outside 0 to ${extent - 1}, the elements of the axis`,
      );
    }
  }
}

/** Its operand, after it has been checked by the kernel. */
function checkOp(host: boolean): Op<CheckAttributes> {
  return {
    name: 'checkIndices',
    host,
    infer: ([indices]) => indices,
    jvp: () => undefined,
    vjp: () => [undefined],
    batch: ([indices], _batched, { operation, extent }) => applyCheck(indices, operation, extent),
    kernel:
      ({ attributes: { operation, extent } }) =>
      (output, indices) => {
        requireInside(operation, indices, extent);
        output.set(indices);
      },
    // The runtime refuses an index ≥ extent by itself; a negative one it would count from the end.
    onnx(emitter, { names: [indices], attributes: { extent } }) {
      const negative = emitter.emit('Less', [indices, emitter.scalar(0, 'int32')]);
      return emitter.emit('Where', [negative, emitter.scalar(extent, 'int32'), indices]);
    },
  };
}

const checkIndicesOp = checkOp(false);
const checkOnHostOp = checkOp(true);

function applyCheck(indices: Tensor, operation: string, extent: number): Tensor {
  const isInput = indices.builder.nodes[indices.id].op === inputOp;
  return indices.builder.apply(isInput ? checkOnHostOp : checkIndicesOp, [indices], { operation, extent });
}

/**
 * The indices, known to lie in 0 … extent − 1 wherever the result is used. Constants are checked now, inputs of the graph (also
 * reshaped and transposed ones) on the host before each run, computed indices while the program runs: by the kernel on the JavaScript target,
 * by ONNX Runtime itself on the other. Nothing is clamped, and a negative index does not count from the end.
 * @throws ScreeError when the indices are not int32, or a constant one is outside.
 */
export function checkedIndices(operation: string, indices: Tensor, extent: number): Tensor {
  if (indices.dtype !== 'int32') {
    throw new ScreeError(
      `${operation}: indices must be int32, got ${indices.dtype}${showShape(indices.shape)}`,
    );
  }
  const { builder } = indices;
  const node = builder.nodes[indices.id];
  const constant = constantValue(node);
  if (constant !== undefined) {
    requireInside(operation, constant.data, extent);
    return indices;
  }
  const [source] = node.inputs;
  if (node.op === reshapeOp) {
    return reshape(checkedIndices(operation, builder.tensor(source), extent), indices.shape);
  }
  if (node.op === transposeOp) {
    const { permutation } = node.attributes as { permutation: readonly number[] };
    return transpose(checkedIndices(operation, builder.tensor(source), extent), permutation);
  }
  const isChecked = node.op === checkIndicesOp || node.op === checkOnHostOp;
  if (isChecked && (node.attributes as CheckAttributes).extent <= extent) return indices;
  return applyCheck(indices, operation, extent);
}
