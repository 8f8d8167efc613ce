import { describe, expect, test } from 'vitest';
import { compile } from '../compile/index.js';
import { ndarray, print, verify, zeros, type NDArray, type Tensor } from '../graph/index.js';
import { float32, float64, gather, trace } from '../ops/index.js';
import { Generator, uniform } from '../random/index.js';
import { grad, hvp, jvp, scan, simplify, valueAndGrad, vmap } from './index.js';

/** A network that remembers: the step, and the same loop written out. */
type Weights = { readonly w: Tensor; readonly u: Tensor };
const step = ({ w, u }: Weights, h: Tensor, x: Tensor) => x.matmul(w).add(h.matmul(u)).tanh();

function looped(weights: Weights, h: Tensor, xs: Tensor, reverse = false) {
  const run = scan(
    (state: { h: Tensor; count: Tensor }, x: Tensor) => {
      const next = step(weights, state.h, x);
      return { carry: { h: next, count: state.count.add(1) }, y: { next, twice: next.mul(state.h) } };
    },
    { h, count: h.sum().mul(0).cast('int32') },
    xs,
    { reverse },
  );
  return [run.carry.h, run.carry.count, run.ys.next, run.ys.twice];
}

function unrolled(weights: Weights, h: Tensor, xs: Tensor, reverse = false) {
  const [length, ...rest] = xs.shape;
  const order = Array.from({ length }, (_, k) => (reverse ? length - 1 - k : k));
  const rows: { next: Tensor; twice: Tensor }[] = [];
  let state = h;
  for (const k of order) {
    const x = xs.slice([k, ...rest.map(() => 0)], [k + 1, ...rest]).reshape(rest);
    const next = step(weights, state, x);
    rows[k] = { next, twice: next.mul(state) };
    state = next;
  }
  const stacked = (pick: (row: { next: Tensor; twice: Tensor }) => Tensor) =>
    rows.map((row) => pick(row).reshape([1, ...state.shape])).reduce((all, row) => all.concat(row, 0));
  const count = h.sum().mul(0).add(length).cast('int32');
  return [state, count, stacked((row) => row.next), stacked((row) => row.twice)];
}

const draw = (name: string, ...shape: number[]): NDArray =>
  uniform(new Generator(5).fork(name), shape, { low: -1, high: 1, dtype: 'float64' });

/** The same sums in another order. */
function expectClose(actual: NDArray, expected: NDArray): void {
  expect(actual.shape).toEqual(expected.shape);
  expect(actual.dtype).toEqual(expected.dtype);
  actual.data.forEach((value, i) => expect(Math.abs(value - expected.data[i])).toBeLessThan(1e-12));
}

// Arrays small enough for variables of the generated code, and some that are not.
const sizes = [
  { length: 5, batch: 2, inputs: 3, hidden: 2 },
  { length: 4, batch: 3, inputs: 5, hidden: 7 },
  { length: 1, batch: 2, inputs: 3, hidden: 4 },
];
type Args = [Weights, Tensor, Tensor];

