import { describe, expect, test } from 'vitest';
import { compile } from '../compile/index.js';
import { ndarray } from '../graph/ndarray.js';
import type { Tensor } from '../graph/tensor.js';
import { float64, matmul, trace } from '../ops/index.js';
import { Generator } from '../random/index.js';
import {
  checkpoint,
  grad,
  hessian,
  hvp,
  jet,
  jvp,
  scan,
  simplify,
  valueAndGradWithAux,
  vmap,
} from './index.js';

const random = new Generator(3);
const numbers = (...shape: number[]) =>
  ndarray(
    Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 2 * random.uniform() - 1),
    shape,
  );

type Weights = { readonly a: Tensor; readonly b: Tensor };
const layer = (w: Tensor, x: Tensor) => matmul(x, w).tanh().mul(x.sin());
const plain = ({ a, b }: Weights, x: Tensor) => layer(b, layer(a, x)).square().mean();
const kept = ({ a, b }: Weights, x: Tensor) => {
  // One is given its weights, the other sees them from outside.
  const first = checkpoint(layer)(a, x);
  return checkpoint((y: Tensor) => layer(b, y))(first)
    .square()
    .mean();
};
type Loss = typeof plain;
const square = float64(4, 4);
const specs: [{ a: typeof square; b: typeof square }, ReturnType<typeof float64>] = [
  { a: square, b: square },
  float64(3, 4),
];
const weights = { a: numbers(4, 4), b: numbers(4, 4) };
const x = numbers(3, 4);
const times = (f: Loss, name: string) =>
  simplify(trace(grad<[Weights, Tensor]>(f), specs)).nodes.filter(({ op }) => op.name === name).length;

/** A function of the loss, without and with checkpoints. */
const both = (of: (f: Loss) => (w: Weights, x: Tensor) => Tensor | Weights) =>
  [plain, kept].map((f) => compile(of(f), specs).run(weights, x));

describe('checkpoint', () => {
  test('computes inside again for the gradient, and once where there is none', () => {
    expect(times(plain, 'tanh')).toBe(2);
    expect(times(kept, 'tanh')).toBe(4);
    const forward = simplify(trace(kept, specs)).nodes.map(({ op }) => op.name);
    expect(forward).toEqual(simplify(trace(plain, specs)).nodes.map(({ op }) => op.name));
  });

  test('changes no bit of values, gradients and derivatives along a line', () => {
    for (const [expected, actual] of [
      both((f) => f),
      both((f) => grad<[Weights, Tensor]>(f)),
      both((f) => (w, y) => jvp<[Tensor], Tensor>((z) => f(w, z), [y], [y.cos()]).tangent),
    ]) {
      expect(actual).toEqual(expected);
    }
  });

  test('composes with itself, with second derivatives and with vmap', () => {
    const along = (f: Loss) => (w: Weights, y: Tensor) => hvp<Tensor>((z) => f(w, z))(y, y.cos());
    const close = (of: (f: Loss) => (w: Weights, x: Tensor) => Tensor) => {
      const [expected, actual] = [plain, kept].map((f) => compile(of(f), specs).run(weights, x).data);
      expect(Math.hypot(...expected)).toBeGreaterThan(1e-3);
      // Sums of tangents may be formed in another order.
      expected.forEach((value, k) => expect(actual[k]).toBeCloseTo(value, 14));
    };
    close(along);
    close((f) => (w, y) => hessian((z) => f({ ...w, a: z.reshape([4, 4]) }, y))(w.a.reshape([16])));
    close(
      (f) => (w, y) =>
        grad((z: Tensor) =>
          grad<[Tensor]>((u) => f(w, u))(z)
            .square()
            .sum(),
        )(y),
    );
    close((f) => (w, y) => vmap(grad<[Tensor]>((row) => f(w, row.reshape([1, 4]))))(y));
    close((f) => (w, y) => grad((z: Tensor) => vmap((row: Tensor) => f(w, row.reshape([1, 4])))(z).sum())(y));
    // Each example has a gradient by the weights of its own.
    close(
      (f) => (w, y) =>
        vmap((row: Tensor) => grad<[Tensor]>((v) => f({ ...w, a: v }, row.reshape([1, 4])))(w.a))(y),
    );
    close((f) => (w, y) => grad(checkpoint((z: Tensor) => f(w, z).exp()))(y));
  });

  test('composes with loops, around and inside', () => {
    const run = (step: (c: Tensor, row: Tensor) => Tensor, wrap: (f: typeof walk) => typeof walk) => {
      const walk = (w: Tensor, rows: Tensor) =>
        scan(
          (carry: Tensor, row: Tensor) => ({ carry: step(matmul(carry, w), row), y: [] }),
          rows.sum({ axes: 0 }),
          rows,
        )
          .carry.square()
          .sum();
      return compile(grad(wrap(walk)), [float64(4, 4), float64(3, 4)]).run(weights.a, x).data;
    };
    const walk = (w: Tensor, _rows: Tensor) => w;
    const step = (c: Tensor, row: Tensor) => c.mul(row).sin().add(c);
    const expected = run(step, (f) => f);
    expect(run(checkpoint(step), (f) => f)).toEqual(expected);
    expect(run(step, (f) => checkpoint(f))).toEqual(expected);
  });

  test('gives trees, and passes on what has no derivative', () => {
    const f = checkpoint((p: { u: Tensor }) => ({ y: p.u.square(), large: p.u.greater(1) }));
    const g = valueAndGradWithAux((p: { u: Tensor }) => {
      const { y, large } = f(p);
      return { value: y.sum(), aux: { large } };
    });
    const { aux, gradient } = compile(g, [{ u: float64(2) }]).run({ u: [1, 3] });
    expect([...aux.large.data]).toEqual([0, 1]);
    expect([...gradient.u.data]).toEqual([2, 6]);
  });

  test('is seen through by Taylor series', () => {
    const f = (z: Tensor) => z.sin().exp().sum();
    const series = (g: typeof f) => jet(g)([0.3, 1], [[1, 2]], { order: 4 });
    expect(series(checkpoint(f))).toEqual(series(f));
  });
});
