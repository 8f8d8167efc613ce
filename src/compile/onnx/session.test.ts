import { describe, expect, test } from 'vitest';
import { ndarray, zeros, type NDArray } from '../../graph/ndarray.js';
import { encodeModel, type OnnxGraph, type OnnxNode, type ValueInfo } from './encode.js';
import { profileModel } from './profile-node.js';
import type { Backend } from './backend.js';
import { createSession, sessionOver } from './session.js';

const float = (name: string, shape: number[]): ValueInfo => ({ name, dtype: 'float32', shape });

function model(
  inputs: ValueInfo[],
  outputs: ValueInfo[],
  nodes: OnnxNode[],
  initializers: OnnxGraph['initializers'] = [],
): Uint8Array {
  return encodeModel({ graph: { name: 'test', inputs, outputs, initializers, nodes } });
}

const matmul = model(
  [float('x', [2, 3]), float('w', [3, 4])],
  [float('y', [2, 4])],
  [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }],
);
const x = ndarray(
  [
    [1, 2, 3],
    [4, 5, 6],
  ],
  undefined,
  'float32',
);
const w = ndarray(
  Float32Array.from({ length: 12 }, (_, i) => i),
  [3, 4],
);
// By hand: x·w.
const product = [32, 38, 44, 50, 68, 83, 98, 113];

function pause(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}