describe.each(sizes)('a loop of $length steps, $batch × $hidden', ({ length, batch, inputs, hidden }) => {
  const args: [{ w: NDArray; u: NDArray }, NDArray, NDArray] = [
    { w: draw('w', inputs, hidden), u: draw('u', hidden, hidden) },
    draw('h', batch, hidden),
    draw('xs', length, batch, inputs),
  ];
  const expectBoth = (f: (loop: typeof looped) => (...all: Args) => Tensor[]): void => {
    const program = compile(f(looped), args);
    verify(program.executable.graph);
    const actual = program.run(...args);
    const expected = compile(f(unrolled), args).run(...args);
    actual.forEach((value, k) => expectClose(value, expected[k]));
  };
  const loss =
    (loop: typeof looped) =>
    (...all: Args): Tensor => {
      const [last, , next, twice] = loop(...all);
      return last.square().sum().add(next.exp().sum()).add(twice.square().sum());
    };

  test('forwards and backwards', () => {
    expectBoth(
      (loop) =>
        (...all) =>
          loop(...all),
    );
    expectBoth(
      (loop) =>
        (...all) =>
          loop(...all, true),
    );
  });

  test('first derivatives', () => {
    expectBoth((loop) => (weights, h, xs) => {
      const { w, u } = grad(loss(loop))(weights, h, xs);
      return [
        w,
        u,
        grad(loss(loop), { argument: 1 })(weights, h, xs),
        grad(loss(loop), { argument: 2 })(weights, h, xs),
      ];
    });
    expectBoth((loop) => (weights, h, xs) => {
      const tangents: Args = [
        { w: weights.u.sum().mul(weights.w), u: weights.u.mul(2) },
        h.square(),
        xs.cos(),
      ];
      const { tangent } = jvp<Args, Tensor[]>(
        (...all) => {
          const [last, , next, twice] = loop(...all);
          return [last, next, twice];
        },
        [weights, h, xs],
        tangents,
      );
      return tangent;
    });
  });

  test('second derivatives', () => {
    expectBoth((loop) => (weights, h, xs) => {
      const along = hvp((tree: { weights: Weights; h: Tensor; xs: Tensor }) =>
        loss(loop)(tree.weights, tree.h, tree.xs),
      );
      const point = { weights, h, xs };
      const product = along(point, { weights: { w: weights.w.cos(), u: weights.u.sin() }, h: h.exp(), xs });
      return [product.weights.w, product.weights.u, product.h, product.xs];
    });
    // Reverse over reverse.
    expectBoth((loop) => (weights, h, xs) => {
      const squares = (own: Weights) => {
        const { w, u } = grad(loss(loop))(own, h, xs);
        return w.square().sum().add(u.square().sum());
      };
      const { w, u } = grad(squares)(weights);
      return [w, u];
    });
  });

  test('vmap over every argument, or some', () => {
    expectBoth(
      (loop) => (weights, h, xs) =>
        vmap((v: Tensor, y: Tensor) => loop(weights, v, y))(
          h.reshape([batch, 1, hidden]),
          xs.transpose([1, 0, 2]).reshape([batch, length, 1, inputs]),
        ),
    );
    expectBoth((loop) => (weights, h, xs) => {
      const gradient = (u: Tensor) => grad((own: Tensor) => loss(loop)({ ...weights, u: own }, h, xs))(u);
      const rows = weights.u.reshape([hidden, hidden, 1]);
      return [vmap(gradient)(weights.u.reshape([1, hidden, hidden]).mul(rows))];
    });
  });
});

