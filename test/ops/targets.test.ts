import { describe, test } from 'vitest';
import { compile } from '../../src/compile/index.js';
import type { DType, Tensor } from '../../src/graph/index.js';
import { as, expectClose, onBoth } from '../support/targets.js';
import { inputsOf, opCases } from './cases.js';

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

const onnx = { target: 'onnx', threads: 1 } as const;

describe.each(opCases)('$name', (opCase) => {
  test('ONNX Runtime agrees with JavaScript to float32 rounding', async () => {
    // Some tens of roundings of 6e-8 on each side; a wrong lowering is off by far more.
    expectClose(await onBoth(opCase, 'float32', onnx), 1e-5);
  });
});

describe.each(opCases.filter(({ name }) => !float32Only.has(name)))('$name', (opCase) => {
  test('ONNX Runtime agrees with JavaScript in float64', async () => {
    expectClose(await onBoth(opCase, 'float64', onnx), 1e-12);
  });
});

describe.each(opCases)('$name', ({ apply, ...rest }) => {
  test('ONNX Runtime agrees on the value alone, where it fuses what nobody else needs', async () => {
    const types: DType[] = float32Only.has(rest.name) ? ['float32'] : ['float32', 'float64'];
    for (const dtype of types) {
      const inputs = inputsOf({ apply, ...rest }).map((input) => as(input, dtype));
      const f = (xs: Tensor[]) => apply(...xs);
      const program = await compile(f, [inputs], onnx);
      const expected = compile(f, [inputs]).run(inputs);
      expectClose([[await program.run(inputs)], [expected]], dtype === 'float32' ? 1e-5 : 1e-12);
      program.close();
    }
  });
});