describe.each(['c', 'binding'] as const)('a session via %s', (via) => {
  const open = (bytes: Uint8Array, threads = 1) => createSession(bytes, { threads, via });

  test('tells its inputs and outputs and writes in place', async () => {
    const session = await open(matmul);
    expect(session.inputs).toEqual([float('x', [2, 3]), float('w', [3, 4])]);
    expect(session.outputs).toEqual([float('y', [2, 4])]);
    const y = zeros([2, 4]);
    await session.run([x, w], [y]);
    expect([...y.data]).toEqual(product);
    session.close();
  });

  test('every element type, a scalar, an empty array, int64 and int, float, string attributes', async () => {
    const double: ValueInfo = { name: 'd', dtype: 'float64', shape: [] };
    const session = await open(
      model(
        [
          double,
          { name: 'i', dtype: 'int32', shape: [3] },
          { name: 'b', dtype: 'bool', shape: [3] },
          float('e', [0, 2]),
        ],
        [
          { ...double, name: 'd2' },
          { name: 'i2', dtype: 'int32', shape: [3] },
          { name: 'b2', dtype: 'bool', shape: [3] },
          float('e2', [0, 2]),
          float('q', [1, 2]),
          float('g', [1, 1]),
        ],
        [
          { op: 'Add', inputs: ['d', 'd'], outputs: ['d2'] },
          { op: 'Neg', inputs: ['i'], outputs: ['i2'] },
          { op: 'Not', inputs: ['b'], outputs: ['b2'] },
          { op: 'Neg', inputs: ['e'], outputs: ['e2'] },
          { op: 'Reshape', inputs: ['p', 'to'], outputs: ['q'] },
          {
            op: 'Gemm',
            inputs: ['p', 'p'],
            outputs: ['g0'],
            attributes: { alpha: { float: 0.5 }, transB: { int: 0 }, transA: { int: 1 } },
          },
          { op: 'ReduceSum', inputs: ['g0', 'axes'], outputs: ['g'], attributes: { keepdims: { int: 1 } } },
        ],
        [
          { name: 'p', array: ndarray([[1], [3]], undefined, 'float32') },
          { name: 'to', array: { int64: [1, -1], shape: [2] } },
          { name: 'axes', array: { int64: [0, 1], shape: [2] } },
        ],
      ),
    );
    const outputs = session.outputs.map(({ dtype, shape }) => zeros(shape, dtype));
    const bool = ndarray(Uint8Array.of(1, 0, 1));
    await session.run([ndarray(1.25), ndarray(Int32Array.of(1, -2, 3)), bool, zeros([0, 2])], outputs);
    expect(outputs.map(({ data }) => [...data])).toEqual([[2.5], [-1, 2, -3], [0, 1, 0], [], [1, 3], [5]]);
    session.close();
  });

  test('buffers may change from run to run, also views at odd places and shared memory', async () => {
    const session = await open(matmul);
    for (let round = 0; round < 5; round++) {
      const memory = round % 2 === 0 ? new ArrayBuffer(400) : new SharedArrayBuffer(400);
      const x2 = ndarray(new Float32Array(memory, 4 + 4 * round, 6), [2, 3]);
      x2.data.set(x.data.map((value) => value * round));
      const y = ndarray(new Float32Array(memory, 200, 8), [2, 4]);
      await session.run([x2, w], [y]);
      expect([...y.data]).toEqual(product.map((value) => value * round));
      expect(new Float32Array(memory)[49]).toBe(0);
      expect(new Float32Array(memory)[58]).toBe(0);
    }
    session.close();
  });

  test('refuses arrays that do not fit, before the runtime sees them', async () => {
    const session = await open(matmul);
    const y = zeros([2, 4]);
    const expectRefused = async (inputs: NDArray[], outputs: NDArray[], message: string) => {
      await expect(session.run(inputs, outputs)).rejects.toThrow(message);
    };
    await expectRefused([x], [y], 'the model has 2 inputs, not 1');
    await expectRefused([x, w], [], 'the model has 1 outputs, not 0');
    await expectRefused([w, x], [y], 'input x is float32 [3,4]; the model wants float32 [2,3]');
    await expectRefused([ndarray(new Float64Array(6), [2, 3]), w], [y], 'input x is float64 [2,3]');
    await expectRefused([x, w], [zeros([4, 2])], 'output y is float32 [4,2]; the model wants float32 [2,4]');
    // Arrays that lie about themselves.
    await expectRefused([{ ...x, data: new Float32Array(5) }, w], [y], 'holds 5 elements, not 6');
    await expectRefused([{ ...x, data: new Float64Array(6) }, w], [y], 'input x is float64');
    session.close();
  });

  test('refuses outputs that share memory with an input or another output', async () => {
    const session = await open(
      model(
        [float('a', [4]), float('b', [4])],
        [float('c', [4]), float('d', [4])],
        [
          { op: 'Add', inputs: ['a', 'b'], outputs: ['c'] },
          { op: 'Sub', inputs: ['a', 'b'], outputs: ['d'] },
        ],
      ),
    );
    const memory = new ArrayBuffer(100);
    const at = (element: number) => ndarray(new Float32Array(memory, 4 * element, 4));
    const shares = /shares memory/;
    await expect(session.run([at(0), at(4)], [at(8), at(11)])).rejects.toThrow(shares);
    await expect(session.run([at(0), at(4)], [at(7), at(12)])).rejects.toThrow(shares);
    await expect(session.run([at(0), at(15)], [at(8), at(12)])).rejects.toThrow(shares);
    await session.run([at(4), at(4)], [at(0), at(8)]);
    session.close();
  });

  test('a closed or busy session says so; closing while busy finishes the run', async () => {
    const session = await open(matmul);
    const y = zeros([2, 4]);
    const first = session.run([x, w], [y]);
    await expect(session.run([x, w], [zeros([2, 4])])).rejects.toThrow('still running');
    session.close();
    session.close();
    await first;
    expect([...y.data]).toEqual(product);
    await expect(session.run([x, w], [y])).rejects.toThrow('closed');
  });

  test('what the runtime refuses becomes a ScreeError that names the node', async () => {
    await expect(open(new Uint8Array(5))).rejects.toThrow(/^createSession: .*protobuf parsing failed/);
    const unknown = model(
      [float('x', [1])],
      [float('y', [1])],
      [{ op: 'NoSuchOp', inputs: ['x'], outputs: ['y'] }],
    );
    await expect(open(unknown)).rejects.toMatchObject({
      name: 'ScreeError',
      message: expect.stringContaining('NoSuchOp'),
    });
    const gather = await open(
      model(
        [float('x', [2]), { name: 'i', dtype: 'int32', shape: [1] }],
        [float('y', [1])],
        [{ op: 'Gather', name: 'pick', inputs: ['x', 'i'], outputs: ['y'] }],
      ),
    );
    const run = gather.run([zeros([2]), ndarray(Int32Array.of(7))], [zeros([1])]);
    await expect(run).rejects.toMatchObject({
      name: 'ScreeError',
      message: expect.stringMatching(/^Session\.run: .*pick.*idx=7/),
    });
    // The session lives on.
    const y = zeros([1]);
    await gather.run([ndarray(Float32Array.of(5, 6)), ndarray(Int32Array.of(1))], [y]);
    expect(y.data[0]).toBe(6);
    gather.close();
  });

  test('inputs of a foreign type or an open shape are refused at loading', async () => {
    const long = model(
      [{ name: 'n', dtype: 'int64', shape: [1] }],
      [{ name: 'm', dtype: 'int64', shape: [1] }],
      [{ op: 'Neg', inputs: ['n'], outputs: ['m'] }],
    );
    await expect(open(long)).rejects.toThrow(
      'createSession: n must be a tensor of float64, float32, int32 or bool',
    );
    await expect(open(matmul, 0)).rejects.toThrow('threads is 0; it must be a positive integer');
    await expect(open(matmul, 1.5)).rejects.toThrow('threads is 1.5');
  });

  test('equal constants are not merged, so an operation that overwrites one leaves the other', async () => {
    // Two batch normalisations in training mode whose running means start out as equal constants and are written back.
    const norm = (input: string, suffix: string): OnnxNode => ({
      op: 'BatchNormalization',
      inputs: [input, 'one', 'zero', `mean${suffix}`, `var${suffix}`],
      outputs: [`y${suffix}`, `newMean${suffix}`, `newVar${suffix}`],
      attributes: { training_mode: { int: 1 }, momentum: { float: 0.5 } },
    });
    const constant = (name: string, value: number) => ({ name, array: ndarray(Float32Array.of(value)) });
    const session = await open(
      model(
        [float('a', [2, 1]), float('b', [2, 1])],
        [float('newMeanA', [1]), float('newMeanB', [1])],
        [norm('a', 'A'), norm('b', 'B')],
        [
          constant('one', 1),
          constant('zero', 0),
          constant('meanA', 0),
          constant('varA', 1),
          constant('meanB', 0),
          constant('varB', 1),
        ],
      ),
    );
    const means = [zeros([1]), zeros([1])];
    await session.run(
      [ndarray([[1], [3]], undefined, 'float32'), ndarray([[10], [30]], undefined, 'float32')],
      means,
    );
    // momentum · 0 + (1 − momentum) · batch mean
    expect(means.map(({ data }) => data[0])).toEqual([1, 10]);
    session.close();
  });

  test('sessions with different counts of threads work at once and agree', async () => {
    const n = 96;
    const bytes = model(
      [float('x', [n, n]), float('w', [n, n])],
      [float('y', [n, n])],
      [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }],
    );
    const one = await open(bytes, 1);
    const two = await open(bytes, 2);
    const a = ndarray(
      Float32Array.from({ length: n * n }, (_, i) => (i % 7) - 3),
      [n, n],
    );
    const results = [zeros([n, n]), zeros([n, n])];
    await Promise.all([one.run([a, a], [results[0]]), two.run([a, a], [results[1]])]);
    // Small integers: sums are exact in every order.
    expect(results[1].data).toEqual(results[0].data);
    let expected = 0;
    for (let k = 0; k < n; k++) expected += a.data[n + k] * a.data[k * n + 2];
    expect(results[0].data[n + 2]).toBe(expected);
    one.close();
    two.close();
  });

  test('thousands of runs over fresh arrays keep memory level', async () => {
    const n = 64 * 1024;
    const session = await open(
      model([float('x', [n])], [float('y', [n])], [{ op: 'Neg', inputs: ['x'], outputs: ['y'] }]),
    );
    const round = async (runs: number) => {
      for (let run = 0; run < runs; run++) {
        await session.run([zeros([n])], [zeros([n])]);
        if (run % 500 === 0) await pause();
      }
    };
    await round(1000);
    const before = process.memoryUsage().rss;
    await round(3000);
    // Keeping every array (256 KiB each) is 1.5 GB, a copy of one a run half of it. The rest is the garbage collector's slack.
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
    session.close();
  }, 20_000);

  test('sessions opened and closed many times keep memory level', async () => {
    const weights = ndarray(new Float32Array(1 << 20), [1 << 20]);
    const bytes = model(
      [float('x', [1])],
      [float('y', [1 << 20])],
      [{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }],
      [{ name: 'w', array: weights }],
    );
    const round = async (times: number) => {
      for (let time = 0; time < times; time++) {
        const session = await open(bytes);
        session.close();
        await pause();
      }
    };
    await round(5);
    const before = process.memoryUsage().rss;
    await round(40);
    // Each session holds 4 MB.
    expect(process.memoryUsage().rss - before).toBeLessThan(60e6);
  });

  test('a profile names each node that ran', async () => {
    const bytes = model(
      [float('x', [64, 64])],
      [float('y', [64, 64])],
      [
        { op: 'MatMul', name: 'square', inputs: ['x', 'x'], outputs: ['s'] },
        { op: 'Sin', name: 'wave', inputs: ['s'], outputs: ['y'] },
      ],
    );
    const rows = await profileModel(bytes, [zeros([64, 64])], [zeros([64, 64])], {
      threads: 1,
      runs: 4,
      via,
    });
    expect(rows.map(({ name, op }) => `${name} ${op}`).sort()).toEqual(['square MatMul', 'wave Sin']);
    for (const { ms } of rows) expect(ms).toBeGreaterThan(0);
    expect(rows[0].ms).toBeGreaterThanOrEqual(rows[1].ms);
  });
});