describe('on ONNX Runtime', () => {
  test.each([false, true])(
    'value, gradients and second derivatives as on JavaScript, reverse %s',
    async (reverse) => {
      const args: [{ w: NDArray; u: NDArray }, NDArray, NDArray] = [
        { w: draw('w', 3, 4), u: draw('u', 4, 4) },
        draw('h', 2, 4),
        draw('xs', 6, 2, 3),
      ];
      const f = (weights: Weights, h: Tensor, xs: Tensor) => {
        const loss = (own: Weights) => {
          const [last, , next, twice] = looped(own, h, xs, reverse);
          return last.square().sum().add(next.mul(twice).sum());
        };
        const { value, gradient } = valueAndGrad(loss)(weights);
        const product = hvp(loss)(weights, { w: weights.w.sin(), u: weights.u.cos() });
        return [...looped(weights, h, xs, reverse), value, gradient.w, gradient.u, product.w, product.u];
      };
      const expected = compile(f, args).run(...args);
      const program = await compile(f, args, { target: 'onnx', threads: 1 });
      (await program.run(...args)).forEach((value, k) => expectClose(value, expected[k]));
      program.close();
    },
  );

  test('a loop in a loop, with indices that are checked there', async () => {
    const f = (table: Tensor, rows: Tensor) =>
      scan(
        (total: Tensor, row: Tensor) => {
          const inner = scan(
            (sum: Tensor, index: Tensor) => ({ carry: sum.add(gather(table, index)), y: [] }),
            total,
            row,
          );
          return { carry: inner.carry, y: inner.carry };
        },
        table.slice([0], [1]).reshape([]).mul(0),
        rows,
      ).ys;
    const table = ndarray([1, 10, 100]);
    const rows = ndarray(Int32Array.of(0, 1, 2, 2), [2, 2]);
    const here = compile(f, [table, rows]);
    const native = await compile(f, [table, rows], { target: 'onnx', threads: 1 });
    try {
      expect(Array.from(here.run(table, rows).data)).toEqual([11, 211]);
      expect(Array.from((await native.run(table, rows)).data)).toEqual([11, 211]);
      for (const bad of [3, -1]) {
        const wrong = ndarray(Int32Array.of(0, bad, 2, 2), [2, 2]);
        expect(() => here.run(table, wrong)).toThrow(`gather: index ${bad} at place 0 is outside 0 to 2`);
        await expect(native.run(table, wrong)).rejects.toThrow(/ind/i);
      }
    } finally {
      native.close();
    }
  });
});

describe('the graph of a loop', () => {
  const running = (start: Tensor, xs: Tensor) =>
    scan((total: Tensor, x: Tensor) => ({ carry: total.mul(x), y: total }), start, xs, { reverse: true });

  test('prints its body', () => {
    const graph = simplify(
      trace((start: Tensor, xs: Tensor) => running(start, xs).carry, [float64(), float64(3)]),
    );
    expect(print(graph)).toMatchInlineSnapshot(`
      "(%0: float64[], %1: float64[3]) → %3
        %2: float64[1] = scan %0 %1 {length=3 reverse=true carries=1 sequences=1 saved=-1}
          (%0: float64[], %1: float64[]) → %2
            %2: float64[] = mul %0 %1
        %3: float64[] = member %2 {shapes=[[]] dtypes="float64" lead=0 index=0}"
    `);
  });

  test('computes what does not change from step to step once, before it', () => {
    const f = (w: Tensor, xs: Tensor) =>
      scan((h: Tensor, x: Tensor) => ({ carry: h.mul(w.exp()).add(x), y: [] }), w, xs).carry;
    const graph = simplify(trace(f, [float64(), float64(9)]));
    expect(print(graph).match(/exp/g)).toHaveLength(1);
    expect(print(graph)).toContain('  %2: float64[] = exp %0');
  });

  test('keeps nothing that nobody reads', () => {
    const types = [float64(), float64(3)] as const;
    const value = trace((start: Tensor, xs: Tensor) => running(start, xs).carry, [...types]);
    const loop = simplify(value).nodes.find(({ op }) => op.name === 'scan');
    expect(loop?.shape).toEqual([1]);
    // The value and its gradient share one loop; the gradient has another.
    const both = trace(
      (start: Tensor, xs: Tensor) => [
        running(start, xs).carry,
        grad((s: Tensor) => running(s, xs).carry)(start),
      ],
      [...types],
    );
    expect(simplify(both).nodes.filter(({ op }) => op.name === 'scan')).toHaveLength(2);
  });

  test('runs without allocating', () => {
    const program = compile(running, [float64(), float64(1e5)]);
    const { executable } = program;
    const outputs = [zeros([], 'float64'), zeros([1e5], 'float64')];
    const inputs = [ndarray(1), ndarray(new Float64Array(1e5).fill(1))];
    const before = process.memoryUsage().heapUsed;
    for (let k = 0; k < 20; k++) executable.run(inputs, outputs);
    // Two million steps; one small object for each would be 32 MB.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(16e6);
    expect(outputs[0].data[0]).toBe(1);
  });
});

