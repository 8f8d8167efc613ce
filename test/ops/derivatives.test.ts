import { describe, expect, test } from 'vitest';
import { compile } from '../../src/compile/index.js';
import { ndarray, verify, type NDArray, type Tensor } from '../../src/graph/index.js';
import { grad, hvp, jvp, vmap } from '../../src/transform/index.js';
import { denseCases } from './cases-dense.js';
import { inputsOf, opCases, randomLike, type OpCase } from './cases.js';

const h = 3e-5;
const allCases = [...opCases, ...denseCases];

/** x + h · v for each input. */
function shifted(inputs: readonly NDArray[], directions: readonly NDArray[], h: number): NDArray[] {
  return inputs.map((input, k) =>
    ndarray(
      Float64Array.from(input.data, (value, i) => value + h * directions[k].data[i]),
      input.shape,
    ),
  );
}

/**
 * Agreement with a central difference: it errs by h²/6 · f‴ (about 1e-9 for h = 3e-5 and derivatives near 10) and by rounding,
 * ε·|f|/h (about 1e-11), so 1e-6 of the largest entry is well above both and far below a wrong rule.
 */
function expectClose(actual: NDArray, expected: readonly number[], tolerance = 1e-6): void {
  const scale = Math.max(1, ...expected.map(Math.abs));
  expect(actual.data.length).toBe(expected.length);
  actual.data.forEach((value, i) => expect(Math.abs(value - expected[i])).toBeLessThan(tolerance * scale));
}

/** A scalar function in which every output element counts. */
function weighted(apply: OpCase['apply']): (inputs: Tensor[], weights: Tensor) => Tensor {
  return (inputs, weights) =>
    apply(...inputs)
      .mul(weights)
      .sum();
}

/** The case's inputs, a direction for each, and weights for its output. */
function setUp(opCase: OpCase) {
  const { name, apply } = opCase;
  const inputs = inputsOf(opCase);
  const directions = inputs.map((input, k) => randomLike(input, `${name} ${k}`));
  const value = compile((xs: Tensor[]) => apply(...xs), [inputs]);
  const weights = randomLike(value.run(inputs), `${name} weights`);
  const gradient = compile(grad(weighted(apply)), [inputs, weights]);
  const difference = (run: (xs: NDArray[]) => NDArray): number[] => {
    const above = run(shifted(inputs, directions, h)).data;
    const below = run(shifted(inputs, directions, -h)).data;
    return Array.from(above, (a, i) => (a - below[i]) / (2 * h));
  };
  return { inputs, directions, value, weights, gradient, difference };
}

describe.each(allCases)('$name', (opCase) => {
  const { name, apply } = opCase;
  const { inputs, directions, value, weights, gradient, difference } = setUp(opCase);

  test('forward mode equals central differences', () => {
    const forward = compile(
      (xs: Tensor[], vs: Tensor[]) => jvp((ys: Tensor[]) => apply(...ys), [xs], [vs]),
      [inputs, inputs],
    );
    verify(forward.executable.graph);
    const { tangent } = forward.run(inputs, directions);
    expectClose(
      tangent,
      difference((xs) => value.run(xs)),
    );
  });

  test('reverse mode equals central differences', () => {
    verify(gradient.executable.graph);
    const along = gradient
      .run(inputs, weights)
      .flatMap((g, k) => Array.from(g.data, (entry, i) => entry * directions[k].data[i]))
      .reduce((sum, term) => sum + term, 0);
    const perElement = difference((xs) => value.run(xs));
    const expected = perElement.reduce((sum, entry, i) => sum + entry * weights.data[i], 0);
    expectClose(ndarray(along), [expected]);
  });

  test('vmap equals a loop', () => {
    const count = 3;
    const examples = Array.from({ length: count }, (_, b) =>
      inputs.map((input) => shifted([input], [randomLike(input, `${name} ${b}`)], 0.05)[0]),
    );
    const stacked = inputs.map((input, k) =>
      ndarray(Float64Array.from(examples.flatMap((example) => Array.from(example[k].data))), [
        count,
        ...input.shape,
      ]),
    );
    const batched = compile(
      vmap((...xs: Tensor[]) => apply(...xs)),
      stacked,
    ).run(...stacked);
    const loop = examples.flatMap((example) => Array.from(value.run(example).data));
    // The same sums, perhaps in another order.
    expectClose(batched, loop, 1e-12);
  });
});

describe.each(allCases.filter(({ linear }) => linear !== true))('$name', (opCase) => {
  test('second derivatives equal central differences of the gradient', () => {
    const { inputs, directions, weights, gradient, difference } = setUp(opCase);
    const scalar = weighted(opCase.apply);
    const product = compile(
      (xs: Tensor[], vs: Tensor[], w: Tensor) => hvp((ys: Tensor[]) => scalar(ys, w))(xs, vs),
      [inputs, inputs, weights],
    );
    verify(product.executable.graph);
    const second = product.run(inputs, directions, weights);
    second.forEach((actual, k) =>
      expectClose(
        actual,
        difference((xs) => gradient.run(xs, weights)[k]),
      ),
    );
  });
});
