import { describe, expect, test } from 'vitest';
import { ndarray, type Tensor } from '../../src/graph/index.js';
import { formula } from '../../src/formula/index.js';
import { walk, type Walk } from '../../src/landscape/walk.js';
import { findSurface, surfaceFormula, surfaces, type Surface } from '../../src/landscape/zoo/index.js';
import { toTensor } from '../../src/ops/index.js';
import { methods, optimizers, parseOptimizer, parseOptimizerOrMethod, sgd } from '../../src/optim/index.js';
import { Generator, normal } from '../../src/random/index.js';

// No report calls a saddle a minimum: from every known critical point of the zoo that is none, in both orders of the variables
// and under random rotations.

interface Placed {
  readonly objective: Parameters<typeof walk>[0];
  readonly value: (x: ArrayLike<number>) => number;
  readonly start: readonly number[];
}

function plain(surface: Surface, point: readonly number[]): Placed {
  const f = surfaceFormula(surface);
  return { objective: f, value: f.value, start: point };
}

function reversed(surface: Surface, point: readonly number[]): Placed {
  const forward = surfaceFormula(surface);
  const size = point.length;
  return {
    objective: { variables: [...forward.variables].reverse(), evaluate: (x) => forward.evaluate(x.flip(0)) },
    value: (x) => forward.value(Array.from({ length: size }, (_, i) => x[size - 1 - i])),
    start: [...point].reverse(),
  };
}

/** A random orthogonal matrix, row after row, by Gram–Schmidt. */
function rotation(size: number, generator: Generator): number[][] {
  const rows: number[][] = [];
  while (rows.length < size) {
    const row = Array.from(normal(generator, [size], { dtype: 'float64' }).data);
    for (const other of rows) {
      const along = row.reduce((sum, value, i) => sum + value * other[i], 0);
      row.forEach((_, i) => (row[i] -= along * other[i]));
    }
    const norm = Math.hypot(...row);
    if (norm > 1e-3) rows.push(row.map((value) => value / norm));
  }
  return rows;
}

/** The surface in coordinates u with x = R u. */
function rotated(surface: Surface, point: readonly number[], generator: Generator): Placed {
  const f = surfaceFormula(surface);
  const rows = rotation(point.length, generator);
  const matrix = ndarray(Float64Array.from(rows.flat()), [point.length, point.length]);
  const turn = (u: ArrayLike<number>) =>
    rows.map((row) => row.reduce((sum, value, i) => sum + value * u[i], 0));
  return {
    objective: {
      variables: point.map((_, i) => `u${i}`),
      evaluate: (u: Tensor) => f.evaluate(toTensor('rotation', matrix).matmul(u)),
    },
    value: (u) => f.value(turn(u)),
    start: point.map((_, i) => rows.reduce((sum, row, j) => sum + row[i] * point[j], 0)),
  };
}

/** The lowest of many values close by, less the value at the point: an oracle that knows nothing of derivatives. */
function lowestAround(value: Placed['value'], point: readonly number[], radius: number): number {
  const generator = new Generator(5).fork('probe');
  const here = value(point);
  let lowest = 0;
  for (let k = 0; k < 400; k++) {
    const direction = Array.from(normal(generator, [point.length], { dtype: 'float64' }).data);
    const scale = (radius * generator.uniform()) / Math.hypot(...direction);
    lowest = Math.min(lowest, value(point.map((coordinate, i) => coordinate + scale * direction[i])) - here);
  }
  return lowest;
}

function expectHonest({ stop, end }: Walk, value: Placed['value']): void {
  if (stop.reason !== 'minimum' && stop.point.kind !== 'minimum') return;
  // A gradient of 1e-8 leaves the point up to about 1e-8 above the minimum; a saddle falls by far more within 0.1.
  expect(lowestAround(value, end, 0.1)).toBeGreaterThan(-1e-7);
}

const notMinima = surfaces().flatMap((surface) =>
  surface.criticalPoints
    .filter(({ kind }) => kind !== 'minimum')
    .map(({ point, kind }, index) => ({ name: `${surface.name} ${index}`, surface, point, kind })),
);

describe('from exact critical points that are no minima', () => {
  test.each(notMinima)('$name ($kind)', ({ name, surface, point }) => {
    const generator = new Generator(3).fork(name);
    const places = [plain(surface, point), reversed(surface, point)];
    if (point.length > 1) places.push(rotated(surface, point, generator), rotated(surface, point, generator));
    for (const { objective, value, start } of places) {
      const result = walk(objective, sgd({ lr: 1e-3 }), start, { steps: 50 });
      expectHonest(result, value);
    }
  });
});

describe('every optimiser, from saddles', () => {
  const saddles = ['saddle', 'monkey-saddle', 'peano', 'cusp'].map((name) => findSurface(name));
  test.each(Object.keys(optimizers))('%s', (name) => {
    for (const surface of saddles) {
      const { objective, value, start } = plain(surface, surface.criticalPoints[0].point);
      const result = walk(objective, parseOptimizer(name), start, { steps: 20 });
      expectHonest(result, value);
      expect(['saddle', 'degenerate']).toContain(result.stop.reason);
    }
  });
});

describe('every deterministic method, from saddles', () => {
  // What has no way down along straight lines of low order, or no residuals, may refuse; what ends is held to the oracle.
  const names = Object.keys(methods).filter((name) => name !== 'levenbergmarquardt');
  const bounded = ['peano', 'six-hump-camel', 'himmelblau'].map((name) => findSurface(name));
  test.each(names)('%s', (name) => {
    for (const surface of bounded) {
      for (const { point } of surface.criticalPoints.filter((known) => known.kind !== 'minimum')) {
        const { objective, value, start } = plain(surface, point);
        const result = walk(objective, parseOptimizerOrMethod(name), start, {
          steps: 50,
          box: surface.domain,
        });
        expectHonest(result, value);
      }
    }
  });
});

test('the oracle sees a saddle', () => {
  expect(lowestAround(formula('x^3 - 3x*y^2').value, [0, 0], 0.1)).toBeLessThan(-1e-4);
});
