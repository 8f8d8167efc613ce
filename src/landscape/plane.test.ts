import { validateBytes } from 'gltf-validator';
import { describe, expect, test } from 'vitest';
import { Generator } from '../random/index.js';
import { drawCurve } from './line-figure.js';
import { lossLine } from './line.js';
import { rangeAround, trajectoryPlane } from './pca.js';
import { lossPlane } from './plane.js';
import { surfaceGltf } from './gltf.js';
import { filterNormalisedDirection, placeOn, project } from './slice.js';

describe('directions', () => {
  test('each filter is as long as that of the weights; vectors stay', () => {
    const parameters = [
      { shape: [3, 2, 2, 2], dtype: 'float32' },
      { shape: [3], dtype: 'float32' },
      { shape: [4, 5], dtype: 'float32' },
    ] as const;
    const at = Float32Array.from({ length: 24 + 3 + 20 }, (_, i) => Math.sin(3 * i + 1));
    const direction = filterNormalisedDirection(parameters, at, new Generator(1));
    const length = (x: ArrayLike<number>, places: readonly number[]) =>
      Math.hypot(...places.map((i) => x[i]));
    for (let filter = 0; filter < 3; filter++) {
      const places = Array.from({ length: 8 }, (_, k) => 8 * filter + k);
      expect(length(direction, places)).toBeCloseTo(length(at, places), 8);
    }
    for (let output = 0; output < 5; output++) {
      const places = Array.from({ length: 4 }, (_, k) => 27 + 5 * k + output);
      expect(length(direction, places)).toBeCloseTo(length(at, places), 8);
    }
    expect(Array.from(direction.subarray(24, 27))).toEqual([0, 0, 0]);
  });

  test('coordinates are those that placeOn was given, though the directions are oblique and long', () => {
    const origin = Float64Array.of(1, 2, 3, 4);
    const plane = { origin, u: Float64Array.of(3, 1, 0, 0), v: Float64Array.of(1, 2, 0, 0) };
    const point = new Float64Array(4);
    placeOn(plane, -0.7, 0.4, point);
    point[3] += 5;
    const place = project(plane, point);
    expect(place.a).toBeCloseTo(-0.7, 12);
    expect(place.b).toBeCloseTo(0.4, 12);
    expect(place.residual).toBeCloseTo(5, 12);
    expect(() => project({ ...plane, v: plane.u }, point)).toThrow('span no plane');
  });
});

describe('the plane of a trajectory', () => {
  test('passes through the last point and holds points that lie on a plane', () => {
    // A spiral in the plane of (1, 1, 0)/√2 and (0, 0, 1), with something beside it.
    const points = Array.from({ length: 9 }, (_, k) => {
      const [r, phi] = [8 - k, 0.6 * k];
      const [p, q] = [r * Math.cos(phi), r * Math.sin(phi)];
      return Float64Array.of(p * Math.SQRT1_2 + 7, p * Math.SQRT1_2, q, k === 4 ? 0.1 : 0);
    });
    const { plane, explained, places } = trajectoryPlane(points);
    expect(explained[0] + explained[1]).toBeGreaterThan(0.999);
    expect(explained[0]).toBeGreaterThan(explained[1]);
    expect(places[8]).toMatchObject({ a: 0, b: 0, residual: 0 });
    expect(places[4].residual).toBeGreaterThan(0.05);
    expect(places[0].residual).toBeLessThan(0.05);
    // The distance in the plane is that of the points, for the directions are orthonormal.
    expect(Math.hypot(places[0].a, places[0].b)).toBeCloseTo(places[0].distance, 3);
    expect(plane.u.reduce((sum, x, i) => sum + x * plane.v[i], 0)).toBeCloseTo(0, 12);
  });

  test('explained shares are those of the singular values', () => {
    // Differences from the last are diag(3, 2, 1): squares 9, 4, 1.
    const points = [
      [3, 0, 0],
      [0, 2, 0],
      [0, 0, 1],
      [0, 0, 0],
    ].map((p) => Float64Array.from(p));
    const { explained, places } = trajectoryPlane(points);
    expect(explained[0]).toBeCloseTo(9 / 14, 12);
    expect(explained[1]).toBeCloseTo(4 / 14, 12);
    expect(places[2].residual).toBeCloseTo(1, 12);
  });

  test('a line is no plane', () => {
    const points = [0, 1, 2].map((t) => Float64Array.of(t, 2 * t));
    expect(() => trajectoryPlane(points)).toThrow('one line');
    expect(() => trajectoryPlane(points.slice(1))).toThrow('at least three');
  });

  test('a range with a margin', () => {
    expect(rangeAround([0, 4])).toEqual([-1, 5]);
    expect(rangeAround([2, 2])).toEqual([1, 3]);
  });
});

