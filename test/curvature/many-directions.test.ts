import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { classifyCriticalPoint } from '../../src/curvature/point/critical-point.js';
import { formula } from '../../src/formula/index.js';
import type { Tensor } from '../../src/graph/index.js';

/** What is known of a function before it is looked at: it is a sum of powers of independent linear forms. */
interface Built {
  readonly text: string;
  readonly powers: readonly { readonly sign: 1 | -1; readonly exponent: number }[];
}

const names = ['x', 'y', 'z', 'w'];

/** Σ ± ℓᵢᵉ for as many forms ℓᵢ as variables: the identity and small whole numbers beside it, rows and variables shuffled. */
const sums: fc.Arbitrary<Built> = fc.integer({ min: 1, max: 4 }).chain((size) =>
  fc
    .tuple(
      fc.array(
        fc.record({ sign: fc.constantFrom<1 | -1>(1, -1), exponent: fc.constantFrom(2, 3, 4, 4, 6) }),
        {
          minLength: size,
          maxLength: size,
        },
      ),
      fc.array(fc.integer({ min: -2, max: 2 }), { minLength: size * size, maxLength: size * size }),
      fc.shuffledSubarray(names.slice(0, size), { minLength: size }),
    )
    .map(([powers, entries, order]) => {
      const terms = powers.map(({ sign, exponent }, row) => {
        // A triangle with ones on the diagonal has full rank.
        const form = order.map((name, column) => {
          const factor = column === row ? 1 : column > row ? entries[row * size + column] : 0;
          return `(${factor})*${name}`;
        });
        return `(${sign})*(${form.join('+')})^${exponent}`;
      });
      return { text: terms.join('+'), powers };
    }),
);

/** In coordinates ℓᵢ the signs are those of the terms; odd powers have both. */
function kindOf({ powers }: Built): string {
  const isOdd = powers.some(({ exponent }) => exponent % 2 === 1);
  const [up, down] = [1, -1].map((side) => powers.some(({ sign }) => sign === side));
  const degenerate = powers.some(({ exponent }) => exponent > 2) ? 'degenerate-' : '';
  if (isOdd || (up && down)) return `${degenerate}saddle`;
  return `${degenerate}${up ? 'minimum' : 'maximum'}`;
}

test('sums of powers of independent linear forms: never wrong, and always said where one degree decides', () => {
  let said = 0;
  fc.assert(
    fc.property(sums, (built) => {
      const { evaluate, variables, value } = formula(built.text, {
        variables: names.slice(0, built.powers.length),
      });
      const report = classifyCriticalPoint(
        (x: Tensor) => evaluate(x),
        new Array<number>(variables.length).fill(0),
      );
      const want = kindOf(built);
      const exponents = new Set(
        built.powers.map(({ exponent }) => exponent).filter((exponent) => exponent > 2),
      );
      if (exponents.size <= 1 || (report.corank ?? 0) <= 2) expect(report.kind).toBe(want);
      else expect([want, 'unknown']).toContain(report.kind);
      expect(report.corank).toBe(built.powers.filter(({ exponent }) => exponent > 2).length);
      said += report.kind === 'unknown' ? 0 : 1;
      const { wayDown, point } = report;
      if (/saddle|maximum/.test(report.kind)) {
        const { direction = [], curve, until = 0 } = wayDown ?? {};
        const there = point.map((start, i) =>
          curve === undefined
            ? start + until * direction[i]
            : curve.coefficients[i].reduce((sum, c, k) => sum + c * until ** k, 0),
        );
        expect(value(there)).toBeLessThan(0);
      } else if (/minimum/.test(report.kind)) expect(wayDown).toBeUndefined();
    }),
    { numRuns: 150, seed: 6 },
  );
  expect(said).toBeGreaterThan(130);
});

// Even forms that touch zero, or have no other sign than one on lines: right or unknown, never wrong.
test.each([
  ['x^2*y^2 + y^2*z^2 + z^2*x^2', ['valley', 'unknown']],
  ['x^2*y^2*z^2', ['valley', 'unknown']],
  ['x^4*y^2 + x^2*y^4 + z^6 - 3*x^2*y^2*z^2', ['valley', 'unknown']],
  // With y = z = t it is x⁴ − 3x²t² + 4t⁴, whose discriminant is below zero.
  ['x^4 + y^4 + z^4 - 4*x^2*y*z + 2*y^2*z^2 + x^2*y^2', ['degenerate-minimum', 'unknown']],
  ['(x - y)^4 + (y - z)^4 + (x + z)^6', ['degenerate-minimum', 'unknown']],
  ['(x^2 + y^2 + z^2)*(z - x^2)*(z - 2*x^2)', ['degenerate-saddle', 'unknown']],
  ['(x^2 + y^2)*z^2 + (x^2 + y^2)^2 - z^8', ['degenerate-saddle', 'unknown']],
])('%s: no wrong verdict', (text, right) => {
  const { evaluate } = formula(text);
  expect(right).toContain(classifyCriticalPoint((x: Tensor) => evaluate(x), [0, 0, 0]).kind);
});

test.each([
  ['x^4 + y^4 + z^6', 'degenerate-minimum', 6, 'u^4 + v^4 + w^6'],
  ['x^4 + y^2*z^2 + z^6 + y^6', 'degenerate-minimum', 6, 'u^4 + v^2*w^2 + v^6 + w^6'],
  ['x^4 + y^4 - z^6', 'degenerate-saddle', 6, 'u^4 + v^4 - w^6'],
  ['x^4 + y^4 + 0*z', 'valley', 12, 'u^4 + v^4'],
  ['x^4 + y^4 + z^4 + 9*x*y*z^2', 'degenerate-saddle', 4, 'u^4 + v^4 + 9*u*v*w^2 + w^4'],
  ['(x^2 + y^2)*z^2 + (x^2 + y^2)^2 - z^8', 'degenerate-saddle', 4, undefined],
])('%s is a %s', (text, kind, order, reducedForm) => {
  const { evaluate } = formula(text);
  const report = classifyCriticalPoint((x: Tensor) => evaluate(x), [0, 0, 0]);
  expect(report).toMatchObject({ kind, order, corank: 3 });
  if (reducedForm !== undefined) expect(report.reducedForm).toBe(reducedForm);
});

test('what is not proven stays unknown, with what is known', () => {
  const { evaluate } = formula('x^2*y^2 + y^2*z^2 + z^2*x^2 + (x + y + z)^6');
  const { kind, evidence } = classifyCriticalPoint((x: Tensor) => evaluate(x), [0, 0, 0]);
  expect(kind).toBe('unknown');
  expect(evidence.join('; ')).toContain('begins with a form of degree 4, and lines show one sign of it');
});
