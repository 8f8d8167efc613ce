import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { productFlops, workOf } from '../src/compile/work.js';
import { profileByOp } from '../src/compile/step-profile.js';
import type { Tensor } from '../src/graph/tensor.js';
import { conv, float32, softmax, trace } from '../src/ops/index.js';
import { grad } from '../src/transform/index.js';
import { runMain } from './support/run-main.js';
import { describeNative } from './native/support.js';

describe('work of a node', () => {
  const last = (f: (x: Tensor, y: Tensor) => Tensor, x: number[], y: number[]) => {
    const graph = trace(f, [float32(...x), float32(...y)]);
    return workOf(graph, graph.outputs[0]);
  };

  test('products count two a multiply-add, other ops one a number; bytes are what is read and written', () => {
    expect(last((x, y) => x.matmul(y), [5, 3], [3, 7])).toEqual({
      flop: 2 * 5 * 3 * 7,
      bytes: 4 * (15 + 21 + 35),
    });
    expect(last((x, y) => x.add(y), [4, 6], [6])).toEqual({ flop: 24, bytes: 4 * (24 + 6 + 24) });
    expect(last((x) => x.mul(x), [4, 6], [1])).toEqual({ flop: 24, bytes: 4 * (24 + 24) });
    expect(last((x) => x.sum({ axes: 1 }), [4, 6], [1])).toEqual({ flop: 24, bytes: 4 * (24 + 4) });
    expect(last((x) => x.reshape([24]), [4, 6], [1])).toEqual({ flop: 0, bytes: 0 });
  });

  test('convolutions count taps and channels', () => {
    const { flop } = last((x, w) => conv(x, w, { padding: 1, strides: 2 }), [2, 3, 8, 8], [5, 3, 3, 3]);
    expect(flop).toBe(2 * (2 * 5 * 4 * 4) * (3 * 3 * 3));
  });

  test('composites count as their parts', () => {
    // Maximum and sum fold 24 numbers each; difference, exponential and quotient make 24 each.
    expect(last((x) => softmax(x, 1), [4, 6], [1]).flop).toBe(5 * 24);
  });

  test('a gradient takes twice the products of its function', () => {
    const f = (x: Tensor, w: Tensor) => {
      const y = conv(x, w, { padding: 1 });
      return y.mul(y).sum();
    };
    const specs = [float32(2, 3, 8, 8), float32(5, 3, 3, 3)] as const;
    const forward = productFlops(trace(f, [...specs]));
    const gradients = (x: Tensor, w: Tensor) => [
      grad((a: Tensor) => f(a, w))(x),
      grad((v: Tensor) => f(x, v))(w),
    ];
    const both = productFlops(trace(gradients, [...specs]));
    // Forward twice, a gradient each.
    expect(both).toBe(4 * forward);
  });
});

test('rows of one op are taken together, the slowest first', () => {
  const row = { count: 1, gflop: 2, bytes: 8 };
  const nodes = [
    { ...row, op: 'conv', node: 1, implementation: 'Conv + Reorder', ms: 2 },
    { ...row, op: 'matmul', node: 2, implementation: 'Gemm', ms: 5 },
    { ...row, op: 'conv', node: 3, implementation: 'Winograd', ms: 4 },
  ];
  expect(profileByOp({ target: 'x', threads: 1, runs: 1, nodes })).toEqual([
    { op: 'conv', implementation: 'Winograd + Conv + Reorder', count: 2, gflop: 4, bytes: 16, ms: 6 },
    { op: 'matmul', implementation: 'Gemm', count: 1, gflop: 2, bytes: 8, ms: 5 },
  ]);
});

