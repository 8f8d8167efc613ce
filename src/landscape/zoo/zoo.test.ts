import { EigenvalueDecomposition, Matrix, solve } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { readGolden } from '../../../test/support/golden.js';
import { compile } from '../../compile/index.js';
import type { Tensor } from '../../graph/index.js';
import { float64 } from '../../ops/index.js';
import { grad, hessian } from '../../transform/index.js';
import { findSurface, surfaceFormula, surfaces, type Point, type Surface } from './index.js';

const variants: readonly [string, Record<string, number>][] = [
  ['sphere', { n: 5 }],
  ['rosenbrock', { n: 3 }],
  ['rosenbrock', { n: 4 }],
  ['rosenbrock', { n: 5 }],
  ['rosenbrock', { n: 6 }],
  ['rosenbrock', { n: 7 }],
  ['rosenbrock', { n: 30 }],
  ['rastrigin', { n: 1 }],
  ['rastrigin', { n: 20 }],
  ['styblinski-tang', { n: 1 }],
  ['styblinski-tang', { n: 4 }],
  ['schwefel', { n: 3 }],
  ['ackley', { n: 4 }],
  ['griewank', { n: 5 }],
  ['levy', { n: 1 }],
  ['levy', { n: 6 }],
  ['zakharov', { n: 4 }],
  ['dixon-price', { n: 6 }],
  ['trid', { n: 6 }],
  ['ravine', { n: 5, kappa: 1e6 }],
  ['turned-ravine', { kappa: 1e4, theta: 1 }],
  ['sigmoid-shelf', { s: 0.5 }],
  ['flat-ridge', { epsilon: 1e-6 }],
  ...[2, 3, 4, 5, 6, 7].flatMap((k): [string, Record<string, number>][] => [
    ['a-k', { k, s: 1 }],
    ['a-k', { k, s: -1 }],
  ]),
  ['a-k', { k: 1, s: -1 }],
  ...[4, 5, 6, 7].flatMap((k): [string, Record<string, number>][] => [
    ['d-k', { k, s: 1 }],
    ['d-k', { k, s: -1 }],
  ]),
];

const all: [string, Surface][] = [
  ...surfaces().map((surface): [string, Surface] => [surface.name, surface]),
  ...variants.map(([name, parameters]): [string, Surface] => [
    `${name} ${JSON.stringify(parameters)}`,
    findSurface(name, parameters),
  ]),
];

function derivatives(surface: Surface) {
  const { evaluate } = surfaceFormula(surface);
  const program = compile(
    (x: Tensor) => ({ value: evaluate(x), gradient: grad(evaluate)(x), hessian: hessian(evaluate)(x) }),
    [float64(surface.variables.length)],
  );
  return (point: Point) => {
    const n = point.length;
    const { value, gradient, hessian: second } = program.run([...point]);
    const matrix = Matrix.from1DArray(n, n, Array.from(second.data));
    const eigenvalues = new EigenvalueDecomposition(matrix, { assumeSymmetric: true }).realEigenvalues;
    return {
      value: value.data[0],
      gradient: Array.from(gradient.data),
      hessian: matrix,
      eigenvalues: [...eigenvalues].sort((a, b) => a - b),
    };
  };
}

/** Points around one, on circles of several radii, in the planes of every pair of axes. */
function around(point: Point, radii: readonly number[], count: number): number[][] {
  const axes = point.map((_, i) => i);
  const pairs =
    point.length === 1 ? [[0, 0]] : axes.flatMap((i) => axes.filter((j) => j > i).map((j) => [i, j]));
  return pairs.flatMap(([i, j]) =>
    radii.flatMap((radius) =>
      Array.from({ length: count }, (_, k) => {
        const moved = [...point];
        const angle = (2 * Math.PI * k) / count;
        if (i !== j) moved[j] += radius * Math.sin(angle);
        moved[i] += radius * Math.cos(angle);
        return moved;
      }),
    ),
  );
}

