import { minimum, mirrored, repeated, saddle } from './points.js';
import { surface } from './surface.js';

const condition = { default: 100, least: 1, most: 1e12 };
const count = { default: 2, least: 2, most: 1_000_000, multipleOf: 1 };

/** s(1 − s) of the logistic function. */
function logisticSlope(x: number): number {
  const s = 1 / (1 + Math.exp(-x));
  return s * (1 - s);
}

export const ravineSurfaces = [
  surface({
    name: 'ravine',
    title: 'Ravine of condition number κ',
    formula: 'sum(kappa^((i-1)/(n-1))*x[i]^2, i, 1, n)/2',
    source: 'elementary; the Hessian has eigenvalues from 1 to κ in even steps of their logarithm',
    parameters: { n: count, kappa: condition },
    points: ({ n, kappa }) => ({
      domain: [-2, 2],
      starts: [repeated(1, n), repeated(0, n).fill(1, 0, 1)],
      criticalPoints: [
        minimum(repeated(0, n), 0, { eigenvalues: repeated(0, n).map((_, i) => kappa ** (i / (n - 1))) }),
      ],
      complete: true,
    }),
  }),
  surface({
    name: 'turned-ravine',
    title: 'Ravine of condition number κ, turned by θ',
    formula: '((cos(theta)*x + sin(theta)*y)^2 + kappa*(cos(theta)*y - sin(theta)*x)^2)/2',
    source: 'elementary',
    parameters: { kappa: condition, theta: { default: Math.PI / 6, least: -Math.PI, most: Math.PI } },
    points: ({ kappa }) => ({
      domain: [-2, 2],
      starts: [
        [1, 1],
        [-1.5, 1],
      ],
      criticalPoints: [minimum([0, 0], 0, { eigenvalues: [1, kappa] })],
      complete: true,
    }),
  }),
  surface({
    name: 'sigmoid-shelf',
    title: 'Sigmoid shelf of steepness s',
    formula: 'sigmoid(s*(x^2 + y^2 - 1))',
    source:
      'elementary; outside the unit circle a plateau whose slope falls like exp(−s r²), without a critical point',
    parameters: { s: { default: 2, least: 0.1, most: 20 } },
    points: ({ s }) => {
      const curvature = 2 * s * logisticSlope(-s);
      return {
        domain: [-3, 3],
        starts: [
          [1.5, 0.5],
          [2.5, 1],
        ],
        criticalPoints: [minimum([0, 0], 1 / (1 + Math.exp(s)), { eigenvalues: [curvature, curvature] })],
        complete: true,
      };
    },
  }),
  surface({
    name: 'flat-ridge',
    title: 'Flat ridge of slope ε',
    formula: '(y^2 - 1)^2/4 + epsilon*x^2',
    source: 'elementary; along y = 0 a ridge, nearly level, that leads to a saddle between two valleys',
    parameters: { epsilon: { default: 1e-3, least: 1e-12, most: 1 } },
    points: ({ epsilon }) => ({
      domain: [-2, 2],
      starts: [
        [1.5, 0],
        [1.5, 1e-6],
      ],
      criticalPoints: [
        saddle([0, 0], 0.25, { eigenvalues: [-1, 2 * epsilon] }),
        ...mirrored(minimum([0, 1], 0, { eigenvalues: [2 * epsilon, 2] })),
      ],
      complete: true,
    }),
  }),
];
