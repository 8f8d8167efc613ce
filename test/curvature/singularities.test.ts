import { describe, expect, test } from 'vitest';
import { pointClassifier, type PointReport } from '../../src/curvature/point/critical-point.js';
import { formula } from '../../src/formula/index.js';
import type { Tensor } from '../../src/graph/index.js';
import { concat } from '../../src/ops/index.js';
import { Generator, normal } from '../../src/random/index.js';

// Arnold's normal forms in random smooth coordinates (right-equivalence), with squares added, at random points: name and kind
// must be those of the normal form.

type Case = readonly [form: string, kind: string, singularity?: string];

const a = (k: number): Case[] =>
  k % 2 === 0
    ? [[`x^${k + 1}`, 'degenerate-saddle', `A${k}`]]
    : [
        [`x^${k + 1}`, 'degenerate-minimum', `A${k}+`],
        [`-x^${k + 1}`, 'degenerate-maximum', `A${k}−`],
      ];

const cases: readonly Case[] = [
  ...[2, 3, 4, 5, 6, 7, 8, 9].flatMap(a),
  ['x^2*y + y^3', 'degenerate-saddle', 'D4+'],
  ['x^2*y - y^3', 'degenerate-saddle', 'D4−'],
  ['x^2*y + y^4', 'degenerate-saddle', 'D5+'],
  ['x^2*y - y^4', 'degenerate-saddle', 'D5−'],
  ['x^2*y + y^5', 'degenerate-saddle', 'D6+'],
  ['x^2*y - y^5', 'degenerate-saddle', 'D6−'],
  ['x^3 + y^4', 'degenerate-saddle', 'E6'],
  ['x^3 + x*y^3', 'degenerate-saddle', 'E7'],
  ['x^3 + y^5', 'degenerate-saddle', 'E8'],
  ['x^4 + y^4', 'degenerate-minimum', 'X9'],
  ['x^2*y^2 - x^4 - 3*y^4', 'degenerate-maximum', 'X9'],
  ['x^4 - y^4', 'degenerate-saddle', 'X9'],
  ['x^4 + y^6', 'degenerate-minimum'],
  ['x^2*y^2 + x^6 + y^6', 'degenerate-minimum'],
  ['x^2*y^2 + x^6 - y^6', 'degenerate-saddle'],
  ['x^6 + y^6', 'degenerate-minimum'],
  ['(x^2 + y^2)^2', 'degenerate-minimum'],
  ['(x - y^2)^2', 'valley'],
  ['-(x + y^3)^2*(1 + y^2)', 'ridge'],
  ['x^2*y^2', 'valley'],
  ['x^4 + x*y^5', 'degenerate-saddle'],
  ['x^4 + y^4 + z^4', 'degenerate-minimum'],
  ['-x^4 - (y^2 + z^2)^2 - x^2*y*z', 'degenerate-maximum'],
  ['x^4 + y^4 - z^4', 'degenerate-saddle'],
  ['x*y*z', 'degenerate-saddle'],
  ['x^3 + y^3 + z^3 + x^2*y', 'degenerate-saddle'],
  ['x^4 + y^4 + z^4 + w^4', 'degenerate-minimum'],
];

interface Placed {
  readonly f: (x: Tensor) => Tensor;
  readonly point: number[];
  readonly squares: readonly number[];
}

/** The form of φ(x − p), φ(z) = (1 + R)·z + a quadratic map, plus squares of what φ has beyond the form's variables. */
function place(
  form: string,
  seed: number,
  extra: number,
  options: { bend: number; origin: boolean },
): Placed {
  const { evaluate, variables } = formula(form);
  const size = variables.length + extra;
  const generator = new Generator(seed).fork(`${form} ${extra}`);
  const numbers = (count: number, scale: number) =>
    Array.from(normal(generator, [count], { dtype: 'float64' }).data, (value) => scale * value);
  const linear = Array.from({ length: size }, (_, i) =>
    numbers(size, 0.3).map((value, j) => value + Number(i === j)),
  );
  const quadratic = Array.from({ length: size }, () => numbers(size * size, options.bend));
  const point = options.origin ? new Array<number>(size).fill(0) : numbers(size, 1);
  const squares = Array.from({ length: extra }, (_, k) => ((seed + k) % 2 === 0 ? 1 : -1) * (1 + k));
  const f = (x: Tensor): Tensor => {
    const z = point.map((value, i) =>
      x
        .slice([i], [i + 1])
        .reshape([])
        .sub(value),
    );
    const image = z.map((_, i) => {
      let sum = z[0].mul(linear[i][0]);
      for (let j = 1; j < size; j++) sum = sum.add(z[j].mul(linear[i][j]));
      for (let j = 0; j < size; j++) {
        for (let k = 0; k <= j; k++) sum = sum.add(z[j].mul(z[k]).mul(quadratic[i][j * size + k]));
      }
      return sum;
    });
    const core = concat(image.slice(0, variables.length).map((value) => value.reshape([1])));
    return squares.reduce(
      (sum, factor, k) => sum.add(image[variables.length + k].square().mul(factor)),
      evaluate(core),
    );
  };
  return { f, point, squares };
}

/** What squares make of a kind. */
function withSquares(kind: string, squares: readonly number[]): string {
  const [up, down] = [squares.some((value) => value > 0), squares.some((value) => value < 0)];
  const rises = up || ['degenerate-minimum', 'valley', 'degenerate-saddle'].includes(kind);
  const falls = down || ['degenerate-maximum', 'ridge', 'degenerate-saddle'].includes(kind);
  return rises && falls ? 'degenerate-saddle' : kind;
}

function expectCase([form, kind, singularity]: Case, { f, point, squares }: Placed): PointReport {
  const report = pointClassifier(f, point.length)(point);
  expect(report.kind).toBe(withSquares(kind, squares));
  if (singularity !== undefined) expect(report.singularity).toBe(singularity);
  expect(report.corank).toBe(
    formula(form).variables.length - (kind === 'ridge' || form === '(x - y^2)^2' ? 1 : 0),
  );
  if (/saddle|maximum|ridge/.test(report.kind)) expect(report.wayDown?.decrease).toBeGreaterThan(0);
  else expect(report.wayDown).toBeUndefined();
  return report;
}

describe.each(cases.map((one) => ({ form: one[0], kind: one[1], one })))(
  '$form is a $kind',
  ({ form, one }) => {
    test('as it stands', () => void expectCase(one, place(form, 0, 0, { bend: 0, origin: true })));

    test('in rotated and sheared coordinates, at any point', () => {
      for (const seed of [1, 2]) expectCase(one, place(form, seed, 0, { bend: 0, origin: false }));
    });

    test('in bent coordinates', () => {
      for (const seed of [3, 4]) expectCase(one, place(form, seed, 0, { bend: 0.2, origin: seed % 2 === 0 }));
    });

    test('with squares of one and of two more variables', () => {
      for (const extra of [1, 2]) expectCase(one, place(form, 5, extra, { bend: 0.2, origin: false }));
    });
  },
);
