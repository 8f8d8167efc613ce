import { describe, expect, test } from 'vitest';
import { compile } from '../compile/index.js';
import { ndarray, print, ScreeError, verify, type Op, type Tensor } from '../graph/index.js';
import { conv, float32, float64, int32, maxPool, softmax, trace } from '../ops/index.js';
import {
  expandComposites,
  grad,
  hessian,
  hvp,
  jvp,
  simplify,
  valueAndGrad,
  valueAndGradWithAux,
  vjp,
  vmap,
} from './index.js';

const saddle = (x: Tensor, y: Tensor) => x.mul(x).sub(x.mul(y));
const cube = (x: Tensor) => x.mul(x).mul(x);

describe('trace and print', () => {
  test('a graph is short text', () => {
    expect(print(verify(trace(saddle, [float64(), float64()])))).toMatchInlineSnapshot(`
      "(%0: float64[], %1: float64[]) → %4
        %2: float64[] = mul %0 %0
        %3: float64[] = mul %0 %1
        %4: float64[] = sub %2 %3"
    `);
  });

  test('trees of tensors, broadcasting and constants', () => {
    const f = (p: { w: Tensor; b: Tensor }, x: Tensor) => x.matmul(p.w).add(p.b).mul(2).sum({ axes: 1 });
    const graph = trace(f, [{ w: float32(3, 2), b: float32(2) }, float32(4, 3)]);
    expect(print(verify(graph))).toMatchInlineSnapshot(`
      "(%0: float32[3,2], %1: float32[2], %2: float32[4,3]) → %6
        %3: float32[4,2] = matmul %2 %0
        %4: float32[4,2] = add %3 %1
        %5: float32[4,2] = mul %4 2
        %6: float32[4] = sum %5 {axes=[1] keepDims=false}"
    `);
  });

  test('using a tensor as a number says what to write instead', () => {
    const wrong = (x: Tensor) => ndarray(Number(x) + 1) as object as Tensor;
    expect(() => trace(wrong, [float64()])).toThrow(/has no value while a function is traced/);
  });

  test('a tensor cannot outlive its trace', () => {
    let kept: Tensor | undefined;
    trace(
      (x: Tensor) => {
        kept = x;
        return x;
      },
      [float64()],
    );
    expect(() => trace((x: Tensor) => x.add(kept ?? x), [float64()])).toThrow(/belongs to another trace/);
  });
});

describe('shape and dtype errors name the operation and what is right', () => {
  const x = float32(2, 3);
  test.each<[string, () => void, RegExp]>([
    [
      'add',
      () => trace((a: Tensor, b: Tensor) => a.add(b), [x, float32(4)]),
      /add: shapes \[2,3\] and \[4\]/,
    ],
    ['matmul', () => trace((a: Tensor, b: Tensor) => a.matmul(b), [x, x]), /matmul: .*\[2,3\].*must equal/],
    [
      'reshape',
      () => trace((a: Tensor) => a.reshape([4]), [x]),
      /reshape: \[2,3\] has 6 elements, \[4\] has 4/,
    ],
    ['sum', () => trace((a: Tensor) => a.sum({ axes: 2 }), [x]), /sum: axis 2 is outside a tensor of rank 2/],
    ['slice', () => trace((a: Tensor) => a.slice([0, 0], [3, 3]), [x]), /slice: 0:3:1 is not inside axis 0/],
    [
      'grad',
      () =>
        trace(
          grad((a: Tensor) => a.mul(2)),
          [x],
        ),
      /it must give one floating-point number/,
    ],
    [
      'grad int',
      () =>
        trace(
          grad((a: Tensor) => a.sum()),
          [int32(2)],
        ),
      /only floating-point tensors have derivatives/,
    ],
    [
      'conv',
      () => trace((a: Tensor, w: Tensor) => conv(a, w), [float32(1, 3, 4, 4), float32(2, 2, 3, 3)]),
      /conv: .* has 3 channels, weights .* take 2/,
    ],
    [
      'pool',
      () => trace((a: Tensor) => maxPool(a, 5), [float32(1, 1, 4, 4)]),
      /window of \[5,5\] does not fit/,
    ],
    [
      'vmap',
      () =>
        trace(
          vmap((a: Tensor, b: Tensor) => a.add(b)),
          [x, float32(3, 3)],
        ),
      /batch axes differ/,
    ],
  ])('%s', (_name, run, message) => {
    expect(run).toThrow(ScreeError);
    expect(run).toThrow(message);
  });
});

