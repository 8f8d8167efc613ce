import { describe, expect, test } from 'vitest';
import { compile } from '../../src/compile/index.js';
import { ndarray, type DType, type NDArray, type Tensor } from '../../src/graph/index.js';
import { valueAndGrad } from '../../src/transform/index.js';
import { inputsOf, opCases, randomLike, type OpCase } from './cases.js';

/** Ops that ONNX Runtime's CPU provider has in float32 alone, in the forward or the backward direction. */
const float32Only = new Set([
  'tan',
  'asin',
  'acos',
  'atan',
  'atan2',
  'sinh',
  'cosh',
  'asinh',
  'acosh',
  'atanh',
  'erf',
  'gelu by erf',
  'avgPool',
  'adaptive avgPool, even',
  'softplus',
]);

const as = (array: NDArray, dtype: DType): NDArray => ndarray(array.data, array.shape, dtype);

/** Value, weighted sum and gradients of a case on both targets, in one element type. */
async function both({ apply, ...rest }: OpCase, dtype: DType): Promise<[NDArray[], NDArray[]]> {
  const inputs = inputsOf({ apply, ...rest }).map((input) => as(input, dtype));
  const shape = compile((xs: Tensor[]) => apply(...xs), [inputs]).run(inputs);
  const weights = as(randomLike(shape, `${rest.name} weights`), dtype);
  const f = (xs: Tensor[], w: Tensor) => {
    const { value, gradient } = valueAndGrad((ys: Tensor[]) =>
      apply(...ys)
        .mul(w)
        .sum(),
    )(xs);
    return { value, gradient, output: apply(...xs) };
  };
  const flat = (result: { value: NDArray; gradient: NDArray[]; output: NDArray }) => [
    result.value,
    ...result.gradient,
    result.output,
  ];
  const javascript = compile(f, [inputs, weights]).run(inputs, weights);
  const program = await compile(f, [inputs, weights], { target: 'onnx', threads: 1 });
  try {
    return [flat(await program.run(inputs, weights)), flat(javascript)];
  } finally {
    program.close();
  }
}

function expectClose([actual, expected]: [NDArray[], NDArray[]], tolerance: number): void {
  actual.forEach(({ data }, k) => {
    const scale = Math.max(1, ...Array.from(expected[k].data, Math.abs));
    data.forEach((value, i) => expect(Math.abs(value - expected[k].data[i])).toBeLessThan(tolerance * scale));
  });
}

describe.each(opCases)('$name', (opCase) => {
  test('ONNX Runtime agrees with JavaScript to float32 rounding', async () => {
    // Some tens of roundings of 6e-8 on each side; a wrong lowering is off by far more.
    expectClose(await both(opCase, 'float32'), 1e-5);
  });
});

describe.each(opCases.filter(({ name }) => !float32Only.has(name)))('$name', (opCase) => {
  test('ONNX Runtime agrees with JavaScript in float64', async () => {
    expectClose(await both(opCase, 'float64'), 1e-12);
  });
});

describe.each(opCases)('$name', ({ apply, ...rest }) => {
  test('ONNX Runtime agrees on the value alone, where it fuses what nobody else needs', async () => {
    const types: DType[] = float32Only.has(rest.name) ? ['float32'] : ['float32', 'float64'];
    for (const dtype of types) {
      const inputs = inputsOf({ apply, ...rest }).map((input) => as(input, dtype));
      const f = (xs: Tensor[]) => apply(...xs);
      const program = await compile(f, [inputs], { target: 'onnx', threads: 1 });
      const expected = compile(f, [inputs]).run(inputs);
      expectClose([[await program.run(inputs)], [expected]], dtype === 'float32' ? 1e-5 : 1e-12);
      program.close();
    }
  });
});
