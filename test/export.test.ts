import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, type ModelProto, type ValueInfoProto } from 'onnx-buf';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileGraph } from '../src/compile/index.js';
import type { Task } from '../src/data/index.js';
import { ndarray, zeros, type NDArray } from '../src/graph/ndarray.js';
import { sizeOf } from '../src/graph/shape.js';
import type { Tensor } from '../src/graph/tensor.js';
import { flattenTree, unflattenTree } from '../src/graph/tree.js';
import {
  batchNorm,
  dense,
  embedding,
  lstm,
  models,
  plainLayer,
  residualNetwork,
  sequential,
  transformerModel,
  type Layer,
} from '../src/nn/index.js';
import { softmax, trace } from '../src/ops/index.js';
import { Generator, integers, uniform } from '../src/random/index.js';
import { exportOnnx, loadRun, type ExportedModel } from '../src/train/index.js';
import { temporaryFolder } from './support/cli.js';
import { runMain } from './support/run-main.js';

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (...parts: string[]) => join(folder.path, ...parts);

/** Of the largest number, or of 1 where that is smaller: both sides are float32, adding in another order. */
const tolerance = 1e-5;

const parse = (bytes: Uint8Array): ModelProto => fromBinary(ModelProtoSchema, bytes);

function extents({ type }: ValueInfoProto): (string | number)[] {
  if (type?.value.case !== 'tensorType') throw new Error('not a tensor');
  const { dim = [] } = type.value.value.shape ?? {};
  return dim.map(({ value }) => (value.case === 'dimParam' ? value.value : Number(value.value)));
}

/** A model in plain ONNX Runtime, as its users open it. */
async function runOnnx(
  model: Uint8Array,
  { data, shape, dtype }: NDArray,
): Promise<Record<string, number[]>> {
  const session = await InferenceSession.create(model);
  const input =
    dtype === 'int32'
      ? new OrtTensor('int32', Int32Array.from(data), [...shape])
      : new OrtTensor('float32', Float32Array.from(data), [...shape]);
  const outputs = await session.run({ input });
  await session.release();
  return Object.fromEntries(
    Object.entries(outputs).map(([name, tensor]) => [name, Array.from(tensor.data as Float32Array)]),
  );
}

function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(found.length).toBe(expected.length);
  const allowed =
    tolerance * Array.from(expected).reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  for (let index = 0; index < found.length; index++) {
    expect(Math.abs(found[index] - expected[index])).toBeLessThanOrEqual(allowed);
  }
}

interface Case {
  readonly name: string;
  readonly model: Layer;
  readonly input: readonly number[];
  readonly task: Task;
}

const named = (count: number) => Array.from({ length: count }, (_, index) => `class ${index}`);
const classification = (count: number): Task => ({ kind: 'classification', classes: named(count) });

const cases: readonly Case[] = [
  { name: 'mlp', model: models.mlp.build([1, 8, 8], 10), input: [1, 8, 8], task: classification(10) },
  { name: 'lenet', model: models.lenet.build([1, 8, 8], 10), input: [1, 8, 8], task: classification(10) },
  { name: 'cnn', model: models.cnn.build([1, 9, 9], 10), input: [1, 9, 9], task: classification(10) },
  {
    name: 'residual network, small stem',
    model: residualNetwork([3, 12, 12], 5, { blocks: [1, 2], width: 16, bottleneck: false }),
    input: [3, 12, 12],
    task: classification(5),
  },
  {
    name: 'bottlenecks, large stem',
    model: residualNetwork([3, 80, 70], 5, { blocks: [2, 1], width: 16, bottleneck: true }),
    input: [3, 80, 70],
    task: classification(5),
  },
  {
    name: 'transformer',
    model: transformerModel(11, { blocks: 2, size: 16, heads: 2 }),
    input: [7],
    task: { kind: 'characters', alphabet: Array.from('abcdefghijk') },
  },
  {
    name: 'lstm',
    model: sequential(embedding(11, 6), lstm(8, { layers: 2 }), dense(11)),
    input: [7],
    task: { kind: 'characters', alphabet: Array.from('abcdefghijk') },
  },
];