describe('derivatives compose', () => {
  test('value and gradient of x² − xy', () => {
    const program = compile(
      valueAndGrad((p: { x: Tensor; y: Tensor }) => saddle(p.x, p.y)),
      [{ x: float64(), y: float64() }],
    );
    const { value, gradient } = program.run({ x: 3, y: 5 });
    expect([value.data[0], gradient.x.data[0], gradient.y.data[0]]).toEqual([-6, 1, -3]);
  });

  test('derivatives of x⁷ to the seventh order', () => {
    let f = (x: Tensor) => x.pow(7);
    const expected = [128, 448, 1344, 3360, 6720, 10080, 10080, 5040];
    for (const value of expected) {
      expect(compile(f, [float64()]).run(2).data[0]).toBeCloseTo(value, 8);
      f = grad(f);
    }
    expect(compile(f, [float64()]).run(2).data[0]).toBe(0);
  });

  test('an inner derivative inside an outer one does not confuse their variables', () => {
    // d/dx [x · d/dy (x + y)] = 1 (Siskind and Pearlmutter 2005).
    const f = (x: Tensor) => x.mul(grad((y: Tensor) => x.add(y))(x));
    expect(compile(grad(f), [float64()]).run(3).data[0]).toBe(1);
  });

  test('forward over reverse, reverse over forward and reverse over reverse agree', () => {
    const f = (x: Tensor) => x.sin().mul(x.mul(x)).sum();
    const v = [0.3, -1, 2];
    const x = [0.5, 1.5, -0.7];
    const over = compile(hvp(f), [float64(3), float64(3)]).run(x, v).data;
    const reverse = compile(
      grad((y: Tensor, w: Tensor) => jvp(f, [y], [w]).tangent),
      [float64(3), float64(3)],
    );
    const twice = compile(
      grad((y: Tensor, w: Tensor) => grad(f)(y).mul(w).sum()),
      [float64(3), float64(3)],
    );
    const closed = x.map((a, i) => v[i] * ((2 - a * a) * Math.sin(a) + 4 * a * Math.cos(a)));
    // Rounding of a few operations near 1.
    closed.forEach((expected, i) => {
      expect(over[i]).toBeCloseTo(expected, 13);
      expect(reverse.run(x, v).data[i]).toBeCloseTo(expected, 13);
      expect(twice.run(x, v).data[i]).toBeCloseTo(expected, 13);
    });
  });

  test('Hessian of the monkey saddle', () => {
    const f = (p: Tensor) => {
      const [x, y] = [0, 1].map((i) => p.slice([i], [i + 1]).reshape([]));
      return cube(x).sub(x.mul(y).mul(y).mul(3));
    };
    expect(Array.from(compile(hessian(f), [float64(2)]).run([2, 3]).data)).toEqual([12, -18, -18, -12]);
  });

  test('vjp gives cotangents of every argument', () => {
    const f = (x: Tensor, y: Tensor) => {
      const { value, pullback } = vjp(saddle, x, y);
      return [value, ...pullback(value.zerosLike().add(2))];
    };
    const results = compile(f, [float64(), float64()]).run(3, 5);
    expect(results.map(({ data }) => data[0])).toEqual([-6, 2, -6]);
  });

  test('per-example gradients by vmap of grad', () => {
    const loss = (w: Tensor, x: Tensor) => softmax(x.matmul(w)).slice([0], [1]).sum();
    const per = vmap(grad(loss), { batched: [false, true] });
    const program = compile(per, [float64(3, 2), float64(4, 3)]);
    const single = compile(grad(loss), [float64(3, 2), float64(3)]);
    const w = ndarray(
      Float64Array.from({ length: 6 }, (_, i) => Math.sin(i)),
      [3, 2],
    );
    const x = Float64Array.from({ length: 12 }, (_, i) => Math.cos(i));
    const all = program.run(w, ndarray(x, [4, 3]));
    for (let n = 0; n < 4; n++) {
      const one = single.run(w, ndarray(x.slice(3 * n, 3 * n + 3)));
      // The same operations in the same order.
      one.data.forEach((value, i) => expect(all.data[6 * n + i]).toBeCloseTo(value, 14));
    }
  });

  test('a second argument, and results passed beside the loss', () => {
    const f = (x: Tensor, y: Tensor) => ({ value: saddle(x, y), aux: { sum: x.add(y) } });
    const program = compile(valueAndGradWithAux(f, { argument: 1 }), [float64(), float64()]);
    const { gradient, aux } = program.run(3, 5);
    expect([gradient.data[0], aux.sum.data[0]]).toEqual([-3, 8]);
  });
});

