import type { CriticalPoint } from './surface.js';
import { alternating, maximum, minimum, mirrored, repeated, saddle, separable } from './points.js';
import { surface } from './surface.js';

const count = { default: 2, least: 1, most: 1_000_000, multipleOf: 1 };
const atLeastTwo = { ...count, least: 2 };

/** The second minimum of Rosenbrock's function, which it has from four variables on. */
const rosenbrockSecond: Readonly<Record<number, CriticalPoint>> = {
  4: minimum(
    [-0.775659226565352625, 0.61309336548504346, 0.382062846338393148, 0.145972018552194615],
    3.7014286104300173,
  ),
  5: minimum(
    [
      -0.962051020694750161, 0.935739395976710011, 0.880713604194320589, 0.777877675854406326,
      0.605093678592652838,
    ],
    3.93083943413302808,
  ),
  6: minimum(
    [
      -0.986574979570993729, 0.983398228836181748, 0.972106670053091911, 0.947437436826436013,
      0.898651184851729634, 0.807573952035417546,
    ],
    3.97394050093029491,
  ),
  7: minimum(
    [
      -0.99172257256140554, 0.993555393503371264, 0.992173321594692116, 0.986898762690313917,
      0.975164756608873041, 0.951431982704992671, 0.905222817713953473,
    ],
    3.98360053642485396,
  ),
};

const rastriginStationary = [
  { at: -0.9949586376523348, value: 0.9949590570932914, curvature: 396.5861378338349 },
  { at: -0.5025460365546747, value: 20.251272990990113, curvature: -392.7336623081164 },
  { at: 0, value: 0, curvature: 2 + 40 * Math.PI ** 2 },
  { at: 0.5025460365546747, value: 20.251272990990113, curvature: -392.7336623081164 },
  { at: 0.9949586376523348, value: 0.9949590570932914, curvature: 396.5861378338349 },
];

const styblinskiTangStationary = [
  { at: -2.903534027771177, value: -39.16616570377141, curvature: 34.583059102550685 },
  { at: 0.1567312567803401, value: 0.19561235905535806, curvature: -15.85261187888833 },
  { at: 2.746802770990837, value: -25.02944665528394, curvature: 29.269552776337644 },
];

const schwefelStationary = [
  { at: 420.96874635998202731, value: 0.000012727566293725213565, curvature: 0.25236706217264371257 },
  { at: -302.52493561191178377, value: 118.43834734200418979, curvature: 0.25328926601757640727 },
  { at: 203.8142526488944628, value: 217.13968211813920781, curvature: 0.25487078398319124323 },
];

/** In two variables, up to mirror images: |x|, |y| ≤ 5. */
const griewankPlane = [
  minimum([3.1400226338955397, 4.438444480920714], 0.007396040334115082),
  saddle([1.5723679104393218, 2.2225533025787545], 1.001851785452283),
  saddle([4.710820534479318, 2.2181104087569534], 1.0067816553099955),
  maximum([3.1431642363549055, 0], 2.0024686354182357),
  maximum([0, 4.447330275764381], 2.004939741946562),
];

