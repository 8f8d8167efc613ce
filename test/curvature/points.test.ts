import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  classifyCriticalPoint,
  pointClassifier,
  type PointReport,
} from '../../src/curvature/point/critical-point.js';
import { classifyLargePoint } from '../../src/curvature/point/large-point.js';
import { formula } from '../../src/formula/index.js';
import { ndarray, type Tensor } from '../../src/graph/index.js';
import { surfaceFormula, surfaces } from '../../src/landscape/zoo/index.js';
import { toTensor } from '../../src/ops/index.js';
import { Generator } from '../../src/random/index.js';

const survey = (text: string, point: readonly number[]): PointReport => {
  const { evaluate } = formula(text);
  return classifyCriticalPoint((x: Tensor) => evaluate(x), point);
};

/** The value along the way down, by the plain evaluator of formulas: it knows nothing of series. */
function falls(value: (point: number[]) => number, { point, wayDown }: PointReport): number {
  if (wayDown === undefined) return 0;
  const { direction, curve, until } = wayDown;
  const at = (t: number) =>
    point.map((start, i) =>
      curve === undefined
        ? start + t * (direction?.[i] ?? 0)
        : formula(curve.text[i], { variables: ['t'] }).value([t]),
    );
  return value(at(0)) - value(at(until));
}

describe('every known critical point of the zoo', () => {
  const small = surfaces().filter(
    ({ variables, criticalPoints }) => variables.length <= 200 && criticalPoints.length > 0,
  );
  test.each(small.map((surface) => [surface.name, surface] as const))('%s', (_, surface) => {
    const f = surfaceFormula(surface);
    const classify = pointClassifier((x: Tensor) => f.evaluate(x), surface.variables.length);
    for (const known of surface.criticalPoints.slice(0, 40)) {
      const report = classify(known.point);
      const isValley =
        known.degenerate === true && known.singularity === undefined && known.kind === 'minimum';
      const kind = isValley ? 'valley' : known.degenerate === true ? `degenerate-${known.kind}` : known.kind;
      expect(report.kind).toBe(kind);
      if (known.singularity !== undefined) expect(report.singularity).toBe(known.singularity);
      known.eigenvalues?.forEach((value, j) => {
        // The points are known to about 16 digits, their eigenvalues to some fewer where the third derivatives are large.
        expect(Math.abs(report.eigenvalues[j] - value)).toBeLessThan(1e-7 * Math.max(1, Math.abs(value)));
      });
      const hasWay = known.kind !== 'minimum';
      expect(report.wayDown === undefined).toBe(!hasWay);
      if (hasWay) expect(falls((point) => f.value(point), report)).toBeGreaterThan(0);
    }
  });
});

describe('what the issue names', () => {
  test('x² − y²', () => {
    const { kind, eigenvalues, wayDown } = survey('x^2 - y^2', [0, 0]);
    expect(kind).toBe('saddle');
    expect(eigenvalues).toEqual([-2, 2]);
    expect(wayDown).toMatchObject({ direction: [0, 1] });
  });

  test('x² − xy has the eigenvalues 1 ± √2', () => {
    const [low, high] = survey('x^2 - x*y', [0, 0]).eigenvalues;
    expect(low).toBeCloseTo(1 - Math.SQRT2, 14);
    expect(high).toBeCloseTo(1 + Math.SQRT2, 14);
  });

  test('Peano’s surface goes down on a parabola between the two', () => {
    const { kind, singularity, order, corank, reducedForm, wayDown } = survey(
      '(y - x^2)*(y - 2*x^2)',
      [0, 0],
    );
    expect({ kind, singularity, order, corank, reducedForm }).toEqual({
      kind: 'degenerate-saddle',
      singularity: 'A3−',
      order: 4,
      corank: 1,
      reducedForm: '-0.25*u^4',
    });
    const [x, y] = wayDown?.curve?.coefficients ?? [];
    expect(x).toEqual([0, 1, 0]);
    expect(y[2]).toBeGreaterThan(1);
    expect(y[2]).toBeLessThan(2);
    expect(wayDown?.decrease).toBe(0.25);
  });

  test.each([
    ['x^3 - 3*x*y^2', 'degenerate-saddle', 'D4−', 'u^3 - 3*u*v^2'],
    ['x^4 + y^4', 'degenerate-minimum', 'X9', 'u^4 + v^4'],
    ['x^2 + y^3', 'degenerate-saddle', 'A2', 'u^3'],
    ['x^5 - y^2', 'degenerate-saddle', 'A4', 'u^5'],
    ['x^2*y^2', 'valley', undefined, 'u^2*v^2'],
    ['-(x + y^2)^2', 'ridge', undefined, '0'],
    ['x^2 + y^20', 'degenerate-minimum', 'A19+', 'u^20'],
    ['x^2 - y^2 + z^4', 'degenerate-saddle', 'A3+', 'u^4'],
    ['x^2*y + y^12', 'degenerate-saddle', 'D13+', 'u^2*v + v^12'],
    ['x^4 - 1e-10*x^2', 'maximum', 'A1', undefined],
    ['cos(x)*cosh(y)', 'saddle', 'A1', undefined],
    ['x^3 + y^3 + z^3', 'degenerate-saddle', undefined, 'u^3 + v^3 + w^3'],
    ['x^4 + y^4 + z^4', 'degenerate-minimum', undefined, 'u^4 + v^4 + w^4'],
    ['(x + y + z + w)^2', 'valley', undefined, '0'],
  ])('%s at 0', (text, kind, singularity, form) => {
    const report = survey(text, new Array<number>(formula(text).variables.length).fill(0));
    expect(report).toMatchObject({ kind });
    expect(report.singularity).toBe(singularity);
    expect(report.reducedForm).toBe(form);
  });

  test('a flat function that is no valley stays unknown', () => {
    const { kind } = survey('y^2 + x^80', [0, 0]);
    expect(kind).toBe('unknown');
  });
});

