import { test } from 'vitest';
import { opCases } from '../ops/cases.js';
import { expectClose, onBoth } from '../support/targets.js';
import { describeNative, keepWorker } from './support.js';

const native = { target: 'native' } as const;
keepWorker();

describeNative.each(opCases)('$name', (opCase) => {
  test('the native target agrees with JavaScript to the rounding of the element type', async () => {
    // Some tens of roundings of 6e-8, or of 1e-16, on each side; a wrong lowering is off by far more.
    expectClose(await onBoth(opCase, 'float32', native), 1e-5);
    expectClose(await onBoth(opCase, 'float64', native), 1e-12);
  });
});
