import { describe, expect, test } from 'vitest';
import { compile } from '../compile/index.js';
import { verify, type NDArray, type Tensor } from '../graph/index.js';
import { Generator, uniform } from '../random/index.js';
import { grad, hvp, jvp, scan, vmap } from './index.js';

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