test('via the C API the event loop turns while the model runs', async () => {
  const n = 700;
  const session = await createSession(
    model(
      [float('x', [n, n])],
      [float('y', [n, n])],
      Array.from({ length: 8 }, (_, i) => ({
        op: 'MatMul',
        inputs: [i === 0 ? 'x' : `h${i}`, 'x'],
        outputs: [i === 7 ? 'y' : `h${i + 1}`],
      })),
    ),
    { threads: 1, via: 'c' },
  );
  let turns = 0;
  let done = false;
  const run = session.run([zeros([n, n])], [zeros([n, n])]).then(() => (done = true));
  while (!done && turns < 3) {
    await pause();
    turns++;
  }
  await run;
  expect(turns).toBe(3);
  session.close();
});

test('the environment can force a way, and a wrong value is named', async () => {
  process.env.SCREE_ONNX_VIA = 'python';
  try {
    await expect(createSession(matmul, { threads: 1 })).rejects.toThrow(
      'SCREE_ONNX_VIA is python; it must be c or binding',
    );
  } finally {
    delete process.env.SCREE_ONNX_VIA;
  }
});

test('a failure of the backend frees the session for another run', async () => {
  let calls = 0;
  const backend: Backend = {
    inputs: [],
    outputs: [],
    run: () => (calls++ === 0 ? Promise.reject(new Error('boom')) : Promise.resolve()),
    release: () => undefined,
  };
  const session = sessionOver(backend);
  await expect(session.run([], [])).rejects.toThrow('boom');
  await session.run([], []);
  expect(calls).toBe(2);
});