/** A model with weights that nothing is lost in: running statistics away from 0 and 1 too. */
function prepare({ name, model, input, task }: Case): ExportedModel {
  const generator = new Generator(4);
  const initial = model.init(generator, input);
  const state = flattenTree(initial.state).map((array, index) =>
    uniform(generator.fork(index), array.shape, { low: 0.5, high: 1.5 }),
  );
  const channels = input.length === 3 ? input[0] : 1;
  return {
    name,
    model,
    initial,
    weights: { parameters: flattenTree(initial.parameters), state },
    input,
    task,
    ...(model.takes !== 'int32' && {
      normalisation: {
        mean: Array.from({ length: channels }, (_, c) => 100 + c),
        std: new Array<number>(channels).fill(60),
      },
    }),
  };
}

function examplesFor({ input, model }: ExportedModel, count: number): NDArray {
  const shape = [count, ...input];
  const generator = new Generator(9).fork(count);
  if (model.takes === 'int32') return integers(generator, shape, 0, 11);
  const bytes = integers(generator, shape, 0, 256);
  return ndarray(Float32Array.from(bytes.data), shape);
}

/** The model in evaluation by our own JavaScript target. */
function expected({ model, initial, weights, normalisation }: ExportedModel, x: NDArray) {
  const mean = normalisation?.mean ?? [0];
  const std = normalisation?.std ?? [1];
  const plane = sizeOf(x.shape.slice(2));
  const scaled =
    x.dtype === 'int32'
      ? x
      : {
          ...x,
          data: Float32Array.from(x.data, (value, index) => {
            const channel = Math.floor(index / plane) % mean.length;
            return (value - mean[channel]) / std[channel];
          }),
        };
  const graph = trace<[Tensor, readonly Tensor[], readonly Tensor[]], readonly Tensor[]>(
    (examples, parameters, state) => {
      const trees = [
        unflattenTree(initial.parameters, parameters),
        unflattenTree(initial.state, state),
      ] as const;
      const { output } = model.apply(...trees, examples, { training: false });
      return [output, softmax(output, output.rank - 1)];
    },
    [x, [...weights.parameters], [...weights.state]],
  );
  const outputs = graph.outputs.map((id) => zeros(graph.nodes[id].shape));
  compileGraph(graph).run([scaled, ...weights.parameters, ...weights.state], outputs);
  return { logits: outputs[0].data, probabilities: outputs[1].data };
}

