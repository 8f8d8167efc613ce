import { describe, expect, test } from 'vitest';
import type { Graph } from '../../graph/graph.js';
import type { Tensor } from '../../graph/tensor.js';
import { float32, float64, trace } from '../../ops/index.js';
import { valueAndGrad } from '../../transform/index.js';
import { graphSource } from './generate.js';
import { loopSource } from './generate-loop.js';
import { planGraph } from './plan.js';
import { prepare } from './prepare.js';

const surface = ({ x, y }: { x: Tensor; y: Tensor }) => x.mul(x).sub(x.mul(y));

function rosenbrock(x: Tensor): Tensor {
  const [last] = x.shape;
  const [here, next] = [x.slice([0], [last - 1]), x.slice([1], [last])];
  const [valley, rest] = [next.sub(here.mul(here)), here.neg().add(1)];
  return valley.mul(valley).mul(100).add(rest.mul(rest)).sum();
}

function text(graph: Graph): string {
  return graphSource(prepare(graph)).source;
}

describe('the code', () => {
  test('of x² − xy and its gradient is scalar arithmetic in local variables', () => {
    const graph = trace(
      (p: { x: Tensor; y: Tensor }) => valueAndGrad(surface)(p),
      [{ x: float64(), y: float64() }],
    );
    expect(text(graph)).toMatchInlineSnapshot(`
      "(inputs, outputs) => {
        if (inputs.length !== 2 || outputs.length !== 3) return false;
        const x0 = inputs[0].data;
        const x1 = inputs[1].data;
        const y0 = outputs[0].data;
        const y1 = outputs[1].data;
        const y2 = outputs[2].data;
        if (!(x0 instanceof Float64Array) || x0.length !== 1 || inputs[0].shape.length !== 0) return false;
        if (!(x1 instanceof Float64Array) || x1.length !== 1 || inputs[1].shape.length !== 0) return false;
        if (!(y0 instanceof Float64Array) || y0.length !== 1 || outputs[0].shape.length !== 0) return false;
        if (!(y1 instanceof Float64Array) || y1.length !== 1 || outputs[1].shape.length !== 0) return false;
        if (!(y2 instanceof Float64Array) || y2.length !== 1 || outputs[2].shape.length !== 0) return false;
        if (y0 === x0 || y0 === x1 || y1 === x0 || y1 === x1 || y1 === y0 || y2 === x0 || y2 === x1 || y2 === y0 || y2 === y1) return false;
        const v0 = x0[0];
        const v2 = v0 * v0;
        const v1 = x1[0];
        const v3 = v0 * v1;
        const v4 = v2 - v3;
        const v5 = -v1;
        const v6 = -v0;
        const v7 = v5 + v0;
        const v8 = v7 + v0;
        y0[0] = v4;
        y1[0] = v8;
        y2[0] = v6;
        return true;
      }"
    `);
  });

  test('of the same in float32 rounds after every operation', () => {
    const graph = trace(surface, [{ x: float32(), y: float32() }]);
    expect(text(graph)).toMatchInlineSnapshot(`
      "(inputs, outputs) => {
        if (inputs.length !== 2 || outputs.length !== 1) return false;
        const x0 = inputs[0].data;
        const x1 = inputs[1].data;
        const y0 = outputs[0].data;
        if (!(x0 instanceof Float32Array) || x0.length !== 1 || inputs[0].shape.length !== 0) return false;
        if (!(x1 instanceof Float32Array) || x1.length !== 1 || inputs[1].shape.length !== 0) return false;
        if (!(y0 instanceof Float32Array) || y0.length !== 1 || outputs[0].shape.length !== 0) return false;
        if (y0 === x0 || y0 === x1) return false;
        const v0 = x0[0];
        const v2 = Math.fround(v0 * v0);
        const v1 = x1[0];
        const v3 = Math.fround(v0 * v1);
        const v4 = Math.fround(v2 - v3);
        y0[0] = v4;
        return true;
      }"
    `);
  });

  test('of gradient descent on it is one loop', () => {
    const step = (x: Tensor, y: Tensor, lr: Tensor) => {
      const { value, gradient } = valueAndGrad(surface)({ x, y });
      return [x.sub(gradient.x.mul(lr)), y.sub(gradient.y.mul(lr)), value];
    };
    const graph = prepare(trace(step, [float64(), float64(), float64()]));
    expect(loopSource(graph, { carry: 2, stop: false })?.source).toMatchInlineSnapshot(`
      "(carry, constants, steps, records) => {
        const y0 = carry[0].data;
        const y1 = carry[1].data;
        const r0 = records[0];
        const x0 = constants[0].data;
        const p0 = x0[0];
        let s0 = y0[0];
        let s1 = y1[0];
        let step = 0;
        while (step < steps) {
          const v3 = s0 * s0;
          const v4 = s0 * s1;
          const v5 = v3 - v4;
          const v6 = -s1;
          const v7 = -s0;
          const v8 = v6 + s0;
          const v9 = v8 + s0;
          const v10 = v9 * p0;
          const v11 = s0 - v10;
          const v12 = v7 * p0;
          const v13 = s1 - v12;
          r0[step] = v5;
          s0 = v11;
          s1 = v13;
          step++;
        }
        y0[0] = s0;
        y1[0] = s1;
        return step;
      }"
    `);
  });

  test('of a Rosenbrock valley with its gradient is two loops', () => {
    const graph = trace((x: Tensor) => valueAndGrad(rosenbrock)(x), [float64(20)]);
    expect(text(graph)).toMatchInlineSnapshot(`
      "(inputs, outputs) => {
        if (inputs.length !== 1 || outputs.length !== 2) return false;
        const x0 = inputs[0].data;
        const y0 = outputs[0].data;
        const y1 = outputs[1].data;
        if (!(x0 instanceof Float64Array) || x0.length !== 20 || inputs[0].shape.length !== 1 || inputs[0].shape[0] !== 20) return false;
        if (!(y0 instanceof Float64Array) || y0.length !== 1 || outputs[0].shape.length !== 0) return false;
        if (!(y1 instanceof Float64Array) || y1.length !== 20 || outputs[1].shape.length !== 1 || outputs[1].shape[0] !== 20) return false;
        if (y1 === x0) return false;
        b1.fill(0, 19);
        b0.fill(0, 0, 1);
        let v13 = 0;
        const v17 = 1 * 100;
        for (let i0 = 0; i0 < 19; i0++) {
          const t0 = x0[i0];
          const v3 = t0 * t0;
          const t1 = x0[1 + i0];
          const v4 = t1 - v3;
          const v5 = -t0;
          const v7 = v5 + 1;
          const v8 = v4 * v4;
          const v10 = v8 * 100;
          const v11 = v7 * v7;
          const v12 = v10 + v11;
          v13 = v13 + v12;
          const v16 = v7 + v7;
          const v18 = v17 * v4;
          const v19 = v18 + v18;
          b0[1 + i0] = v19;
          const v20 = -v16;
          const v21 = -v19;
          const v22 = v21 * t0;
          const v23 = v20 + v22;
          const v24 = v23 + v22;
          b1[i0] = v24;
        }
        for (let i0 = 0; i0 < 20; i0++) {
          const t2 = b0[i0];
          const t3 = b1[i0];
          const v27 = t2 + t3;
          y1[i0] = v27;
        }
        y0[0] = v13;
        return true;
      }"
    `);
  });

  test('of a long loop takes four turns at once', () => {
    expect(text(trace((x: Tensor) => x.mul(2).add(1), [float64(1001)]))).toMatchInlineSnapshot(`
      "(inputs, outputs) => {
        if (inputs.length !== 1 || outputs.length !== 1) return false;
        const x0 = inputs[0].data;
        const y0 = outputs[0].data;
        if (!(x0 instanceof Float64Array) || x0.length !== 1001 || inputs[0].shape.length !== 1 || inputs[0].shape[0] !== 1001) return false;
        if (!(y0 instanceof Float64Array) || y0.length !== 1001 || outputs[0].shape.length !== 1 || outputs[0].shape[0] !== 1001) return false;
        if (y0 === x0) return false;
        for (let i0 = 0; i0 < 1000; i0 += 4) {
          {
            const t0 = x0[i0];
            const v2 = t0 * 2;
            const v4 = v2 + 1;
            y0[i0] = v4;
          }
          {
            const t0 = x0[i0 + 1];
            const v2 = t0 * 2;
            const v4 = v2 + 1;
            y0[i0 + 1] = v4;
          }
          {
            const t0 = x0[i0 + 2];
            const v2 = t0 * 2;
            const v4 = v2 + 1;
            y0[i0 + 2] = v4;
          }
          {
            const t0 = x0[i0 + 3];
            const v2 = t0 * 2;
            const v4 = v2 + 1;
            y0[i0 + 3] = v4;
          }
        }
        for (let i0 = 1000; i0 < 1001; i0++) {
          const t0 = x0[i0];
          const v2 = t0 * 2;
          const v4 = v2 + 1;
          y0[i0] = v4;
        }
        return true;
      }"
    `);
  });

  test('of broadcasts and reductions along axes works out offsets beforehand', () => {
    const f = (x: Tensor, row: Tensor, column: Tensor) => {
      const y = x.mul(row).add(column);
      return [y.sum({ axes: 1 }), y.max({ axes: 0 })];
    };
    expect(text(trace(f, [float32(30, 20), float32(20), float32(30, 1)]))).toMatchInlineSnapshot(`
      "(inputs, outputs) => {
        if (inputs.length !== 3 || outputs.length !== 2) return false;
        const x0 = inputs[0].data;
        const x1 = inputs[1].data;
        const x2 = inputs[2].data;
        const y0 = outputs[0].data;
        const y1 = outputs[1].data;
        if (!(x0 instanceof Float32Array) || x0.length !== 600 || inputs[0].shape.length !== 2 || inputs[0].shape[0] !== 30 || inputs[0].shape[1] !== 20) return false;
        if (!(x1 instanceof Float32Array) || x1.length !== 20 || inputs[1].shape.length !== 1 || inputs[1].shape[0] !== 20) return false;
        if (!(x2 instanceof Float32Array) || x2.length !== 30 || inputs[2].shape.length !== 2 || inputs[2].shape[0] !== 30 || inputs[2].shape[1] !== 1) return false;
        if (!(y0 instanceof Float32Array) || y0.length !== 30 || outputs[0].shape.length !== 1 || outputs[0].shape[0] !== 30) return false;
        if (!(y1 instanceof Float32Array) || y1.length !== 20 || outputs[1].shape.length !== 1 || outputs[1].shape[0] !== 20) return false;
        if (y0 === x2 || y1 === x1) return false;
        b0.fill(-Infinity);
        for (let i0 = 0; i0 < 30; i0++) {
          const s0o0 = i0 * 20;
          const t2 = x2[i0];
          let a5 = 0;
          for (let i1 = 0; i1 < 20; i1++) {
            const t0 = x0[s0o0 + i1];
            const t1 = x1[i1];
            const v3 = Math.fround(t0 * t1);
            const v4 = Math.fround(v3 + t2);
            a5 = a5 + v4;
            b0[i1] = Math.max(b0[i1], v4);
          }
          y0[i0] = Math.fround(a5);
        }
        y1.set(b0);
        return true;
      }"
    `);
  });
});

describe('a plan', () => {
  test('never writes down what only the next operation reads', () => {
    const f = (x: Tensor) => x.exp().add(1).log().slice([10], [90]).mul(2).sum();
    const { slots, lifetimes } = planGraph(prepare(trace(f, [float64(100)])));
    expect(slots.length).toBe(1);
    expect([...lifetimes.keys()]).toEqual([0]);
  });
});
