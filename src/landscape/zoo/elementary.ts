import { maximum, minimum, mirrored, repeated, saddle } from './points.js';
import { surface } from './surface.js';

const square = [-2, 2] as const;

/** Where cos x / x has a zero derivative, and its value there. */
const quotientExtremes = [
  { x: 2.798386045783887, value: -0.33650841691839534 },
  { x: 6.1212504668980685, value: 0.16122803432506397 },
];
/** Where sin y / y has one beside 0, and its value there. */
const sineExtreme = { y: 4.493409457909064, value: -0.21723362821122166 };

/** Products of critical points of cos x / x and sin y / y, and of zeros of both. */
function quotientPoints() {
  const extremes = quotientExtremes.flatMap(({ x, value }) =>
    [-x, x].flatMap((at) => {
      const across = at < 0 ? -value : value;
      const valueAt = (factor: number) => across * factor;
      // ∂²/∂x² of cos x / x where its derivative is 0 is −cos x / x; ∂²/∂y² of sin y / y is −1/3 at 0 and −sin y / y elsewhere.
      return [0, -sineExtreme.y, sineExtreme.y].map((y) => {
        const along = y === 0 ? 1 : sineExtreme.value;
        const eigenvalues = [-across * along, y === 0 ? -across / 3 : -across * along].sort((a, b) => a - b);
        const kind = eigenvalues[0] > 0 ? minimum : maximum;
        return kind([at, y], valueAt(along), { eigenvalues });
      });
    }),
  );
  const zeros = [Math.PI / 2, (3 * Math.PI) / 2].flatMap((x) =>
    [Math.PI, 2 * Math.PI].flatMap((y) => {
      // The only second derivative is the mixed one, (−sin x / x)(cos y / y).
      const slope = 1 / (x * y);
      return mirrored(saddle([x, y], 0, { eigenvalues: [-slope, slope] }));
    }),
  );
  return [...extremes, ...zeros];
}

export const elementarySurfaces = [
  surface({
    name: 'parabola',
    title: 'x²',
    formula: 'x^2',
    source: 'elementary',
    points: {
      domain: square,
      starts: [[1]],
      criticalPoints: [minimum([0], 0, { eigenvalues: [2] })],
      complete: true,
    },
  }),
  surface({
    name: 'inflection',
    title: 'x³',
    formula: 'x^3',
    source: 'elementary; A₂ in one variable',
    points: {
      domain: square,
      starts: [[1]],
      criticalPoints: [saddle([0], 0, { eigenvalues: [0], degenerate: true, singularity: 'A2' })],
      complete: true,
    },
  }),
  surface({
    name: 'sheared-saddle',
    title: 'x² − xy',
    formula: 'x^2 - x*y',
    source: 'elementary',
    points: {
      domain: square,
      starts: [
        [1, 0.5],
        [1, 1],
      ],
      criticalPoints: [saddle([0, 0], 0, { eigenvalues: [1 - Math.SQRT2, 1 + Math.SQRT2] })],
      complete: true,
    },
  }),
  surface({
    name: 'saddle',
    title: 'x² − y²',
    formula: 'x^2 - y^2',
    source: 'elementary',
    points: {
      domain: square,
      starts: [
        [1, 0],
        [1, 1e-3],
      ],
      criticalPoints: [saddle([0, 0], 0, { eigenvalues: [-2, 2] })],
      complete: true,
    },
  }),
  surface({
    name: 'cosine-sine-quotients',
    title: '(cos x / x)(sin y / y)',
    formula: '(cos(x)/x)*(sin(y)/y)',
    source: 'elementary; a pole at x = 0, where it is unbounded below on both sides',
    points: {
      domain: [-7, 7],
      starts: [
        [1, 0.5],
        [2, 2],
        [-5, 1],
        [-2, 4],
      ],
      criticalPoints: quotientPoints(),
      complete: true,
      unbounded: true,
    },
  }),
  surface({
    name: 'sphere',
    title: 'Sphere',
    formula: 'sum(x[i]^2, i, 1, n)',
    source: 'De Jong 1975, function 1',
    parameters: { n: { default: 2, least: 1, most: 1_000_000, multipleOf: 1 } },
    points: ({ n }) => ({
      domain: [-5.12, 5.12],
      starts: [repeated(1, n)],
      criticalPoints: [minimum(repeated(0, n), 0, { eigenvalues: repeated(2, n) })],
      complete: true,
    }),
  }),
  surface({
    name: 'double-well',
    title: 'Double well',
    formula: 'x^4/4 - x^2/2 + y^2/2',
    source: 'elementary',
    points: {
      domain: square,
      starts: [
        [0, 1],
        [1e-3, 1],
        [0.5, 1],
      ],
      criticalPoints: [
        saddle([0, 0], 0, { eigenvalues: [-1, 1] }),
        ...mirrored(minimum([1, 0], -0.25, { eigenvalues: [1, 2] })),
      ],
      complete: true,
    },
  }),
];