describe.each(all)('%s', (_, surface) => {
  const { variables, domain, starts, minima, criticalPoints } = surface;
  const f = surfaceFormula(surface).value;

  test('points have a number for each variable and lie in the box', () => {
    expect(domain).toHaveLength(variables.length);
    expect(starts.length).toBeGreaterThan(0);
    const points = [
      ...starts,
      ...minima.map(({ point }) => point),
      ...criticalPoints.map(({ point }) => point),
    ];
    for (const point of points) {
      expect(point).toHaveLength(variables.length);
      point.forEach((x, i) =>
        expect(x >= domain[i][0] && x <= domain[i][1], `${x} in ${domain[i].join(' to ')}`).toBe(true),
      );
    }
    for (const start of starts) expect(Number.isFinite(f(start))).toBe(true);
  });

  test('the gradient vanishes at every critical point, and the Hessian says its kind', () => {
    const at = derivatives(surface);
    for (const critical of criticalPoints) {
      const { point, kind, value, degenerate } = critical;
      const actual = at(point);
      const largest = Math.max(...actual.eigenvalues.map(Math.abs));
      // Values are sums of terms up to 1000 that cancel.
      expect(Math.abs(actual.value - value)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(value)));
      if (critical.eigenvalues !== undefined) {
        expect(critical.eigenvalues).toHaveLength(point.length);
        critical.eigenvalues.forEach((wanted, i) => {
          expect(Math.abs(actual.eigenvalues[i] - wanted)).toBeLessThanOrEqual(1e-12 * Math.max(1, largest));
        });
      }
      if (degenerate) {
        expect(Math.hypot(...actual.gradient)).toBeLessThanOrEqual(1e-14);
        expect(Math.min(...actual.eigenvalues.map(Math.abs))).toBeLessThanOrEqual(
          1e-14 * Math.max(1, largest),
        );
        continue;
      }
      // How far Newton's method would go from here: an estimate of the error of the coordinates.
      const step = solve(actual.hessian, Matrix.columnVector(actual.gradient)).norm();
      expect(step).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.hypot(...point)));
      const [lowest, highest] = [actual.eigenvalues[0], actual.eigenvalues[point.length - 1]];
      expect(kind).toBe(lowest > 0 ? 'minimum' : highest < 0 ? 'maximum' : 'saddle');
    }
  });

  test('neighbours of a degenerate point agree with its kind', () => {
    for (const { point, kind, value, degenerate } of criticalPoints) {
      if (!degenerate) continue;
      const rises = around(point, [0.05, 0.2, 0.5], 720).map((neighbour) => f(neighbour) - value);
      const isLower = rises.some((rise) => rise < -1e-12);
      const isHigher = rises.some((rise) => rise > 1e-12);
      expect([isLower, isHigher]).toEqual([kind !== 'minimum', kind !== 'maximum']);
    }
  });

  test('no point of the box is lower than the global minima', () => {
    const inBox = (point: number[]) => point.every((x, i) => x >= domain[i][0] && x <= domain[i][1]);
    for (const { point, value, global, at } of minima) {
      expect(Math.abs(f(point) - value)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(value)));
      if (at !== undefined) {
        for (const neighbour of around(point, [1e-6, 1e-3, 0.1], 36).filter(inBox)) {
          expect(f(neighbour)).toBeGreaterThan(value);
        }
      }
      if (!global || point.length > 3) continue;
      const steps = [400, 60, 15][point.length - 1];
      const side = ([low, high]: readonly [number, number]) =>
        Array.from({ length: steps + 1 }, (_, k) => low + ((high - low) * k) / steps);
      const grid = domain.reduce<number[][]>(
        (rows, range) => rows.flatMap((row) => side(range).map((x) => [...row, x])),
        [[]],
      );
      expect(Math.min(...grid.map(f))).toBeGreaterThanOrEqual(value - 1e-12 * Math.max(1, Math.abs(value)));
    }
    expect(minima.some(({ global }) => global)).toBe(minima.length > 0 && !surface.unbounded);
  });
});

describe('a search by SymPy and mpmath', () => {
  interface Found {
    readonly box: readonly [number, number][];
    readonly points: readonly { point: number[]; value: number; eigenvalues: number[] }[];
  }
  const golden = (readGolden('zoo.json') as { surfaces: Record<string, Found> }).surfaces;

  test.each(Object.entries(golden))('finds the same critical points of %s', (name, { box, points }) => {
    const surface = findSurface(name, box.length === 1 && name !== 'forrester' ? { n: 1 } : {});
    const near = (a: Point, b: Point) =>
      a.every((x, i) => Math.abs(x - b[i]) <= 1e-12 * Math.max(1, Math.abs(x)));
    const inBox = (point: Point) => point.every((x, i) => x >= box[i][0] && x <= box[i][1]);
    for (const { point, value, kind } of surface.criticalPoints) {
      if (!inBox(point)) continue;
      const twin = points.find((found) => near(found.point, point));
      expect(twin, `${point.join(', ')} is none`).toBeDefined();
      if (twin === undefined) continue;
      expect(Math.abs(twin.value - value)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(value)));
      // Of Forrester's inflection the eigenvalue is 0.
      if (Math.abs(twin.eigenvalues[0]) < 1e-9) continue;
      const isMinimum = twin.eigenvalues[0] > 0;
      const isMaximum = twin.eigenvalues[twin.eigenvalues.length - 1] < 0;
      expect(kind).toBe(isMinimum ? 'minimum' : isMaximum ? 'maximum' : 'saddle');
    }
    if (surface.complete)
      expect(surface.criticalPoints.filter(({ point }) => inBox(point))).toHaveLength(points.length);
  });
});

describe('findSurface', () => {
  test('does not mind case, spaces and hyphens', () => {
    expect(findSurface('Six hump_CAMEL').name).toBe('six-hump-camel');
  });

  test('names are all different', () => {
    const names = surfaces().map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  test.each<[string, Record<string, number>, string]>([
    ['rosenbrok', {}, 'unknown surface "rosenbrok"; did you mean "rosenbrock"?'],
    ['rosenbrock', { n: 1 }, 'rosenbrock: n is 1; it must be a whole number from 2 to 1000000'],
    ['rosenbrock', { n: 2.5 }, 'it must be a whole number'],
    ['ravine', { kappa: NaN }, 'ravine: kappa is NaN; it must be a number from 1 to 1000000000000'],
    ['a-k', { s: 0 }, 'a-k: s is 0; it must be -1 or 1'],
    ['ravine', { m: 1 }, 'ravine: there is no parameter m; it has n, kappa'],
    ['beale', { n: 1 }, 'beale: there is no parameter n; it has none'],
  ])('%s %o is refused', (name, parameters, message) => {
    expect(() => findSurface(name, parameters)).toThrow(message);
  });
});
