import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { randomGraph, randomStepGraph } from '../../../test/support/random-graph.js';
import type { Graph } from '../../graph/graph.js';
import { ndarray, type NDArray } from '../../graph/ndarray.js';
import { print } from '../../graph/print.js';
import type { Tensor } from '../../graph/tensor.js';
import { batchNorm, conv, float64, int32, maxPool, trace } from '../../ops/index.js';
import { softmaxCrossEntropy } from '../../ops/softmax.js';
import { Generator, normal } from '../../random/index.js';
import { valueAndGrad } from '../../transform/index.js';
import { allocateOutputs } from '../program.js';
import { generateGraph, graphSource } from './generate.js';
import { generateLoop } from './generate-loop.js';
import { interpretGraph } from './interpret.js';
import { prepare } from './prepare.js';

function expectSameBits(graph: Graph, inputs: readonly NDArray[], what: string): void {
  const prepared = prepare(graph);
  const expected = allocateOutputs(prepared);
  const actual = allocateOutputs(prepared);
  for (const { data } of actual) data.fill(77);
  interpretGraph(prepared).run(inputs, expected);
  const program = generateGraph(prepared);
  // Twice: what the first run leaves in shared memory must not matter.
  program.run(inputs, actual);
  program.run(inputs, actual);
  expected.forEach(({ data }, index) => {
    const different = data.findIndex((value, i) => !Object.is(value, actual[index].data[i]));
    if (different >= 0) {
      expect.fail(
        `${what}: output ${index}[${different}] is ${actual[index].data[different]}, interpreted ${data[different]}\n${print(prepared)}\n${graphSource(prepared).source}`,
      );
    }
  });
}

describe('generated code gives the bits of the interpreter', () => {
  test.each(Array.from({ length: 10 }, (_, block) => block))('on random graphs, block %i', (block) => {
    for (let seed = block * 60; seed < (block + 1) * 60; seed++) {
      const { graph, inputs } = randomGraph(seed);
      expectSameBits(graph, inputs, `seed ${seed}`);
    }
  });

  test('on the whole of a network: convolution, pooling, batch norm, cross-entropy and their gradients', () => {
    const parameters = {
      conv: float64(3, 1, 3, 3),
      scale: float64(3),
      bias: float64(3),
      dense: float64(12, 4),
    };
    const loss = (p: Record<string, Tensor>, x: Tensor, labels: Tensor) => {
      const features = batchNorm(conv(x, p.conv), p.scale, p.bias).relu();
      const pooled = maxPool(features, 3).reshape([5, 12]);
      return softmaxCrossEntropy(pooled.matmul(p.dense), labels).mean();
    };
    const step = (p: Record<string, Tensor>, x: Tensor, labels: Tensor) => valueAndGrad(loss)(p, x, labels);
    const graph = trace(step, [parameters, float64(5, 1, 8, 8), int32(5)]);
    const random = new Generator(1);
    const inputs = graph.inputs.map((id) => {
      const { shape, dtype } = graph.nodes[id];
      return dtype === 'int32'
        ? ndarray(Int32Array.of(0, 1, 2, 3, 0))
        : normal(random, shape, { dtype: 'float64' });
    });
    expectSameBits(graph, inputs, 'network');
  });
});

/** One line of JSON from a program run where strings cannot become code, as under a content security policy. */
function runWithoutGeneration(program: string): unknown {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const flags = ['--disallow-code-generation-from-strings', '--import', 'tsx', '--input-type=module'];
  return JSON.parse(
    execFileSync(process.execPath, [...flags, '-e', program], { cwd: root, encoding: 'utf8' }),
  );
}

const texts = (arrays: readonly ArrayLike<number>[]) => arrays.map((data) => Array.from(data, exact));
/** Every bit of a number but the payload of a NaN. */
const exact = (value: number) => (Object.is(value, -0) ? '-0' : String(value));

describe('where code generation is forbidden', () => {
  const seeds = Array.from({ length: 40 }, (_, seed) => seed);
  const program = `
    import { randomGraph, randomStepGraph } from './test/support/random-graph.ts';
    import { allocateOutputs, compileGraph, compileLoop } from './src/compile/index.ts';
    const exact = (value) => (Object.is(value, -0) ? '-0' : String(value));
    const texts = (arrays) => arrays.map((data) => Array.from(data, exact));
    let refused = false;
    try { new Function('return 1'); } catch (error) { refused = error instanceof EvalError; }
    const graphs = ${JSON.stringify(seeds)}.map((seed) => {
      const { graph, inputs } = randomGraph(seed);
      const outputs = allocateOutputs(graph);
      compileGraph(graph).run(inputs, outputs);
      return texts(outputs.map(({ data }) => data));
    });
    const loops = ${JSON.stringify(seeds)}.map((seed) => {
      const { graph, inputs, carry } = randomStepGraph(seed);
      const records = allocateOutputs(graph).slice(carry).map(({ data }) => new Float64Array(5 * data.length));
      compileLoop(graph, { carry }).run(inputs.slice(0, carry), inputs.slice(carry), 5, records);
      return texts([...inputs.slice(0, carry).map(({ data }) => data), ...records]);
    });
    console.log(JSON.stringify({ refused, graphs, loops }));
  `;
  const interpreted = runWithoutGeneration(program) as {
    refused: boolean;
    graphs: string[][][];
    loops: string[][][];
  };

  test('generation is in fact refused', () => {
    expect(interpreted.refused).toBe(true);
  });

  test.each(seeds)('graph and loop of seed %i give the same bits', (seed) => {
    const { graph, inputs } = randomGraph(seed);
    const outputs = allocateOutputs(graph);
    generateGraph(prepare(graph)).run(inputs, outputs);
    expect(texts(outputs.map(({ data }) => data))).toEqual(interpreted.graphs[seed]);

    const step = randomStepGraph(seed);
    const { carry } = step;
    const records = allocateOutputs(step.graph)
      .slice(carry)
      .map(({ data }) => new Float64Array(5 * data.length));
    const carried = step.inputs.slice(0, carry);
    generateLoop(prepare(step.graph), { carry, stop: false })?.(
      carried,
      step.inputs.slice(carry),
      5,
      records,
    );
    expect(texts([...carried.map(({ data }) => data), ...records])).toEqual(interpreted.loops[seed]);
  });
});
