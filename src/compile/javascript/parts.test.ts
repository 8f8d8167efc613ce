import { describe, expect, test } from 'vitest';
import { ndarray } from '../../graph/ndarray.js';
import type { Tensor } from '../../graph/tensor.js';
import { float64, trace } from '../../ops/index.js';
import { allocateOutputs } from '../program.js';
import { generateGraph, graphSource } from './generate.js';
import { generateLoop } from './generate-loop.js';
import { interpretGraph } from './interpret.js';
import { compileLoop } from './loop.js';
import { longestFunction, splitStatements } from './parts.js';
import { prepare } from './prepare.js';

/** Thousands of operations on two numbers, each from the two before it; the first are read again at the end. */
function long(x: Tensor, y: Tensor): Tensor[] {
  let [a, b] = [x.add(y), x.sub(y)];
  const first = a;
  for (let k = 0; k < longestFunction / 2; k++) [a, b] = [a.mul(0.5).add(b.sin()), a.sub(b.mul(0.25))];
  return [a.add(first), b];
}

describe('a long function', () => {
  test('is split into parts that pass numbers on', () => {
    const { definitions, calls } = splitStatements(
      [
        'const a = x[0];',
        'let s = 0;\nfor (let i = 0; i < 3; i++) {\n  s = s + a;\n}',
        'const b = s * 2;',
        'x[1] = a + b;',
      ],
      ['x'],
      2,
    );
    expect(calls).toEqual(['part0(x);', 'part1(x);']);
    const x = new Float64Array(2).fill(7);
    const run: unknown = new Function('x', [...definitions, ...calls].join('\n'));
    (run as (array: Float64Array) => void)(x);
    expect(x[1]).toBe(7 + 2 * 3 * 7);
  });

  test('gives the bits of the interpreter', () => {
    const graph = prepare(trace(long, [float64(), float64()]));
    expect(graphSource(graph).source).toContain('part2(x0, x1, y0, y1);');
    const inputs = [ndarray(0.3), ndarray(-1.7)];
    const [expected, actual] = [allocateOutputs(graph), allocateOutputs(graph)];
    interpretGraph(graph).run(inputs, expected);
    generateGraph(graph).run(inputs, actual);
    expect(actual).toEqual(expected);
    expect(Math.abs(actual[0].data[0])).toBeGreaterThan(0);
  });

  test('is called step by step where it is that of a loop', () => {
    const graph = prepare(trace((x: Tensor, y: Tensor) => [...long(x, y), x], [float64(), float64()]));
    expect(generateLoop(graph, { carry: 2, stop: false })).toBeUndefined();
    const [carry, one] = [
      [ndarray(0.3), ndarray(-1.7)],
      [ndarray(0.3), ndarray(-1.7), ndarray(0)],
    ];
    const path = new Float64Array(3);
    expect(compileLoop(graph, { carry: 2 }).run(carry, [], 3, [path])).toBe(3);
    const single = generateGraph(graph);
    for (let step = 0; step < 3; step++) {
      const outputs = allocateOutputs(graph);
      single.run(one.slice(0, 2), outputs);
      expect(path[step]).toBe(outputs[2].data[0]);
      one.splice(0, 2, ...outputs.slice(0, 2));
    }
    expect(carry).toEqual(one.slice(0, 2));
  });
});