describe('the same point in other words', () => {
  const texts = [
    'x^2 - y^2',
    'x^3 - 3*x*y^2',
    '(y - x^2)*(y - 2*x^2)',
    'x^2*y^2',
    'x^4 + y^4',
    '(x^2 + y - 1)^2',
    'x^3 + x*y^3',
  ];

  test('renamed, rotated and scaled', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...texts),
        fc.integer({ min: 0, max: 628 }).map((hundredths) => hundredths / 100),
        fc.constantFrom(1e-6, 0.01, 1, 30, 1e6),
        fc.constantFrom(1e-3, 0.1, 1, 1e3),
        fc.boolean(),
        (text, angle, across, ratio, swapped) => {
          const along = ratio * across;
          const { evaluate } = formula(text);
          const point = text.includes('- 1') ? [0, 1] : [0, 0];
          const want = classifyCriticalPoint((x: Tensor) => evaluate(x), point);
          const [c, s] = [Math.cos(angle), Math.sin(angle)];
          const rows = [c * across, -s * along, s * across, c * along];
          const matrix = ndarray(
            Float64Array.from(swapped ? [rows[1], rows[0], rows[3], rows[2]] : rows),
            [2, 2],
          );
          const turned = (x: Tensor) =>
            evaluate(
              toTensor('test', matrix)
                .matmul(x.reshape([2, 1]))
                .reshape([2]),
            );
          const [p, q] = [(c * point[0] + s * point[1]) / across, (-s * point[0] + c * point[1]) / along];
          const got = classifyCriticalPoint(turned, swapped ? [q, p] : [p, q]);
          expect({ kind: got.kind, name: got.singularity, corank: got.corank }).toEqual({
            kind: want.kind,
            name: want.singularity,
            corank: want.corank,
          });
        },
      ),
      { numRuns: 150, seed: 3 },
    );
  });
});

describe('points given with some digits', () => {
  test.each([
    ['(x^2 + y - 11)^2 + (x + y^2 - 7)^2', [3.5844283403, -1.8481265269], 'minimum', 'A1'],
    ['(x - 1)^4 + y^2', [1 + 1e-9, 1e-9], 'degenerate-minimum', 'A3+'],
    ['(x - 1)^3 + y^2', [1 - 1e-9, 1e-9], 'degenerate-saddle', 'A2'],
    ['x^4 + y^2', [1e-9, 0], 'degenerate-minimum', 'A3+'],
    ['(x - 0.3)^5 - y^2', [0.3 + 1e-9, 0], 'degenerate-saddle', 'A4'],
    ['x^3 - 3*x*y^2', [1e-9, -1e-9], 'degenerate-saddle', 'D4−'],
    ['(x - 2)^4 + (y + 1)^4', [2 + 1e-9, -1 - 1e-9], 'degenerate-minimum', 'X9'],
    ['(x^2 + y^2 - 1)^2', [0.6 + 1e-9, 0.8], 'valley', undefined],
  ])('%s', (text, point, kind, singularity) => {
    const report = survey(text, point);
    expect(report).toMatchObject({ kind });
    expect(report.singularity).toBe(singularity);
    expect(report.evidence[0]).toMatch(/^the critical point is .* away from the point given$/);
    expect(Math.hypot(...report.point.map((value, i) => value - point[i]))).toBeLessThan(1e-8);
  });

  // The point is not known as well as the structure beside it is fine: no class may be made up of what is left of it.
  test.each([
    ['(x^2 - y^3)^2', ['valley', 'unknown', 'regular']],
    ['-(x^2 - y^3)^2', ['ridge', 'unknown', 'regular']],
    ['(x^3 - y^4)^2', ['valley', 'unknown', 'regular']],
    ['x^2*y^2 - y^6', ['degenerate-saddle', 'unknown', 'regular']],
    ['x^4 + y^6', ['degenerate-minimum', 'unknown', 'regular']],
  ])('beside the singular point of %s no verdict is wrong', (text, right) => {
    const generator = new Generator(9).fork(text);
    const { evaluate } = formula(text);
    const classify = pointClassifier((x: Tensor) => evaluate(x), 2);
    for (const offset of [1e-6, 1e-7, 1e-8, 1e-9, 1e-12]) {
      for (let k = 0; k < 3; k++) {
        const report = classify([offset * (2 * generator.uniform() - 1), offset * generator.uniform()]);
        expect(right).toContain(report.kind);
        expect(report.singularity).toBeUndefined();
      }
    }
  });

  test('a verdict that holds at the point found only is not given', () => {
    // −x⁴ counts from 1e-10 on, but 1e-9 away x⁶ is what a point given to nine digits shows.
    const { kind, evidence } = survey('x^6 - 1e-20*x^4', [1e-9]);
    expect(kind).toBe('unknown');
    expect(evidence.join()).toContain('give it with more digits');
  });

  test('what is no critical point is regular, with the way down along the gradient', () => {
    const { kind, gradientNorm, wayDown, evidence } = survey('x^2 + y^4', [3, 0]);
    expect({ kind, gradientNorm }).toEqual({ kind: 'regular', gradientNorm: 6 });
    expect(wayDown?.direction).toEqual([-1, 0]);
    expect(evidence).toEqual([
      expect.stringMatching(/^the gradient is not zero: its norm is 6, /),
      'no critical point was found within 0.000003 of it',
    ]);
  });
});