describe('edges', () => {
  test('no steps: the carry as it was, and nothing kept', async () => {
    const f = (h: Tensor, xs: Tensor) => {
      const loss = (c: Tensor) => {
        const { carry, ys } = scan((a: Tensor, x: Tensor) => ({ carry: a.mul(x), y: a.add(x) }), c, xs);
        return { carry, ys };
      };
      return [loss(h).carry, loss(h).ys, grad((c: Tensor) => loss(c).carry.sum().add(loss(c).ys.sum()))(h)];
    };
    const empty = ndarray(new Float64Array(0), [0, 2]);
    const here = compile(f, [float64(2), empty]).run([3, 4], empty);
    const native = await compile(f, [float64(2), empty], { target: 'onnx' });
    for (const [carry, ys, gradient] of [here, await native.run([3, 4], empty)]) {
      expect(Array.from(carry.data)).toEqual([3, 4]);
      expect(ys.shape).toEqual([0, 2]);
      expect(Array.from(gradient.data)).toEqual([1, 1]);
    }
    native.close();
  });

  test('no sequences, element types of their own, no carry', () => {
    const fibonacci = compile(
      (a: Tensor, b: Tensor) =>
        scan(
          ({ x, y }: { x: Tensor; y: Tensor }) => ({
            carry: { x: y, y: x.add(y) },
            y: x.remainder(2).equal(0),
          }),
          { x: a, y: b },
          [],
          { length: 10 },
        ),
      [float32(), float32()],
    );
    const { carry, ys } = fibonacci.run(0, 1);
    expect([carry.x.data[0], carry.y.data[0], carry.x.dtype]).toEqual([55, 89, 'float32']);
    expect([ys.dtype, Array.from(ys.data)]).toEqual(['bool', [1, 0, 0, 1, 0, 0, 1, 0, 0, 1]]);
    const mapped = compile(
      (xs: Tensor) => scan((none: readonly [], x: Tensor) => ({ carry: none, y: x.square() }), [], xs).ys,
      [float64(3)],
    );
    expect(Array.from(mapped.run([1, 2, 3]).data)).toEqual([1, 4, 9]);
  });

  test.each<[string, (x: Tensor) => unknown, string]>([
    [
      'a carry of another type',
      (x) => scan((c: Tensor) => ({ carry: c.cast('float32'), y: [] }), x, x),
      'the carry is float64[3] before a step and float32[3] after it',
    ],
    [
      'a carry of another shape',
      (x) => scan((c: { h: Tensor }) => ({ carry: { h: c.h.sum() }, y: [] }), { h: x }, x),
      "carry 'h' is float64[3] before a step and float64[] after it",
    ],
    [
      'sequences of two lengths',
      (x) => scan((c: Tensor) => ({ carry: c, y: [] }), x, { a: x, b: x.reshape([1, 3]) }),
      "sequence 'b' is [1,3]; its first axis must have 3 elements",
    ],
    [
      'no length',
      (x) => scan((c: Tensor) => ({ carry: c, y: [] }), x, []),
      'length undefined must be an integer from 0 on',
    ],
    [
      'nothing to do',
      (x) => scan(() => ({ carry: [], y: [] }), [], x),
      'the step neither carries nor keeps anything',
    ],
  ])('%s is refused', (_what, f, message) => {
    expect(() => trace((x: Tensor) => [x, f(x)] as Tensor[], [float64(3)])).toThrow(`scan: ${message}`);
  });

  test('a tensor of a step that leaves it is refused', () => {
    let escaped: Tensor | undefined;
    const f = (x: Tensor) => {
      scan(
        (c: Tensor, e: Tensor) => {
          escaped = c.mul(e);
          return { carry: escaped, y: [] };
        },
        x.sum(),
        x,
      );
      return escaped?.add(1) ?? x;
    };
    expect(() => trace(f, [float64(3)])).toThrow('belongs to another trace');
  });
});