describe('scree explain', () => {
  const told = z.strictObject({
    model: z.literal('cnn'),
    input: z.array(z.int()),
    classes: z.literal(10),
    batch: z.literal(3),
    optimizer: z.string(),
    target: z.literal('onnx'),
    threads: z.literal(1),
    runs: z.literal(1),
    rows: z.array(
      z.object({
        op: z.string(),
        implementation: z.string().min(1),
        count: z.int().positive(),
        gflop: z.number().nonnegative(),
        bytes: z.number().nonnegative(),
        ms: z.number().nonnegative(),
      }),
    ),
  });
  const args = [
    'explain',
    'cnn',
    '--batch',
    '3',
    '--input',
    '1x8x8',
    '--threads',
    '1',
    '--runs',
    '1',
    '--engine',
    'onnx',
  ];

  test('prints a row for each op with its share', async () => {
    const { code, stdout } = await runMain(...args);
    expect(code).toBe(0);
    expect(stdout).toContain('cnn on [1,8,8], batch 3, sgd, onnx on 1 thread, mean of 1 steps');
    expect(stdout).toMatch(/op +count +GFLOP +bytes +ms +share +GFLOP\/s +run by/);
    expect(stdout).toMatch(/^total .* 100\.0%/m);
  });

  test('JSON counts the products of the step: forward, and two gradients but for the first layer', async () => {
    const { rows } = told.parse(JSON.parse((await runMain(...args, '--json')).stdout));
    const gflop = (op: string) => rows.find((row) => row.op === op)?.gflop ?? 0;
    const first = 8 * 8 * 32 * 9;
    const second = 4 * 4 * 64 * 32 * 9;
    expect(gflop('conv')).toBeCloseTo((2 * 3 * (first + second)) / 1e9, 12);
    expect(gflop('convWeightGradient')).toBeCloseTo((2 * 3 * (first + second)) / 1e9, 12);
    expect(gflop('convInputGradient')).toBeCloseTo((2 * 3 * second) / 1e9, 12);
    expect(gflop('matmul')).toBeCloseTo((2 * 3 * 3 * (256 * 128 + 128 * 10)) / 1e9, 12);
  });

  test('--all has a row for each node', async () => {
    const { rows } = told.parse(JSON.parse((await runMain(...args, '--all', '--json')).stdout));
    expect(rows.filter(({ op }) => op === 'conv')).toHaveLength(2);
    expect(rows.every(({ count }) => count === 1)).toBe(true);
  });

  test.each([
    [['lenett'], 'unknown model "lenett"; did you mean "lenet"?'],
    [['./no-such-model.ts'], 'a model of your own needs --input and --classes'],
    [['cnn', '--batch', '0'], '--batch must be a positive integer, not 0'],
    [['cnn', '--input', '1x-2'], '--input 1x-2 is no shape'],
    [['cnn', '--input', '1x2x2'], 'cnn'],
  ])('refuses %j', async (bad, message) => {
    const { code, stderr } = await runMain('explain', ...bad);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});

describeNative('scree explain on the native engine', () => {
  const args = ['explain', 'cnn', '--batch', '3', '--input', '1x8x8', '--threads', '1', '--runs', '1'];

  test('names the implementation of each step, and the memory that the plan takes', async () => {
    const { code, stdout } = await runMain(...args, '--engine', 'native', '--json');
    expect(code).toBe(0);
    const { target, memoryBytes, rows } = z
      .object({
        target: z.string(),
        memoryBytes: z.int(),
        rows: z.array(z.object({ op: z.string(), implementation: z.string().min(1), gflop: z.number() })),
      })
      .parse(JSON.parse(stdout));
    expect(target).toBe('native');
    // The cotangent of the first ReLU, 3 × 32 × 8 × 8 float32, and its mask are there at once.
    expect(memoryBytes).toBeGreaterThan(3 * 32 * 8 * 8 * 4);
    const convolution = rows.find(({ op }) => op === 'conv');
    expect(convolution?.implementation).toMatch(/^(jit|brg)/);
    expect(convolution?.gflop).toBeCloseTo((2 * 3 * (8 * 8 * 32 * 9 + 4 * 4 * 64 * 32 * 9)) / 1e9, 12);
  });

  test('prints them as a table', async () => {
    const { stdout } = await runMain(...args, '--engine', 'native');
    expect(stdout).toContain('native on 1 thread');
    expect(stdout).toMatch(/memory beside weights and batch: [\d.]+ [kM]B/);
  });
});
