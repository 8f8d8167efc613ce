import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { zeros } from '../../graph/ndarray.js';
import type { Tensor } from '../../graph/tensor.js';
import { float32, float64, trace } from '../../ops/index.js';
import { valueAndGrad } from '../../transform/index.js';
import { allocateOutputs, compileGraph } from '../index.js';
import { graphSource } from './generate.js';
import { shareMemory, type Request } from './memory.js';
import { prepare } from './prepare.js';

const surface = ({ x, y }: { x: Tensor; y: Tensor }) => x.mul(x).sub(x.mul(y));

/** A sum over neighbours, whose gradient is made of two loops. */
const neighbours = (x: Tensor) =>
  x
    .slice([0], [39])
    .mul(x.slice([1], [40]).sin())
    .sum();

/** A hundred steps that each need the one before, over arrays too large for variables. */
function chain(x: Tensor): Tensor {
  let y = x;
  for (let k = 0; k < 100; k++) y = y.sub(y.flip(0).mul(0.1));
  return y;
}

describe('memory', () => {
  test('is shared by arrays that are not needed at once', () => {
    const { hoisted } = graphSource(prepare(trace(chain, [float64(1000)])));
    const blocks = [...hoisted.values.values()].filter((value) => value instanceof Float64Array);
    expect(blocks.length).toBe(99);
    expect(blocks[0].buffer.byteLength).toBeLessThanOrEqual(2 * 8 * 1024);
  });

  test('never overlaps while two arrays are needed', () => {
    const requests = Array.from({ length: 200 }, (_, k): Request => {
      const first = (k * 37) % 50;
      return {
        dtype: k % 3 ? 'float64' : 'bool',
        length: (k * 7919) % 300,
        first,
        last: first + ((k * 13) % 9),
      };
    });
    const arrays = shareMemory(requests);
    arrays.forEach((a, i) => {
      expect(a.length).toBe(requests[i].length);
      arrays.slice(0, i).forEach((b, j) => {
        const together = requests[i].first <= requests[j].last && requests[j].first <= requests[i].last;
        const apart =
          a.byteOffset >= b.byteOffset + b.byteLength || b.byteOffset >= a.byteOffset + a.byteLength;
        if (together && a.length > 0 && b.length > 0) expect(apart).toBe(true);
      });
    });
  });

  test('is not allocated by a run', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const programs = [
      trace((p: { x: Tensor; y: Tensor }) => valueAndGrad(surface)(p), [{ x: float64(), y: float64() }]),
      trace((x: Tensor) => valueAndGrad(neighbours)(x), [float64(40)]),
      trace((x: Tensor) => [x.matmul(x).sum({ axes: 0 }), x.transpose().exp()], [float32(6, 6)]),
    ].map((graph) => ({
      executable: compileGraph(graph),
      inputs: graph.inputs.map((id) => zeros(graph.nodes[id].shape, graph.nodes[id].dtype)),
      outputs: allocateOutputs(graph),
    }));
    for (const { executable, inputs, outputs } of programs) {
      const calls = 20_000;
      const used = Array.from({ length: 15 }, () => {
        collect();
        const before = process.memoryUsage().heapUsed;
        for (let call = 0; call < calls; call++) executable.run(inputs, outputs);
        return process.memoryUsage().heapUsed - before;
      }).sort((a, b) => a - b);
      // The smallest object takes 16 bytes. The compiler, which works beside us, and the test itself take a little.
      expect(used[7]).toBeLessThan(4 * calls);
    }
  });
});