describe('beyond the range of numbers', () => {
  test('a rotation by 1e-306 of x²y² is still a valley, or unknown', () => {
    const report = survey('(x + 1e-306*y)^2*(y - 1e-306*x)^2', [0, 0]);
    expect(['valley', 'unknown']).toContain(report.kind);
  });

  test('a gradient that underflows proves no minimum', () => {
    expect(survey('x^4 + y^4', [1e-120, -1e-120])).toMatchObject({
      kind: 'degenerate-minimum',
      singularity: 'X9',
    });
  });

  test('units far apart do not hide root lines', () => {
    expect(survey('(x^2 - 1e8*y^2)^2', [0, 0]).kind).toBe('valley');
    expect(survey('(x^2 - 1e16*y^4)^2', [0, 0]).kind).toBe('valley');
    expect(survey('x^4 - 2.1e12*x^2*y^3 + 1e24*y^6', [0, 0]).kind).toBe('degenerate-saddle');
  });
});

describe('bad input', () => {
  test('a kink is said and not classified', () => {
    const { kind, evidence, eigenvalues } = survey('abs(x) + y^2', [0, 0]);
    expect(kind).toBe('unknown');
    expect(eigenvalues).toEqual([]);
    expect(evidence).toEqual([
      'the function is not smooth at this point and is not classified: it has no derivatives here: |x| at 0',
    ]);
    expect(survey('abs(x)^3 + y^2', [1, 0]).kind).toBe('regular');
  });

  test.each([
    ['log(x) + y^2', [-1, 0], 'the function is not a number at (-1, 0): the point is outside of its domain'],
    ['cos(x)/x*(sin(y)/y)', [0, 1], 'the function is infinite at (0, 1)'],
    ['x^2 + y^2', [NaN, 1], 'the point (NaN, 1) is not finite'],
    ['x^2 + y^2', [1], 'the point has 1 numbers; it must have 2'],
  ])('%s at %o', (text, point, message) => {
    const { evaluate, variables } = formula(text);
    expect(() => pointClassifier((x: Tensor) => evaluate(x), variables.length)(point)).toThrow(message);
  });

  test('more variables than the exact methods carry', async () => {
    const many = (text: string) => {
      const { evaluate } = formula(text);
      return (x: Tensor) => evaluate(x);
    };
    const zeros = new Float64Array(300);
    expect(() => pointClassifier(many('sum(x[i]^2, i, 1, 300)'), 300)).toThrow('300 variables');
    const bowl = await classifyLargePoint(many('sum(i*x[i]^2, i, 1, 300)'), zeros);
    expect(bowl.kind).toBe('minimum');
    expect(bowl.evidence[0]).toContain(
      '300 variables: power series and all second derivatives are taken of up to 200',
    );
    const saddle = await classifyLargePoint(many('sum((i - 3.5)*x[i]^2, i, 1, 300)'), zeros);
    expect(saddle.kind).toBe('saddle');
    expect(saddle.eigenvalues[0]).toBeCloseTo(-5, 6);
    expect(saddle.wayDown?.decrease).toBeGreaterThan(0);
    expect(
      (await classifyLargePoint(many('sum(x[i]^2, i, 1, 300)'), new Float64Array(300).fill(1))).kind,
    ).toBe('regular');
    expect((await classifyLargePoint(many('sum(x[i]^4, i, 1, 300)'), zeros)).kind).toBe('unknown');
  });
});
