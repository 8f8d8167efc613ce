import type { Optimum, ProblemDefinition } from './least-squares.js';
import { alternating, repeated } from './points.js';
import type { ParameterRange } from './surface.js';

function anyCount(usual: number, least = 1, multipleOf = 1): ParameterRange {
  return { default: usual, least, most: 100_000, multipleOf };
}

const asMany = (n: number) => n;
const rows: (n: number) => ParameterRange = (n) => ({
  default: 2 * n,
  least: n,
  most: 100_000,
  multipleOf: 1,
});
const atZero = (n: number): Optimum => ({ value: 0, point: repeated(0, n) });
const atOne = (n: number): Optimum => ({ value: 0, point: repeated(1, n) });
const counting = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

/** The published minima by the count of variables; none for others. */
function byCount(table: Readonly<Record<number, readonly Optimum[]>>): ProblemDefinition['optima'] {
  return ({ n }) => (Object.hasOwn(table, n) ? table[n] : []);
}

const boundaryStart = (n: number) => counting(n).map((i) => (i / (n + 1)) * (i / (n + 1) - 1));

/** Problems 20 to 35, whose count of variables can be chosen. */
export const variableProblems: readonly ProblemDefinition[] = [
  {
    number: 20,
    name: 'watson',
    title: 'Watson',
    source: 'Kowalik and Osborne 1968',
    n: { default: 6, least: 2, most: 31, multipleOf: 1 },
    m: () => 31,
    uses: ['n'],
    residuals: [
      {
        each: 'sum((j - 1)*x[j]*(i/29)^(j - 2), j, 2, n) - sum(x[j]*(i/29)^(j - 1), j, 1, n)^2 - 1',
        index: 'i',
        from: 1,
        to: 29,
      },
      'x[1]',
      'x[2] - x[1]^2 - 1',
    ],
    start: ({ n }) => repeated(0, n),
    optima: byCount({
      6: [
        {
          value: 2.28767e-3,
          point: [
            -0.01572508640145822, 1.01243486936911, -0.2329916259567382, 1.260430087799612,
            -1.513728922722284, 0.9929964324311369,
          ],
        },
      ],
      9: [
        {
          value: 1.39976e-6,
          point: [
            -1.530706416257412e-5, 0.9997897039348246, 0.01476396349126286, 0.1463423301460763,
            1.00082109454832, -2.61773112070487, 4.104403139433305, -3.143612262361966, 1.052626403787606,
          ],
        },
      ],
      12: [
        {
          value: 4.72238e-10,
          point: [
            -6.603460613619009e-9, 1.000001644117822, -0.0005639321477345158, 0.3478205400576383,
            -0.1567315003031981, 1.052815158529441, -3.247271095983006, 7.288434785206109, -10.27184810033988,
            9.074113538427717, -4.54137541970983, 1.012011879845035,
          ],
        },
      ],
    }),
  },
  {
    number: 21,
    name: 'extended-rosenbrock',
    title: 'Extended Rosenbrock',
    source: 'Spedicato 1975',
    n: anyCount(10, 2, 2),
    m: asMany,
    uses: ['n'],
    residuals: [
      { each: '10*(x[2*i] - x[2*i-1]^2)', index: 'i', from: 1, to: 'n/2' },
      { each: '1 - x[2*i-1]', index: 'i', from: 1, to: 'n/2' },
    ],
    start: ({ n }) => alternating([-1.2, 1], n),
    optima: ({ n }) => [atOne(n)],
  },
  {
    number: 22,
    name: 'extended-powell-singular',
    title: 'Extended Powell singular',
    source: 'Spedicato 1975',
    n: anyCount(12, 4, 4),
    m: asMany,
    uses: ['n'],
    residuals: [
      { each: 'x[4*i-3] + 10*x[4*i-2]', index: 'i', from: 1, to: 'n/4' },
      { each: 'sqrt(5)*(x[4*i-1] - x[4*i])', index: 'i', from: 1, to: 'n/4' },
      { each: '(x[4*i-2] - 2*x[4*i-1])^2', index: 'i', from: 1, to: 'n/4' },
      { each: 'sqrt(10)*(x[4*i-3] - x[4*i])^2', index: 'i', from: 1, to: 'n/4' },
    ],
    start: ({ n }) => alternating([3, -1, 0, 1], n),
    optima: ({ n }) => [atZero(n)],
  },
  {
    number: 23,
    name: 'penalty-1',
    title: 'Penalty I',
    source: 'Gill, Murray and Pitfield 1972',
    n: anyCount(10),
    m: (n) => n + 1,
    uses: ['n'],
    residuals: [
      { each: 'sqrt(1e-5)*(x[i] - 1)', index: 'i', from: 1, to: 'n' },
      'sum(x[j]^2, j, 1, n) - 1/4',
    ],
    start: ({ n }) => counting(n),
    optima: byCount({
      4: [{ value: 2.24997e-5, point: repeated(0.2500074995875379, 4) }],
      10: [{ value: 7.08765e-5, point: repeated(0.1581223011131163, 10) }],
    }),
  },
  {
    number: 24,
    name: 'penalty-2',
    title: 'Penalty II',
    source: 'Gill, Murray and Pitfield 1972',
    n: anyCount(10, 2),
    m: (n) => 2 * n,
    uses: ['n'],
    residuals: [
      'x[1] - 0.2',
      {
        each: 'sqrt(1e-5)*(exp(x[i]/10) + exp(x[i-1]/10) - exp(i/10) - exp((i-1)/10))',
        index: 'i',
        from: 2,
        to: 'n',
      },
      { each: 'sqrt(1e-5)*(exp(x[i]/10) - exp(-1/10))', index: 'i', from: 2, to: 'n' },
      'sum((n - j + 1)*x[j]^2, j, 1, n) - 1',
    ],
    start: ({ n }) => repeated(0.5, n),
    optima: byCount({
      4: [
        {
          value: 9.37629e-6,
          point: [0.1999993333503804, 0.1913167009927725, 0.4801014853326233, 0.5188454043902004],
        },
      ],
      10: [
        {
          value: 2.9366e-4,
          point: [
            0.1999836051978236, 0.0103506484712923, 0.01960493448043841, 0.03208906722068566,
            0.04993267739964131, 0.07651399515399361, 0.1186240728695042, 0.1921448723355767,
            0.3473205869418436, 0.3691643741593508,
          ],
        },
      ],
    }),
  },
  {
    number: 25,
    name: 'variably-dimensioned',
    title: 'Variably dimensioned',
    source: 'Moré, Garbow and Hillstrom 1981',
    n: anyCount(10),
    m: (n) => n + 2,
    uses: ['n'],
    residuals: [
      { each: 'x[i] - 1', index: 'i', from: 1, to: 'n' },
      'sum(j*(x[j] - 1), j, 1, n)',
      'sum(j*(x[j] - 1), j, 1, n)^2',
    ],
    start: ({ n }) => counting(n).map((i) => 1 - i / n),
    optima: ({ n }) => [atOne(n)],
  },
  {
    number: 26,
    name: 'trigonometric',
    title: 'Trigonometric',
    source: 'Spedicato 1975',
    n: anyCount(10),
    m: asMany,
    uses: ['n'],
    residuals: [
      { each: 'n - sum(cos(x[j]), j, 1, n) + i*(1 - cos(x[i])) - sin(x[i])', index: 'i', from: 1, to: 'n' },
    ],
    start: ({ n }) => repeated(1 / n, n),
    optima: ({ n }) => [
      atZero(n),
      ...(n === 10
        ? [
            {
              value: 2.79506e-5,
              point: [
                0.05515090398069162, 0.05684061679473886, 0.05876400176269556, 0.06099060865676106,
                0.06362621369585496, 0.0668431794527594, 0.2081615185698813, 0.1643630958856467,
                0.0850068956885084, 0.09143145071470786,
              ],
            },
          ]
        : []),
    ],
  },
  {
    number: 27,
    name: 'brown-almost-linear',
    title: 'Brown almost-linear',
    source: 'Brown 1969',
    n: anyCount(10, 2),
    m: asMany,
    uses: ['n'],
    residuals: [
      { each: 'x[i] + sum(x[j], j, 1, n) - (n + 1)', index: 'i', from: 1, to: 'n - 1' },
      'prod(x[j], j, 1, n) - 1',
    ],
    start: ({ n }) => repeated(0.5, n),
    optima: ({ n }) => [atOne(n), { value: 1, point: [...repeated(0, n - 1), n + 1] }],
  },
  {
    number: 28,
    name: 'discrete-boundary-value',
    title: 'Discrete boundary value',
    source: 'Moré and Cosnard 1979',
    n: anyCount(10),
    m: asMany,
    uses: ['n'],
    residuals: [
      {
        each: '2*x[i] - if(i > 1, x[i-1], 0) - if(i < n, x[i+1], 0) + (x[i] + i/(n+1) + 1)^3/(2*(n+1)^2)',
        index: 'i',
        from: 1,
        to: 'n',
      },
    ],
    start: ({ n }) => boundaryStart(n),
    optima: () => [{ value: 0 }],
  },
  {
    number: 29,
    name: 'discrete-integral-equation',
    title: 'Discrete integral equation',
    source: 'Moré and Cosnard 1979',
    n: { default: 10, least: 1, most: 200, multipleOf: 1 },
    m: asMany,
    uses: ['n'],
    residuals: [
      {
        each: 'x[i] + ((1 - i/(n+1))*sum(j/(n+1)*(x[j] + j/(n+1) + 1)^3, j, 1, i) + i/(n+1)*sum((1 - j/(n+1))*(x[j] + j/(n+1) + 1)^3, j, i+1, n))/(2*(n+1))',
        index: 'i',
        from: 1,
        to: 'n',
      },
    ],
    start: ({ n }) => boundaryStart(n),
    optima: () => [{ value: 0 }],
  },
  {
    number: 30,
    name: 'broyden-tridiagonal',
    title: 'Broyden tridiagonal',
    source: 'Broyden 1965',
    n: anyCount(10),
    m: asMany,
    uses: ['n'],
    residuals: [
      {
        each: '(3 - 2*x[i])*x[i] - if(i > 1, x[i-1], 0) - 2*if(i < n, x[i+1], 0) + 1',
        index: 'i',
        from: 1,
        to: 'n',
      },
    ],
    start: ({ n }) => repeated(-1, n),
    optima: () => [{ value: 0 }],
  },
  {
    number: 31,
    name: 'broyden-banded',
    title: 'Broyden banded',
    source: 'Broyden 1971',
    n: { default: 10, least: 1, most: 2000, multipleOf: 1 },
    m: asMany,
    uses: ['n'],
    residuals: [
      {
        each: 'x[i]*(2 + 5*x[i]^2) + 1 - sum(if(j == i, 0, x[j]*(1 + x[j])), j, max(1, i - 5), min(n, i + 1))',
        index: 'i',
        from: 1,
        to: 'n',
      },
    ],
    start: ({ n }) => repeated(-1, n),
    optima: () => [{ value: 0 }],
  },
  {
    number: 32,
    name: 'linear-full-rank',
    title: 'Linear, full rank',
    source: 'Moré, Garbow and Hillstrom 1981',
    n: anyCount(10),
    m: rows,
    uses: ['n', 'm'],
    residuals: [
      { each: 'x[i] - 2/m*sum(x[j], j, 1, n) - 1', index: 'i', from: 1, to: 'n' },
      { each: '-2/m*sum(x[j], j, 1, n) - 1', index: 'i', from: 'n + 1', to: 'm' },
    ],
    start: ({ n }) => repeated(1, n),
    optima: ({ n, m }) => [{ value: m - n, point: repeated(-1, n) }],
  },
  {
    number: 33,
    name: 'linear-rank-1',
    title: 'Linear, rank 1',
    source: 'Moré, Garbow and Hillstrom 1981',
    n: anyCount(10),
    m: rows,
    uses: ['n', 'm'],
    residuals: [{ each: 'i*sum(j*x[j], j, 1, n) - 1', index: 'i', from: 1, to: 'm' }],
    start: ({ n }) => repeated(1, n),
    // Every point with Σ j xⱼ = 3/(2m + 1).
    optima: ({ n, m }) => [
      { value: (m * (m - 1)) / (2 * (2 * m + 1)), point: [3 / (2 * m + 1), ...repeated(0, n - 1)] },
    ],
  },
  {
    number: 34,
    name: 'linear-rank-1-zeros',
    title: 'Linear, rank 1 with zero columns and rows',
    source: 'Moré, Garbow and Hillstrom 1981',
    n: anyCount(10, 3),
    m: rows,
    uses: ['n', 'm'],
    residuals: [
      '0*x[1] - 1',
      { each: '(i - 1)*sum(j*x[j], j, 2, n - 1) - 1', index: 'i', from: 2, to: 'm - 1' },
      '0*x[n] - 1',
    ],
    start: ({ n }) => repeated(1, n),
    // Every point with Σ j xⱼ = 3/(2m − 3), j from 2 to n − 1.
    optima: ({ n, m }) => [
      {
        value: (m ** 2 + 3 * m - 6) / (2 * (2 * m - 3)),
        point: [0, 3 / (2 * (2 * m - 3)), ...repeated(0, n - 2)],
      },
    ],
  },
  {
    number: 35,
    name: 'chebyquad',
    title: 'Chebyquad',
    source: 'Fletcher 1965',
    n: { default: 8, least: 1, most: 20, multipleOf: 1 },
    m: asMany,
    uses: ['n'],
    // The mean of the Chebyshev polynomial Tᵢ(2x − 1) over the points less its mean over [0, 1], which is 0 for odd i and
    // −1/(i² − 1) for even i; Tᵢ(u) = Σ (i over 2k) (u² − 1)ᵏ uⁱ⁻²ᵏ holds outside [−1, 1] too.
    residuals: [
      {
        each: 'sum(sum(prod((i - l + 1)/l, l, 1, 2*k)*(4*x[j]*(x[j] - 1))^k*(2*x[j] - 1)^(i - 2*k), k, 0, floor(i/2)), j, 1, n)/n + if(i == 2*floor(i/2), 1/(i^2 - 1), 0)',
        index: 'i',
        from: 1,
        to: 'n',
      },
    ],
    start: ({ n }) => counting(n).map((i) => i / (n + 1)),
    optima: ({ n }) => {
      if (n < 8 || n === 9) return [{ value: 0 }];
      return byCount({
        8: [
          {
            value: 3.51687e-3,
            point: [
              0.0431527601510166, 0.1930908403841861, 0.2663287068902729, 0.5, 0.5, 0.733671293109727,
              0.8069091596158139, 0.9568472398489833,
            ],
          },
        ],
        10: [
          {
            value: 6.50395e-3,
            point: [
              0.0596199005358127, 0.1667082818358614, 0.2391706589426085, 0.3988842923060445,
              0.3988842923060445, 0.6011157076939555, 0.6011157076939555, 0.7608293410573915,
              0.8332917181641386, 0.9403800994641873,
            ],
          },
        ],
      })({ n, m: n });
    },
  },
];
