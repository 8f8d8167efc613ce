import { fromBinary } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { AttributeProto_AttributeType, ModelProtoSchema, TensorProto_DataType } from 'onnx-buf';
import { describe, expect, test } from 'vitest';
import { ndarray } from '../../graph/ndarray.js';
import { encodeModel, type Attribute, type OnnxModel, type TensorValue } from './encode.js';

// The independent reader is protobuf-es over the official onnx.proto.
const parse = (model: OnnxModel) => fromBinary(ModelProtoSchema, encodeModel(model));

const empty = { name: 'g', inputs: [], outputs: [], initializers: [], nodes: [] };

function parseAttribute(attribute: Attribute) {
  const node = { op: 'X', inputs: [], outputs: [], attributes: { a: attribute } };
  const [parsed] = parse({ graph: { ...empty, nodes: [node] } }).graph!.node[0].attribute;
  expect(parsed.name).toBe('a');
  return parsed;
}

function parseTensor(array: TensorValue) {
  return parse({ graph: { ...empty, initializers: [{ name: 't', array }] } }).graph!.initializer[0];
}

describe('encodeModel', () => {
  test('model header and operator sets, each domain once', () => {
    const node = { op: 'X', inputs: [], outputs: [] };
    const nodes = [node, { ...node, domain: 'com.microsoft' }, { ...node, domain: 'com.microsoft' }];
    const model = parse({ opset: 19, graph: { ...empty, nodes } });
    expect(model.irVersion).toBe(10n);
    expect(model.producerName).toBe('scree');
    expect(model.opsetImport.map(({ domain, version }) => [domain, version])).toEqual([
      ['', 19n],
      ['com.microsoft', 1n],
    ]);
    expect(model.graph!.node.map(({ domain }) => domain)).toEqual(['', 'com.microsoft', 'com.microsoft']);
  });

  test('inputs, outputs and nodes keep names, types, shapes and order', () => {
    const { graph } = parse({
      graph: {
        name: 'step',
        inputs: [
          { name: 'é', dtype: 'float32', shape: [2, 0, 300] },
          { name: 'flag', dtype: 'bool', shape: [] },
        ],
        outputs: [{ name: 'y', dtype: 'float64', shape: [1] }],
        initializers: [],
        nodes: [{ op: 'Clip', name: 'clip', inputs: ['é', '', 'max'], outputs: ['y'] }],
      },
    });
    const values = [...graph!.input, ...graph!.output].map(({ name, type }) => {
      if (type?.value.case !== 'tensorType') throw new Error('not a tensor');
      const { elemType, shape } = type.value.value;
      return [name, TensorProto_DataType[elemType], shape!.dim.map(({ value }) => value.value)];
    });
    expect(values).toEqual([
      ['é', 'FLOAT', [2n, 0n, 300n]],
      ['flag', 'BOOL', []],
      ['y', 'DOUBLE', [1n]],
    ]);
    expect(graph!.name).toBe('step');
    const [node] = graph!.node;
    expect([node.opType, node.name, node.input, node.output]).toEqual([
      'Clip',
      'clip',
      ['é', '', 'max'],
      ['y'],
    ]);
  });

  test.each([
    [{ int: -3 }, 'INT', { i: -3n }],
    [{ int: Number.MIN_SAFE_INTEGER }, 'INT', { i: BigInt(Number.MIN_SAFE_INTEGER) }],
    [{ float: 0.1 }, 'FLOAT', { f: Math.fround(0.1) }],
    [{ float: 1 }, 'FLOAT', { f: 1 }],
    [{ string: 'SAME_UPPER' }, 'STRING', { s: new TextEncoder().encode('SAME_UPPER') }],
    [{ ints: [1, -1, 300] }, 'INTS', { ints: [1n, -1n, 300n] }],
    [{ ints: [] }, 'INTS', { ints: [] }],
    [{ floats: [0.5, 3e38] }, 'FLOATS', { floats: [0.5, Math.fround(3e38)] }],
    [{ strings: ['a', ''] }, 'STRINGS', { strings: [new TextEncoder().encode('a'), new Uint8Array()] }],
  ] as const)('attribute %j', (attribute, type, fields) => {
    const parsed = parseAttribute(attribute);
    expect(AttributeProto_AttributeType[parsed.type]).toBe(type);
    expect(parsed).toMatchObject(fields);
  });

  test('a tensor attribute', () => {
    const { type, t } = parseAttribute({ tensor: ndarray([[1, 2]], undefined, 'int32') });
    expect(AttributeProto_AttributeType[type]).toBe('TENSOR');
    expect([t!.dims, t!.dataType, [...t!.rawData]]).toEqual([
      [1n, 2n],
      TensorProto_DataType.INT32,
      [1, 0, 0, 0, 2, 0, 0, 0],
    ]);
  });

  test.each([
    [ndarray(Float32Array.of(1.5, -2), [2, 1]), 'FLOAT', [2n, 1n], '0000c03f000000c0'],
    [ndarray(Float64Array.of(1)), 'DOUBLE', [1n], '000000000000f03f'],
    [ndarray(Int32Array.of(-2), []), 'INT32', [], 'feffffff'],
    [ndarray(Uint8Array.of(1, 0)), 'BOOL', [2n], '0100'],
    [{ int64: [-1, 258], shape: [2] }, 'INT64', [2n], 'ffffffffffffffff0201000000000000'],
    [ndarray(new Float32Array(0), [0, 4]), 'FLOAT', [0n, 4n], ''],
  ])('tensor %#', (array, type, dims, hex) => {
    const tensor = parseTensor(array);
    expect(TensorProto_DataType[tensor.dataType]).toBe(type);
    expect([tensor.name, tensor.dims]).toEqual(['t', dims]);
    expect(Buffer.from(tensor.rawData).toString('hex')).toBe(hex);
  });

  test('a view into a larger buffer stores only its own elements', () => {
    const view = new Float32Array(Float32Array.of(1, 2, 3, 4).buffer, 4, 2);
    expect([...new Float32Array(parseTensor(ndarray(view)).rawData.slice().buffer)]).toEqual([2, 3]);
  });

  test('tensors of every size survive, since lengths change the width of their prefix', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true }), { maxLength: 400 }),
        fc.nat(40000),
        (values, padding) => {
          const data = Float32Array.from([...values, ...new Float32Array(padding)]);
          const parsed = parseTensor(ndarray(data)).rawData.slice();
          expect(Buffer.compare(Buffer.from(parsed), Buffer.from(data.buffer))).toBe(0);
        },
      ),
      { numRuns: 50, seed: 1 },
    );
  });

  test('refuses what it cannot represent', () => {
    const node = (attribute: Attribute) => ({
      op: 'X',
      inputs: [],
      outputs: [],
      attributes: { a: attribute },
    });
    expect(() => encodeModel({ graph: { ...empty, nodes: [node({ int: 0.5 })] } })).toThrow(
      /0\.5 is not an integer/,
    );
    expect(() => encodeModel({ graph: { ...empty, nodes: [node({ ints: [2 ** 60] })] } })).toThrow(
      /not an integer/,
    );
    const initializers = [{ name: 'w', array: { int64: [1, 2, 3], shape: [2] } }];
    expect(() => encodeModel({ graph: { ...empty, initializers } })).toThrow(
      /tensor w has 3 elements, which do not fill shape \[2\]/,
    );
  });
});