describe('lossPlane and lossLine', () => {
  test('values at the places that they stand for', async () => {
    const plane = { origin: Float64Array.of(1, 1), u: Float64Array.of(1, 0), v: Float64Array.of(1, 2) };
    const f = ([p, q]: ArrayLike<number> & Iterable<number>) => p * p + 10 * q;
    const grid = await lossPlane(f, plane, { size: 5, x: [-1, 1], y: [0, 2] });
    // Column 3 is a = 0.5, row 2 is b = 1: (2.5, 3).
    expect(grid.values[2 * 5 + 3]).toBeCloseTo(2.5 ** 2 + 30, 12);
    await expect(lossPlane(f, plane, { x: [1, -1] })).rejects.toThrow('is empty');
  });

  test('a barrier is measured above the straight line between the ends', async () => {
    // f = t + 8·t²(1 − t)², whose bump is 0.5 high at t = 1/2.
    const f = ([t]: ArrayLike<number> & Iterable<number>) => t + 8 * t ** 2 * (1 - t) ** 2;
    const line = await lossLine(f, Float64Array.of(0), Float64Array.of(1), { points: 61 });
    expect(line.at[0]).toBeCloseTo(-0.25, 10);
    expect(line.at).toContain(0);
    expect(line.at).toContain(1);
    expect(line.barrier.height).toBeCloseTo(0.5, 10);
    expect(line.barrier.at).toBeCloseTo(0.5, 10);
    const flat = await lossLine(([t]) => t * t, Float64Array.of(0), Float64Array.of(1));
    expect(flat.barrier.height).toBe(0);
    const two = lossLine(f, Float64Array.of(0), Float64Array.of(1, 2));
    await expect(two).rejects.toThrow('two runs of one model');
  });
});

describe('files', () => {
  test('glTF passes the validator of its makers, with a hole too', async () => {
    const values = Float64Array.from({ length: 35 }, (_, i) => Math.sin(i) + 2);
    values[17] = NaN;
    const grid = { columns: 7, rows: 5, x: [-1, 1], y: [-2, 2], values } as const;
    const gltf = surfaceGltf(grid, { title: 'a "loss"', logarithmic: true });
    const report = await validateBytes(new TextEncoder().encode(gltf));
    expect(report.issues.messages).toEqual([]);
    expect(report.info.totalVertexCount).toBe(35);
    // 24 cells, 4 of them at the hole.
    expect(report.info.totalTriangleCount).toBe(40);
    expect(() => surfaceGltf({ ...grid, values: values.fill(NaN) })).toThrow('four finite corners');
  });

  test('a curve with a band and a mark', () => {
    const x = [0, 1, 2, 3];
    const svg = drawCurve({
      title: 'density',
      xName: 'eigenvalue',
      yName: 'share',
      curve: { x, y: [1, 1e-3, 1e-9, 2], error: [0.1, 1e-4, 0, 0.1] },
      logarithmic: { floor: 1e-6 },
      marks: [{ x: 2, label: '2/lr' }],
    });
    expect(svg).toContain('2/lr');
    expect(svg).not.toContain('NaN');
    // The value below the floor cuts the curve in two.
    // Steps from place to place: down to the floor half way from 1e-3 to 1e-9, and up from it again.
    const [, path] = /<path d="([^"]*)"[^>]*stroke-linejoin="round"/.exec(svg) ?? [];
    const [down, up] = (path ?? '')
      .split('M')
      .slice(1)
      .map((part) => part.match(/-?[\d.]+/g)?.map(Number) ?? []);
    expect(down[4]).toBeCloseTo(down[2] / 2, 1);
    expect(down[1] + down[3] + down[5]).toBeCloseTo(up[1], 0);
  });
});