describe('an exported model', () => {
  test.each(cases)('$name: predicts the same in plain ONNX Runtime, whatever the batch', async (one) => {
    const prepared = prepare(one);
    const bytes = exportOnnx(prepared);
    for (const count of [1, 3, 89]) {
      if (count > 3 && sizeOf(one.input) > 1000) continue;
      const x = examplesFor(prepared, count);
      const found = await runOnnx(bytes, x);
      const { logits, probabilities } = expected(prepared, x);
      expectClose(found.logits, logits);
      expectClose(found.probabilities, probabilities);
    }
  });

  test.each(cases)("$name: the standard's operators alone, inputs and outputs named", (one) => {
    const prepared = prepare(one);
    const model = parse(exportOnnx(prepared));
    expect(model.opsetImport.map(({ domain, version }) => [domain, version])).toEqual([['', 21n]]);
    const graph = model.graph!;
    expect(graph.node.filter(({ domain }) => domain !== '')).toEqual([]);
    expect(graph.input.map(({ name }) => name)).toEqual(['input']);
    expect(extents(graph.input[0])).toEqual(['batch', ...one.input]);
    expect(graph.output.map(({ name }) => name)).toEqual(['logits', 'probabilities']);
    for (const output of graph.output) {
      expect(extents(output)).toEqual(['batch', ...prepared.initial.output]);
    }
    // Every value is made once, and before it is used.
    const known = new Set(['input', '', ...graph.initializer.map(({ name }) => name)]);
    for (const { input, output } of graph.node) {
      expect(input.filter((name) => !known.has(name))).toEqual([]);
      expect(output.filter((name) => known.has(name))).toEqual([]);
      for (const name of output) known.add(name);
    }
    const floats = graph.initializer.filter(({ name }) =>
      /(weight|bias|running_mean|running_var)(_[ih]h_l\d)?$/.test(name),
    );
    const { parameters, state } = prepared.weights;
    expect(floats).toHaveLength(parameters.length + state.length);
  });

  test('of residual networks normalises by running statistics in one operator', () => {
    const { graph } = parse(exportOnnx(prepare(cases[3])));
    const norms = graph!.node.filter(({ opType }) => opType === 'BatchNormalization');
    expect(norms).toHaveLength(8);
    expect(norms[0].input.slice(1)).toEqual([
      'bn1.weight',
      'bn1.bias',
      'bn1.running_mean',
      'bn1.running_var',
    ]);
  });

  test('says in its metadata what it was made for', () => {
    const { metadataProps } = parse(exportOnnx(prepare(cases[1]), { metadata: { step: '12' } }));
    const entries = Object.fromEntries(metadataProps.map(({ key, value }) => [key, value]));
    expect(entries).toMatchObject({
      model: 'lenet',
      task: 'classification',
      mean: '[100]',
      std: '[60]',
      normalised: 'true',
      step: '12',
    });
    expect(JSON.parse(entries.classes)).toEqual(named(10));
  });

  test('takes standardised inputs where that is asked for', async () => {
    const prepared = prepare(cases[0]);
    const x = examplesFor(prepared, 2);
    const standardised = { ...x, data: Float32Array.from(x.data, (value) => (value - 100) / 60) };
    const found = await runOnnx(exportOnnx(prepared, { normalise: false }), standardised);
    expectClose(found.probabilities, expected(prepared, x).probabilities);
  });

  test("gives a number in the target's own unit", async () => {
    const task: Task = { kind: 'regression', target: 'price', mean: 250, std: 40 };
    const prepared = prepare({ name: 'line', model: sequential(dense(1)), input: [3], task });
    const x = ndarray(Float32Array.of(100, 160, 40, 0, 7, 255), [2, 3]);
    const found = await runOnnx(exportOnnx(prepared), x);
    const [weight, bias] = prepared.weights.parameters.map(({ data }) => data);
    const values = [0, 1].map((row) => {
      const sum = [0, 1, 2].reduce((s, k) => s + ((x.data[3 * row + k] - 100) / 60) * weight[k], bias[0]);
      return 250 + 40 * sum;
    });
    expect(Object.keys(found)).toEqual(['prediction']);
    // Seven digits of numbers about 250.
    values.forEach((value, row) => expect(Math.abs(found.prediction[row] - value)).toBeLessThan(1e-4));
  });

  test('a model that looks at several examples together is refused', () => {
    const mixing = plainLayer(
      'centred',
      (input) => input,
      (x) => x.sub(x.mean({ axes: 0, keepDims: true })),
    );
    const one = { name: 'mixing', model: sequential(mixing, dense(2)), input: [3], task: classification(2) };
    expect(() => exportOnnx(prepare(one))).toThrow('takes each by itself');
  });

  test('batch norm over rows, without images', async () => {
    const model = sequential(dense(6), batchNorm(), dense(2));
    const prepared = prepare({ name: 'rows', model, input: [3], task: classification(2) });
    const x = examplesFor(prepared, 4);
    expectClose((await runOnnx(exportOnnx(prepared), x)).logits, expected(prepared, x).logits);
  });
});

