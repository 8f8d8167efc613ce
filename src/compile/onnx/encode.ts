import type { DType } from '../../graph/dtype.js';
import { ScreeError } from '../../graph/errors.js';
import type { NDArray } from '../../graph/ndarray.js';
import { showShape, sizeOf, type Shape } from '../../graph/shape.js';
import { Message } from './protobuf.js';

/** ONNX knows all of ours and int64, which its shape arguments want. */
export type ElementType = DType | 'int64';

/** TensorProto.DataType of onnx.proto. */
export const elementTypeNumber: Readonly<Record<ElementType, number>> = {
  float32: 1,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
};

export interface ValueInfo {
  readonly name: string;
  readonly dtype: ElementType;
  /** A name stands for an extent that is known when the model runs. */
  readonly shape: readonly (number | string)[];
}

/** A constant: one of our arrays, or integers to be stored as int64. */
export type TensorValue = NDArray | { readonly int64: readonly number[]; readonly shape: Shape };

export interface Initializer {
  readonly name: string;
  readonly array: TensorValue;
}

/** An attribute says its type, since 1 may be an int or a float and [] a list of either. */
export type Attribute =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly string: string }
  | { readonly strings: readonly string[] }
  | { readonly tensor: TensorValue }
  | { readonly graph: OnnxGraph };

export interface OnnxNode {
  readonly op: string;
  /** The operator set, '' (ai.onnx) by default; `com.microsoft` for ONNX Runtime's own. */
  readonly domain?: string;
  /** Shown in errors and profiles. */
  readonly name?: string;
  /** Names of values; '' leaves an optional input out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

export interface OnnxGraph {
  readonly name: string;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly initializers: readonly Initializer[];
  /** In topological order. */
  readonly nodes: readonly OnnxNode[];
}

export interface OnnxModel {
  /** Version of the ai.onnx operator set; 21 by default. */
  readonly opset?: number;
  /** For whoever has only the file: classes, constants, where it is from. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly graph: OnnxGraph;
}

/** The IR version that came with opset 21 (ONNX 1.16). */
const irVersion = 10;

function encodeTensor(value: TensorValue, name: string): Message {
  const message = new Message().ints(1, value.shape);
  const length = 'int64' in value ? value.int64.length : value.data.length;
  if (length !== sizeOf(value.shape)) {
    throw new ScreeError(
      `encodeModel: tensor ${name || '(attribute)'} has ${length} elements, which do not fill shape ${showShape(value.shape)}`,
    );
  }
  const dtype = 'int64' in value ? 'int64' : value.dtype;
  message.int(2, elementTypeNumber[dtype]);
  if (name !== '') message.string(8, name);
  // raw_data is little-endian, as is every machine that ONNX Runtime's npm packages run on.
  const data = 'int64' in value ? BigInt64Array.from(value.int64, BigInt) : value.data;
  return message.bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

function encodeAttribute(name: string, attribute: Attribute): Message {
  const message = new Message().string(1, name);
  if ('float' in attribute) return message.float(2, attribute.float).int(20, 1);
  if ('int' in attribute) return message.int(3, attribute.int).int(20, 2);
  if ('string' in attribute) return message.string(4, attribute.string).int(20, 3);
  if ('tensor' in attribute) return message.message(5, encodeTensor(attribute.tensor, '')).int(20, 4);
  if ('graph' in attribute) return message.message(6, encodeGraph(attribute.graph)).int(20, 5);
  if ('floats' in attribute) return message.floats(7, attribute.floats).int(20, 6);
  if ('ints' in attribute) return message.ints(8, attribute.ints).int(20, 7);
  for (const value of attribute.strings) message.string(9, value);
  return message.int(20, 8);
}

function encodeNode(node: OnnxNode): Message {
  const message = new Message();
  for (const input of node.inputs) message.string(1, input);
  for (const output of node.outputs) message.string(2, output);
  if (node.name !== undefined) message.string(3, node.name);
  message.string(4, node.op);
  for (const [name, attribute] of Object.entries(node.attributes ?? {})) {
    message.message(5, encodeAttribute(name, attribute));
  }
  return node.domain ? message.string(7, node.domain) : message;
}

function encodeValueInfo({ name, dtype, shape }: ValueInfo): Message {
  const dimensions = new Message();
  for (const extent of shape) {
    const dimension = new Message();
    dimensions.message(
      1,
      typeof extent === 'string' ? dimension.string(2, extent) : dimension.int(1, extent),
    );
  }
  const tensor = new Message().int(1, elementTypeNumber[dtype]).message(2, dimensions);
  return new Message().string(1, name).message(2, new Message().message(1, tensor));
}

function encodeGraph(graph: OnnxGraph): Message {
  const message = new Message();
  for (const node of graph.nodes) message.message(1, encodeNode(node));
  message.string(2, graph.name);
  for (const { name, array } of graph.initializers) message.message(5, encodeTensor(array, name));
  for (const input of graph.inputs) message.message(11, encodeValueInfo(input));
  for (const output of graph.outputs) message.message(12, encodeValueInfo(output));
  return message;
}

/**
 * The bytes of an ONNX ModelProto (https://onnx.ai/onnx/repo-docs/IR.html). Operator sets other than ai.onnx are
 * declared at version 1 when a node names their domain.
 * @throws ScreeError for a tensor whose elements do not fill its shape and for an integer beyond 53 bits.
 */
export function encodeModel({ opset = 21, metadata = {}, graph }: OnnxModel): Uint8Array {
  const model = new Message().int(1, irVersion).string(2, 'scree').message(7, encodeGraph(graph));
  model.message(8, new Message().string(1, '').int(2, opset));
  for (const domain of new Set(graph.nodes.map((node) => node.domain ?? ''))) {
    if (domain !== '') model.message(8, new Message().string(1, domain).int(2, 1));
  }
  for (const [key, value] of Object.entries(metadata)) {
    model.message(14, new Message().string(1, key).string(2, value));
  }
  return model.finish();
}