export const manyVariableSurfaces = [
  surface({
    name: 'rosenbrock',
    title: 'Rosenbrock',
    formula: 'sum(100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2, i, 1, n-1)',
    source: 'Rosenbrock 1960; second minimum: Kok and Sandrock 2009',
    parameters: { n: atLeastTwo },
    points: ({ n }) => ({
      domain: [-2, 2],
      starts: [alternating([-1.2, 1], n), repeated(0, n)],
      criticalPoints: [
        minimum(
          repeated(1, n),
          0,
          n === 2 ? { eigenvalues: [400 / (501 + Math.sqrt(250601)), 501 + Math.sqrt(250601)] } : {},
        ),
        ...(Object.hasOwn(rosenbrockSecond, n) ? [rosenbrockSecond[n]] : []),
      ],
      complete: n === 2,
    }),
  }),
  surface({
    name: 'rastrigin',
    title: 'Rastrigin',
    formula: 'sum(x[i]^2 - 10*cos(2*pi*x[i]) + 10, i, 1, n)',
    source: 'Rastrigin 1974',
    parameters: { n: count },
    points: ({ n }) => ({
      domain: [-5.12, 5.12],
      starts: [alternating([2.3, -3.4], n)],
      criticalPoints: separable(Array.from({ length: n }, () => rastriginStationary)),
    }),
  }),
  surface({
    name: 'ackley',
    title: 'Ackley',
    formula: '20 + e - 20*exp(-0.2*sqrt(sum(x[i]^2, i, 1, n)/n)) - exp(sum(cos(2*pi*x[i]), i, 1, n)/n)',
    source: 'Ackley 1987',
    parameters: { n: count },
    points: ({ n }) => ({
      domain: [-5, 5],
      starts: [alternating([2.5, -1.7], n)],
      minima: [{ point: repeated(0, n), value: 0, at: 'kink' }],
    }),
  }),
  surface({
    name: 'styblinski-tang',
    title: 'Styblinski–Tang',
    formula: 'sum(x[i]^4 - 16*x[i]^2 + 5*x[i], i, 1, n)/2',
    source: 'Styblinski and Tang 1990',
    parameters: { n: count },
    points: ({ n }) => ({
      domain: [-5, 5],
      starts: [repeated(0, n), repeated(1, n)],
      criticalPoints: separable(Array.from({ length: n }, () => styblinskiTangStationary)),
      complete: n <= 6,
    }),
  }),
  surface({
    name: 'schwefel',
    title: 'Schwefel',
    formula: '418.9829*n - sum(x[i]*sin(sqrt(abs(x[i]))), i, 1, n)',
    source: 'Schwefel 1981, problem 2.26',
    parameters: { n: count },
    points: ({ n }) => ({
      domain: [-500, 500],
      starts: [repeated(100, n)],
      criticalPoints: separable(Array.from({ length: n }, () => schwefelStationary)),
    }),
  }),
  surface({
    name: 'griewank',
    title: 'Griewank',
    formula: '1 + sum(x[i]^2, i, 1, n)/4000 - prod(cos(x[i]/sqrt(i)), i, 1, n)',
    source: 'Griewank 1981',
    parameters: { n: count },
    points: ({ n }) => ({
      domain: [-5, 5],
      starts: [alternating([4, -3], n)],
      criticalPoints: [
        minimum(repeated(0, n), 0, {
          eigenvalues: Array.from({ length: n }, (_, i) => 1 / 2000 + 1 / (n - i)),
        }),
        ...(n === 2 ? griewankPlane.flatMap(mirrored) : []),
      ],
      complete: n === 2,
    }),
  }),
  surface({
    name: 'levy',
    title: 'Levy',
    formula:
      'sin(pi*(x[1]+3)/4)^2 + sum(((x[i]-1)/4)^2*(1 + 10*sin(pi*(x[i]+3)/4 + 1)^2), i, 1, n-1) + ((x[n]-1)/4)^2*(1 + sin(pi*(x[n]+3)/2)^2)',
    source: 'Levy and Montalvo 1985',
    parameters: { n: count },
    points: ({ n }) => ({
      domain: [-10, 10],
      starts: [alternating([-6, 5], n)],
      criticalPoints: [minimum(repeated(1, n), 0)],
    }),
  }),
  surface({
    name: 'zakharov',
    title: 'Zakharov',
    formula: 'sum(x[i]^2, i, 1, n) + sum(i*x[i]/2, i, 1, n)^2 + sum(i*x[i]/2, i, 1, n)^4',
    source: 'Zakharov 1969; Jamil and Yang 2013, function 173',
    parameters: { n: count },
    points: ({ n }) => ({
      domain: [-5, 10],
      starts: [alternating([8, -4], n)],
      criticalPoints: [
        minimum(repeated(0, n), 0, {
          eigenvalues: [...repeated(2, n - 1), 2 + (n * (n + 1) * (2 * n + 1)) / 12],
        }),
      ],
      complete: true,
    }),
  }),
  surface({
    name: 'dixon-price',
    title: 'Dixon–Price',
    formula: '(x[1] - 1)^2 + sum(i*(2*x[i]^2 - x[i-1])^2, i, 2, n)',
    source: 'Dixon and Price 1989',
    parameters: { n: atLeastTwo },
    points: ({ n }) => {
      const point = Array.from({ length: n }, (_, i) => 2 ** (2 ** -i - 1));
      return {
        domain: [-3, 3],
        starts: [repeated(2, n), alternating([-1, 0.5], n)],
        criticalPoints: [
          minimum(point, 0),
          minimum(point.with(n - 1, -point[n - 1]), 0),
          ...(n === 2 ? [saddle([1 / 3, 0], 2 / 3, { eigenvalues: [-16 / 3, 6] })] : []),
        ],
        complete: n === 2,
      };
    },
  }),
  surface({
    name: 'trid',
    title: 'Trid',
    formula: 'sum((x[i] - 1)^2, i, 1, n) - sum(x[i]*x[i-1], i, 2, n)',
    source: 'Neumaier: global optimization test problems',
    parameters: { n: atLeastTwo },
    points: ({ n }) => ({
      domain: [-(n ** 2), n ** 2],
      starts: [repeated(0, n)],
      criticalPoints: [
        minimum(
          Array.from({ length: n }, (_, i) => (i + 1) * (n - i)),
          (-n * (n + 4) * (n - 1)) / 6,
          {
            eigenvalues: Array.from(
              { length: n },
              (_, i) => 4 * Math.sin(((i + 1) * Math.PI) / (2 * (n + 1))) ** 2,
            ),
          },
        ),
      ],
      complete: true,
    }),
  }),
];