describe('scree export', () => {
  const run = at('run');
  const examples = at('examples.csv');
  let rows: number[][];

  beforeAll(async () => {
    const trained = await runMain(
      'train',
      'lenet',
      '--steps',
      '40',
      '--out',
      run,
      '--quiet',
      '--threads',
      '1',
    );
    expect(trained.code).toBe(0);
    const { data } = integers(new Generator(1), [20, 64], 0, 17);
    rows = Array.from({ length: 20 }, (_, row) => Array.from(data.subarray(row * 64, (row + 1) * 64)));
    writeFileSync(examples, rows.map((row) => row.join()).join('\n'));
  });

  test('writes a model that predicts what `predict` does, from what the data file holds', async () => {
    const file = at('model.onnx');
    const exported = await runMain('export', run, file);
    expect(exported).toMatchObject({ code: 0, stderr: '' });
    expect(exported.stdout).toMatch(/^wrote lenet after step 40 to .*model\.onnx, \d+(\.\d)? kB\n$/);
    const predicted = await runMain('predict', run, examples, '--json', '--threads', '1');
    const { predictions } = JSON.parse(predicted.stdout) as {
      predictions: { class: string; probability: number }[];
    };
    const x = ndarray(Float32Array.from(rows.flat()), [20, 1, 8, 8]);
    const { probabilities } = await runOnnx(readFileSync(file), x);
    predictions.forEach(({ class: label, probability }, row) => {
      const own = probabilities.slice(row * 10, row * 10 + 10);
      expect(String(own.indexOf(Math.max(...own)))).toBe(label);
      expect(Math.abs(Math.max(...own) - probability)).toBeLessThan(tolerance);
    });
  });

  test('writes weights, and says so as JSON', async () => {
    const file = at('weights.safetensors');
    const { stdout } = await runMain('export', run, file, '--json');
    const bytes = readFileSync(file).length;
    expect(JSON.parse(stdout)).toEqual({ run, model: 'lenet', step: 40, file, bytes });
  });

  test('its weights are what `train --weights` starts from', async () => {
    const [file, again] = [at('start.safetensors'), at('again')];
    expect((await runMain('export', run, file)).code).toBe(0);
    // Steps too small to change anything that is read here.
    const options = ['--weights', file, '--steps', '2', '--optimizer', 'sgd:lr=1e-12', '--threads', '1'];
    const trained = await runMain('train', 'lenet', '--out', again, '--quiet', ...options);
    expect(trained.code).toBe(0);
    const scores = await Promise.all([run, again].map((path) => loadRun(path, { threads: 1 })));
    const [first, second] = scores.map(({ weights }) => weights.parameters);
    first.forEach(({ data }, index) => expectClose(second[index].data, data));
    expect((await runMain('train', 'cnn', '--weights', file, '--out', at('other'))).stderr).toContain(
      'does not hold the weights of this model; unexpected: ',
    );
  });

  test.each([
    [
      [run, 'model.pt'],
      'cannot tell what to write from the name model.pt; it must end in .onnx or .safetensors',
    ],
    [[at('nowhere'), 'model.onnx'], 'there is no run folder'],
    [[run, at('no', 'folder', 'model.onnx')], 'cannot write'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await runMain('export', ...args);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});

// Name another Python in SCREE_PYTHON.
const python = process.env.SCREE_PYTHON ?? 'python3';

function lacksPython(): boolean {
  try {
    execFileSync(python, ['-c', 'import onnx, onnxruntime'], { stdio: 'ignore' });
    return false;
  } catch {
    return true;
  }
}

test.skipIf(lacksPython())(
  "Python's checker accepts every model, and its ONNX Runtime predicts the same (needs onnx, onnxruntime)",
  () => {
    for (const [index, one] of cases.entries()) {
      const prepared = prepare(one);
      const x = examplesFor(prepared, 2);
      const [file, input] = [at(`${index}.onnx`), at(`${index}.bin`)];
      writeFileSync(file, exportOnnx(prepared));
      writeFileSync(input, new Uint8Array(x.data.buffer, x.data.byteOffset, x.data.byteLength));
      const output = execFileSync(
        python,
        [
          '-c',
          'import json, sys, numpy as np, onnx, onnxruntime\n' +
            'onnx.checker.check_model(onnx.load(sys.argv[1]), full_check=True)\n' +
            'x = np.fromfile(sys.argv[2], sys.argv[3]).reshape(json.loads(sys.argv[4]))\n' +
            "print(json.dumps(onnxruntime.InferenceSession(sys.argv[1]).run(['logits'], {'input': x})[0].ravel().tolist()))",
          file,
          input,
          x.dtype,
          JSON.stringify(x.shape),
        ],
        { encoding: 'utf8' },
      );
      expectClose(JSON.parse(output) as number[], expected(prepared, x).logits);
    }
  },
);
