import { promote, type DType } from '../graph/dtype.js';
import { ScreeError } from '../graph/errors.js';
import { ndarray, type NDArray } from '../graph/ndarray.js';
import type { ElementwiseKernel, Op, OnnxEmitter, OnnxRequest, TensorType } from '../graph/op.js';
import { broadcastShapes, sameShape, type Shape } from '../graph/shape.js';
import { currentBuilder, Tensor } from '../graph/tensor.js';

/** Whatever a traced function may write where a tensor is meant: a number takes the element type of its partner. */
export type TensorLike = Tensor | NDArray | number;

export type NoAttributes = Record<string, never>;
export const noAttributes: NoAttributes = {};

/** Element types as ONNX numbers them (TensorProto.DataType). */
export const onnxTypes: Readonly<Record<DType, number>> = { float32: 1, int32: 6, bool: 9, float64: 11 };

function numberType(value: number, partner: DType | undefined): DType {
  if (partner === undefined) return 'float64';
  if (partner === 'float64' || partner === 'float32') return partner;
  return Number.isInteger(value) ? 'int32' : 'float32';
}

/** The operand as a tensor of the graph under construction. */
export function toTensor(operation: string, value: TensorLike, partner?: DType): Tensor {
  if (value instanceof Tensor) return value;
  if (typeof value === 'number') {
    return currentBuilder(operation).constant(ndarray(value, [], numberType(value, partner)));
  }
  if (typeof value === 'object' && value !== null && 'data' in value) {
    return currentBuilder(operation).constant(value);
  }
  throw new ScreeError(`${operation}: ${String(value)} is not a tensor, an NDArray or a number`);
}

/** Operands as tensors of one element type: the widest among them, numbers following the tensors. */
export function unify(operation: string, values: readonly TensorLike[]): Tensor[] {
  const types = values.flatMap((value) => (typeof value === 'number' ? [] : [value.dtype]));
  const partner = types.length === 0 ? undefined : types.reduce(promote);
  const tensors = values.map((value) => toTensor(operation, value, partner));
  const dtype = tensors.map((tensor) => tensor.dtype).reduce(promote);
  return tensors.map((tensor) => tensor.cast(dtype));
}

/** The value of a tensor that is a constant with one element, or undefined. */
export function constantScalar(tensor: Tensor): number | undefined {
  const { op, attributes } = tensor.builder.nodes[tensor.id];
  const value = op.name === 'constant' ? attributes.value : undefined;
  if (typeof value !== 'object' || !('data' in value) || value.data.length !== 1) return undefined;
  return value.data[0];
}

/** Sums a cotangent back to the shape of an operand that was broadcast. */
export function unbroadcast(cotangent: Tensor, shape: Shape): Tensor {
  if (sameShape(cotangent.shape, shape)) return cotangent;
  const extra = cotangent.rank - shape.length;
  const axes: number[] = [];
  cotangent.shape.forEach((extent, axis) => {
    if (axis < extra || (shape[axis - extra] === 1 && extent !== 1)) axes.push(axis);
  });
  return cotangent.sum({ axes }).reshape(shape);
}

/** ∂output/∂input as a tensor, or 1 or −1 where it is that everywhere, or undefined where it is zero everywhere. */
export type PartialDerivative = (inputs: readonly Tensor[], output: Tensor) => Tensor | 1 | -1 | undefined;

function scaled(tensor: Tensor, factor: Tensor | 1 | -1): Tensor {
  if (factor === 1) return tensor;
  return factor === -1 ? tensor.neg() : tensor.mul(factor);
}

export function sumDefined(terms: readonly (Tensor | undefined)[]): Tensor | undefined {
  const present = terms.filter((term) => term !== undefined);
  return present.length === 0 ? undefined : present.reduce((total, term) => total.add(term));
}

export interface ElementwiseDefinition extends ElementwiseKernel {
  readonly name: string;
  readonly arity: number;
  /** One for each input; left out by an op whose derivative is zero wherever it exists. */
  readonly partials?: readonly PartialDerivative[];
  readonly result?: (inputs: readonly TensorType[]) => DType;
  /** An ONNX operator of the same meaning, or a lowering. */
  readonly onnx: string | ((emitter: OnnxEmitter, request: OnnxRequest<NoAttributes>) => string);
}

/**
 * An op that computes each element from the elements at the same place, with NumPy's broadcasting. jvp and vjp follow from its
 * partial derivatives.
 */
export function elementwise(definition: ElementwiseDefinition): Op<NoAttributes> {
  const { name, arity, partials, onnx } = definition;
  const result = definition.result ?? ((inputs: readonly TensorType[]) => inputs[0].dtype);
  const op: Op<NoAttributes> = {
    name,
    elementwise: definition,
    infer(inputs) {
      if (inputs.length !== arity)
        throw new ScreeError(`${name}: takes ${arity} tensors, got ${inputs.length}`);
      return { shape: broadcastShapes(name, ...inputs.map((input) => input.shape)), dtype: result(inputs) };
    },
    jvp({ inputs, output }, tangents) {
      const terms = tangents.map((tangent, index) => {
        const partial = tangent && partials?.[index](inputs, output);
        return tangent && partial && scaled(tangent, partial);
      });
      return sumDefined(terms)?.broadcastTo(output.shape);
    },
    vjp({ inputs, output }, cotangent, wanted) {
      return inputs.map((input, index) => {
        const partial = wanted[index] ? partials?.[index](inputs, output) : undefined;
        return partial && unbroadcast(scaled(cotangent, partial), input.shape);
      });
    },
    batch(inputs, batched) {
      return inputs[0].builder.apply(op, alignBatch(inputs, batched), noAttributes);
    },
    onnx(emitter, request) {
      return typeof onnx === 'string' ? emitter.emit(onnx, request.names) : onnx(emitter, request);
    },
  };
  return op;
}

/** Gives batched operands of lower rank axes of extent 1 after the batch axis, so that they broadcast together. */
export function alignBatch(inputs: readonly Tensor[], batched: readonly boolean[]): Tensor[] {
  const rank = Math.max(...inputs.map((input, index) => input.rank - (batched[index] ? 1 : 0)));
  return inputs.map((input, index) => {
    const missing = rank - (input.rank - 1);
    if (!batched[index] || missing === 0) return input;
    return input.reshape([input.shape[0], ...new Array<number>(missing).fill(1), ...input.shape.slice(1)]);
  });
}

/** Rules of an op that is linear in its only input: `apply` is the op itself, `transposed` its adjoint. */
export function linearRules<A extends object>(
  apply: (input: Tensor, attributes: A) => Tensor,
  transposed: (cotangent: Tensor, input: TensorType, attributes: A) => Tensor,
): {
  jvp(application: { attributes: A }, tangents: readonly (Tensor | undefined)[]): Tensor | undefined;
  vjp(application: { inputs: readonly Tensor[]; attributes: A }, cotangent: Tensor): (Tensor | undefined)[];
} {
  return {
    jvp: ({ attributes }, [tangent]) => tangent && apply(tangent, attributes),
    vjp: ({ inputs, attributes }, cotangent) => [transposed(cotangent, inputs[0], attributes)],
  };
}
