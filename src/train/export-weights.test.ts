import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readGolden, symmetric } from '../../test/support/golden.js';
import { compileGraph } from '../compile/index.js';
import { ndarray, zeros, type NDArray } from '../graph/ndarray.js';
import { sizeOf, type Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { flattenTree, unflattenTree } from '../graph/tree.js';
import {
  batchNorm,
  conv,
  dense,
  fromTorch,
  globalAvgPool,
  models,
  relu,
  residualNetwork,
  sequential,
  torchNames,
  transformerModel,
  type Initialised,
  type Layer,
} from '../nn/index.js';
import { float32, trace } from '../ops/index.js';
import { Generator } from '../random/index.js';
import { exportWeights, loadWeights } from './export-weights.js';
import { decodeSafetensors, encodeSafetensors } from './safetensors.js';

interface Golden {
  cases: {
    name: string;
    classes: number;
    image: number[];
    tensors: { name: string; shape: number[]; bound: number; centre: number }[];
    logits: number[][];
  }[];
}

const golden = readGolden('torchvision.json') as Golden;

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'scree-weights-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const leavesOf = ({ parameters, state }: Initialised) => [...flattenTree(parameters), ...flattenTree(state)];

const named = ({ name, shape }: { name: string; shape: Shape }) => `${name} ${shape.join('×')}`;

async function logits(model: Layer, initial: Initialised, x: NDArray, classes: number): Promise<NDArray> {
  const graph = trace<[readonly Tensor[], readonly Tensor[], Tensor], Tensor>(
    (parameters, state, examples) =>
      model.apply(
        unflattenTree(initial.parameters, parameters),
        unflattenTree(initial.state, state),
        examples,
        { training: false },
      ).output,
    [flattenTree(initial.parameters), flattenTree(initial.state), float32(...x.shape)],
  );
  const executable = await compileGraph(graph, { target: 'onnx', threads: 2 });
  const output = zeros([x.shape[0], classes]);
  await executable.run([...leavesOf(initial), x], [output]);
  executable.close();
  return output;
}

describe("torchvision's weights", () => {
  const cases = golden.cases.map((one) => ({ ...one, title: `${one.name} on ${one.image.join('×')}` }));

  test.each(cases)('$title: the same logits', async ({ name, classes, image, tensors, logits: expected }) => {
    const model = models[name].build(image.slice(1), classes);
    const initial = model.init(new Generator(0), image.slice(1));
    const filled = tensors.map(({ name: key, shape, bound, centre }, k): [string, NDArray] => {
      const data = Float32Array.from(
        { length: sizeOf(shape) },
        (_, index) => centre + symmetric(index, k, bound),
      );
      return [key, ndarray(data, shape)];
    });
    // PyTorch saves the counts too; they change nothing.
    filled.push(['bn1.num_batches_tracked', ndarray(Int32Array.of(7), [])]);
    const path = join(root, 'torchvision.safetensors');
    await writeFile(path, encodeSafetensors(Object.fromEntries(filled)));
    const loaded = await loadWeights(path, initial);
    const x = ndarray(
      Float32Array.from({ length: sizeOf(image) }, (_, index) => symmetric(index, 999, 1)),
      image,
    );
    const found = await logits(model, loaded, x, classes);
    // float32 sums in another order over 18 to 50 layers: relative to the largest logit.
    const size = Math.max(...expected.flat().map(Math.abs));
    expected.forEach((row, example) =>
      row.forEach((value, index) => {
        const error = Math.abs(found.data[example * classes + index] - value) / size;
        expect(error).toBeLessThan(1e-4);
      }),
    );
  });
});

describe('weights of every kind of model', () => {
  const narrow = { blocks: [1, 2], width: 4 };
  const kinds: { name: string; model: Layer; input: number[] }[] = [
    { name: 'lenet', model: models.lenet.build([1, 8, 8], 7), input: [1, 8, 8] },
    {
      name: 'residual network',
      model: residualNetwork([3, 8, 8], 5, { ...narrow, bottleneck: false }),
      input: [3, 8, 8],
    },
    {
      name: 'bottlenecks',
      model: residualNetwork([3, 80, 80], 5, { ...narrow, bottleneck: true }),
      input: [3, 80, 80],
    },
    { name: 'transformer', model: transformerModel(9, { blocks: 2, size: 8 }), input: [6] },
  ];

  test.each(kinds)('$name: what is written is read back, bit for bit', ({ name, model, input }) => {
    const from = model.init(new Generator(1), input);
    const weights = { parameters: flattenTree(from.parameters), state: flattenTree(from.state) };
    const bytes = exportWeights({ name, initial: from, weights });
    const { tensors, metadata } = decodeSafetensors(bytes, 'written');
    expect(metadata).toMatchObject({ format: 'pt', model: name });
    expect(Object.keys(tensors)).toHaveLength(leavesOf(from).length);
    const read = fromTorch(model.init(new Generator(2), input), tensors, 'written');
    expect(read).toEqual(from);
  });

  test('the names of a chain are those of torch.nn.Sequential, those of a transformer tell its parts', () => {
    const chain = sequential(conv(4, 3), batchNorm(), relu(), globalAvgPool(), dense(3));
    const { parameters, state } = torchNames(chain.init(new Generator(0), [2, 8, 8]));
    expect([...parameters, ...state].map(named)).toEqual([
      '0.weight 4×2×3×3',
      '0.bias 4',
      '1.weight 4',
      '1.bias 4',
      '4.weight 3×4',
      '4.bias 3',
      '1.running_mean 4',
      '1.running_var 4',
    ]);
    const transformer = transformerModel(5, { blocks: 1, size: 8, heads: 2 }).init(new Generator(0), [6]);
    expect(torchNames(transformer).parameters.map(({ name }) => name)).toEqual([
      'embedding.weight',
      'positions.weight',
      'blocks.0.norm1.weight',
      'blocks.0.norm1.bias',
      'blocks.0.attention.project.weight',
      'blocks.0.attention.project.bias',
      'blocks.0.attention.output.weight',
      'blocks.0.attention.output.bias',
      'blocks.0.norm2.weight',
      'blocks.0.norm2.bias',
      'blocks.0.up.weight',
      'blocks.0.up.bias',
      'blocks.0.down.weight',
      'blocks.0.down.bias',
      'norm.weight',
      'norm.bias',
      'head.weight',
      'head.bias',
    ]);
  });
});

describe('bad weights', () => {
  const model = sequential(dense(3), relu(), dense(2));
  const initial = model.init(new Generator(0), [4]);
  const good = {
    '0.weight': zeros([3, 4]),
    '0.bias': zeros([3]),
    '2.weight': zeros([2, 3]),
    '2.bias': zeros([2]),
  };

  test('what is missing, unexpected and of another shape is listed', () => {
    const { '2.bias': _, ...rest } = good;
    const tensors = { ...rest, 'fc.weight': zeros([1]), '0.weight': zeros([4, 3]) };
    expect(() => fromTorch(initial, tensors, 'w.safetensors')).toThrow(
      "'w.safetensors' does not hold the weights of this model; missing: 2.bias; unexpected: fc.weight; of another shape: 0.weight (float32[4,3], not float32[3,4])",
    );
  });

  test('long lists are cut', () => {
    const tensors = Object.fromEntries(Array.from({ length: 40 }, (_, k) => [`x${k}`, zeros([1])]));
    expect(() => fromTorch(initial, { ...good, ...tensors }, 'w')).toThrow(
      'unexpected: x0, x1, x2, x3, x4, x5 and 34 more',
    );
  });

  test('integers are no weights', () => {
    const tensors = { ...good, '2.bias': ndarray(Int32Array.of(1, 2)) };
    expect(() => fromTorch(initial, tensors, 'w')).toThrow('2.bias (int32[2], not float32[2])');
  });

  test('a file that is not there or none is named', async () => {
    await expect(loadWeights(join(root, 'none.safetensors'), initial)).rejects.toThrow(
      /none\.safetensors.*no such file/,
    );
    const path = join(root, 'text.safetensors');
    await writeFile(path, 'weights');
    await expect(loadWeights(path, initial)).rejects.toThrow('is not a safetensors file');
  });
});