describe('simplify', () => {
  test('merges equal subexpressions, folds constants, drops dead code and neutral operations', () => {
    const f = (x: Tensor) => {
      x.exp();
      const a = x.mul(x).add(0);
      const b = x.mul(x).mul(1);
      return a.add(b).mul(x.zerosLike().add(2).mul(3));
    };
    expect(print(verify(simplify(trace(f, [float64()]))))).toMatchInlineSnapshot(`
      "(%0: float64[]) → %3
        %1: float64[] = mul %0 %0
        %2: float64[] = add %1 %1
        %3: float64[] = mul %2 6"
    `);
  });

  test('the gradient of a chain is as short as by hand', () => {
    const graph = simplify(
      trace(
        valueAndGrad((x: Tensor) => x.sin().exp()),
        [float64()],
      ),
    );
    expect(print(verify(graph))).toMatchInlineSnapshot(`
      "(%0: float64[]) → %2, %4
        %1: float64[] = sin %0
        %2: float64[] = exp %1
        %3: float64[] = cos %0
        %4: float64[] = mul %2 %3"
    `);
  });

  test('keeps NaN and signed zeros: x · 0 is not 0, and 0 and −0 are different constants', () => {
    const f = (x: Tensor) => [x.mul(0), x.mul(0).add(0), x.div(-0), x.div(0)];
    const results = compile(f, [float64()])
      .run(1)
      .map(({ data }) => data[0]);
    expect(results).toEqual([0, 0, -Infinity, Infinity]);
    expect(compile(f, [float64()]).run(NaN)[0].data[0]).toBeNaN();
  });

  test('composites are taken apart for a target that has none', () => {
    const graph = expandComposites(
      trace((x: Tensor) => softmax(x), [float64(3)]),
      (op) => op.decompose === undefined,
    );
    expect(print(verify(graph))).toMatchInlineSnapshot(`
      "(%0: float64[3]) → %5
        %1: float64[1] = max %0 {axes=[0] keepDims=true}
        %2: float64[3] = sub %0 %1
        %3: float64[3] = exp %2
        %4: float64[1] = sum %3 {axes=[0] keepDims=true}
        %5: float64[3] = div %3 %4"
    `);
  });
});

test('verify finds a node whose shape is not what its rule says', () => {
  const graph = trace((x: Tensor) => x.add(1), [float64(2)]);
  const nodes = graph.nodes.map((node) => (node.op.name === 'add' ? { ...node, shape: [3] } : node));
  expect(() => verify({ ...graph, nodes })).toThrow(
    /node 2 \(add\) says float64\[3\], its rule gives float64\[2\]/,
  );
});

test('forward mode asks for no derivative of what does not move or is not needed', () => {
  const bare = (dtype: 'int32' | 'float64'): Op => ({
    name: 'bare',
    infer: ([x]) => ({ shape: x.shape, dtype }),
  });
  const along = (f: (x: Tensor) => Tensor) => trace((x: Tensor) => jvp(f, [x], [x]).tangent, [float64(3)]);
  const counted = along((x) => x.builder.apply(bare('int32'), [x], {}).greater(0).where(x.square(), x));
  expect(counted.nodes.filter(({ op }) => op.name === 'bare')).toHaveLength(1);
  along((x) => {
    x.builder.apply(bare('float64'), [x], {});
    return x.square();
  });
  expect(() => along((x) => x.builder.apply(bare('float64'), [x], {}))).toThrow(
    'bare: has no derivative (forward mode)',
  );
});
