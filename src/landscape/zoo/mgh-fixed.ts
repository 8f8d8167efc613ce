import { bardData, gaussianData, kowalikData, meyerData, osborne1Data, osborne2Data } from './mgh-data.js';
import { exactly, type Optimum, type ProblemDefinition } from './least-squares.js';
import type { ParameterRange, Point } from './surface.js';

interface FixedProblem {
  readonly number: number;
  readonly name: string;
  readonly title: string;
  readonly source: string;
  readonly m: number | ParameterRange;
  readonly residuals: ProblemDefinition['residuals'];
  readonly data?: ProblemDefinition['data'];
  readonly start: Point;
  readonly optima: readonly Optimum[];
}

/** A problem with a fixed count of variables. */
function fixed({ m, start, optima, ...rest }: FixedProblem): ProblemDefinition {
  return {
    ...rest,
    n: exactly(start.length),
    m: () => m,
    uses: typeof m === 'number' ? [] : ['m'],
    start: () => start,
    optima: () => optima,
  };
}

/** Problems 1 to 19, each of a fixed count of variables. */
export const fixedProblems: readonly ProblemDefinition[] = [
  fixed({
    number: 1,
    name: 'rosenbrock',
    title: 'Rosenbrock',
    source: 'Rosenbrock 1960',
    m: 2,
    residuals: ['10*(x[2] - x[1]^2)', '1 - x[1]'],
    start: [-1.2, 1],
    optima: [{ value: 0, point: [1, 1] }],
  }),
  fixed({
    number: 2,
    name: 'freudenstein-roth',
    title: 'Freudenstein and Roth',
    source: 'Freudenstein and Roth 1963',
    m: 2,
    residuals: ['-13 + x[1] + ((5 - x[2])*x[2] - 2)*x[2]', '-29 + x[1] + ((x[2] + 1)*x[2] - 14)*x[2]'],
    start: [0.5, -2],
    optima: [
      { value: 0, point: [5, 4] },
      { value: 48.9842, point: [11.41277898690209, -0.8968052532744766] },
    ],
  }),
  fixed({
    number: 3,
    name: 'powell-badly-scaled',
    title: 'Powell badly scaled',
    source: 'Powell 1970',
    m: 2,
    residuals: ['1e4*x[1]*x[2] - 1', 'exp(-x[1]) + exp(-x[2]) - 1.0001'],
    start: [0, 1],
    optima: [{ value: 0, point: [1.098159329699776e-5, 9.10614673986687] }],
  }),
  fixed({
    number: 4,
    name: 'brown-badly-scaled',
    title: 'Brown badly scaled',
    source: 'Brown, unpublished',
    m: 3,
    residuals: ['x[1] - 1e6', 'x[2] - 2e-6', 'x[1]*x[2] - 2'],
    start: [1, 1],
    optima: [{ value: 0, point: [1e6, 2e-6] }],
  }),
  fixed({
    number: 5,
    name: 'beale',
    title: 'Beale',
    source: 'Beale 1958',
    m: 3,
    residuals: [{ each: 'y[i] - x[1]*(1 - x[2]^i)', index: 'i', from: 1, to: 3 }],
    data: { y: [1.5, 2.25, 2.625] },
    start: [1, 1],
    optima: [{ value: 0, point: [3, 0.5] }],
  }),
  fixed({
    number: 6,
    name: 'jennrich-sampson',
    title: 'Jennrich and Sampson',
    source: 'Jennrich and Sampson 1968',
    m: { default: 10, least: 2, most: 100, multipleOf: 1 },
    residuals: [{ each: '2 + 2*i - (exp(i*x[1]) + exp(i*x[2]))', index: 'i', from: 1, to: 'm' }],
    start: [0.3, 0.4],
    optima: [{ value: 124.362, point: [0.2578252136703641, 0.2578252136703641] }],
  }),
  fixed({
    number: 7,
    name: 'helical-valley',
    title: 'Helical valley',
    source: 'Fletcher and Powell 1963',
    m: 3,
    residuals: [
      '10*(x[3] - 10*if(x[1] > 0, atan(x[2]/x[1]), atan(x[2]/x[1]) + pi)/(2*pi))',
      '10*(hypot(x[1], x[2]) - 1)',
      'x[3]',
    ],
    start: [-1, 0, 0],
    optima: [{ value: 0, point: [1, 0, 0] }],
  }),
  fixed({
    number: 8,
    name: 'bard',
    title: 'Bard',
    source: 'Bard 1970',
    m: 15,
    residuals: [
      { each: 'y[i] - (x[1] + i/((16 - i)*x[2] + min(i, 16 - i)*x[3]))', index: 'i', from: 1, to: 15 },
    ],
    data: { y: bardData },
    start: [1, 1, 1],
    // The second is approached as x₂ and x₃ go to −∞.
    optima: [
      { value: 8.21487e-3, point: [0.08241055974978896, 1.133036092029722, 2.343695178642537] },
      { value: 17.4286 },
    ],
  }),
  fixed({
    number: 9,
    name: 'gaussian',
    title: 'Gaussian',
    source: 'Moré, Garbow and Hillstrom 1981',
    m: 15,
    residuals: [{ each: 'x[1]*exp(-x[2]*((8 - i)/2 - x[3])^2/2) - y[i]', index: 'i', from: 1, to: 15 }],
    data: { y: gaussianData },
    start: [0.4, 1, 0],
    optima: [{ value: 1.12793e-8, point: [0.3989561378387567, 1.000019084487806, 0] }],
  }),
  fixed({
    number: 10,
    name: 'meyer',
    title: 'Meyer',
    source: 'Meyer 1970',
    m: 16,
    residuals: [{ each: 'x[1]*exp(x[2]/(45 + 5*i + x[3])) - y[i]', index: 'i', from: 1, to: 16 }],
    data: { y: meyerData },
    start: [0.02, 4000, 250],
    optima: [{ value: 87.9458, point: [0.005609636471028425, 6181.346346286318, 345.2236346241347] }],
  }),
  fixed({
    number: 11,
    name: 'gulf',
    title: 'Gulf research and development',
    // The paper prints |yᵢ m i x₂|, which contradicts its own minimum; later authors agree on |yᵢ − x₂|.
    source: 'Cox 1969, as corrected in the CUTEr collection',
    m: { default: 99, least: 3, most: 99, multipleOf: 1 },
    residuals: [
      {
        each: 'exp(-abs(25 + (-50*log(i/100))^(2/3) - x[2])^x[3]/x[1]) - i/100',
        index: 'i',
        from: 1,
        to: 'm',
      },
    ],
    start: [5, 2.5, 0.15],
    optima: [{ value: 0, point: [50, 25, 1.5] }],
  }),
  fixed({
    number: 12,
    name: 'box',
    title: 'Box three-dimensional',
    source: 'Box 1966',
    m: { default: 10, least: 3, most: 1000, multipleOf: 1 },
    residuals: [
      {
        each: 'exp(-i*x[1]/10) - exp(-i*x[2]/10) - x[3]*(exp(-i/10) - exp(-i))',
        index: 'i',
        from: 1,
        to: 'm',
      },
    ],
    start: [0, 10, 20],
    optima: [
      { value: 0, point: [1, 10, 1] },
      { value: 0, point: [10, 1, -1] },
      { value: 0, point: [1, 1, 0] },
    ],
  }),
  fixed({
    number: 13,
    name: 'powell-singular',
    title: 'Powell singular',
    source: 'Powell 1962',
    m: 4,
    residuals: ['x[1] + 10*x[2]', 'sqrt(5)*(x[3] - x[4])', '(x[2] - 2*x[3])^2', 'sqrt(10)*(x[1] - x[4])^2'],
    start: [3, -1, 0, 1],
    optima: [{ value: 0, point: [0, 0, 0, 0] }],
  }),
  fixed({
    number: 14,
    name: 'wood',
    title: 'Wood',
    source: 'Colville 1968',
    m: 6,
    residuals: [
      '10*(x[2] - x[1]^2)',
      '1 - x[1]',
      'sqrt(90)*(x[4] - x[3]^2)',
      '1 - x[3]',
      'sqrt(10)*(x[2] + x[4] - 2)',
      '(x[2] - x[4])/sqrt(10)',
    ],
    start: [-3, -1, -3, -1],
    optima: [{ value: 0, point: [1, 1, 1, 1] }],
  }),
  fixed({
    number: 15,
    name: 'kowalik-osborne',
    title: 'Kowalik and Osborne',
    source: 'Kowalik and Osborne 1968',
    m: 11,
    residuals: [
      { each: 'y[i] - x[1]*(u[i]^2 + u[i]*x[2])/(u[i]^2 + u[i]*x[3] + x[4])', index: 'i', from: 1, to: 11 },
    ],
    data: kowalikData,
    start: [0.25, 0.39, 0.415, 0.39],
    // The second is approached at infinity.
    optima: [
      {
        value: 3.07505e-4,
        point: [0.1928069345790379, 0.1912823287343662, 0.1230565069263207, 0.1360623306837944],
      },
      { value: 1.02734e-3 },
    ],
  }),
  fixed({
    number: 16,
    name: 'brown-dennis',
    title: 'Brown and Dennis',
    source: 'Brown and Dennis 1971',
    m: { default: 20, least: 4, most: 1000, multipleOf: 1 },
    residuals: [
      {
        each: '(x[1] + i/5*x[2] - exp(i/5))^2 + (x[3] + x[4]*sin(i/5) - cos(i/5))^2',
        index: 'i',
        from: 1,
        to: 'm',
      },
    ],
    start: [25, 5, -5, -1],
    optima: [
      {
        value: 85822.2,
        point: [-11.59443990476216, 13.2036300512072, -0.4034394881768596, 0.2367787744557363],
      },
    ],
  }),
  fixed({
    number: 17,
    name: 'osborne-1',
    title: 'Osborne 1',
    source: 'Osborne 1972',
    m: 33,
    residuals: [
      {
        each: 'y[i] - (x[1] + x[2]*exp(-10*(i - 1)*x[4]) + x[3]*exp(-10*(i - 1)*x[5]))',
        index: 'i',
        from: 1,
        to: 33,
      },
    ],
    data: { y: osborne1Data },
    start: [0.5, 1.5, -1, 0.01, 0.02],
    optima: [
      {
        value: 5.46489e-5,
        point: [
          0.3754100521069521, 1.935846912712368, -1.464687136613424, 0.01286753464005729, 0.02212269966167261,
        ],
      },
    ],
  }),
  fixed({
    number: 18,
    name: 'biggs-exp6',
    title: 'Biggs EXP6',
    source: 'Biggs 1971',
    m: { default: 13, least: 6, most: 1000, multipleOf: 1 },
    residuals: [
      {
        each: 'x[3]*exp(-i*x[1]/10) - x[4]*exp(-i*x[2]/10) + x[6]*exp(-i*x[5]/10) - (exp(-i/10) - 5*exp(-i) + 3*exp(-4*i/10))',
        index: 'i',
        from: 1,
        to: 'm',
      },
    ],
    start: [1, 2, 1, 1, 1, 1],
    optima: [{ value: 0, point: [1, 10, 1, 5, 4, 3] }, { value: 5.65565e-3 }],
  }),
  fixed({
    number: 19,
    name: 'osborne-2',
    title: 'Osborne 2',
    source: 'Osborne 1972',
    m: 65,
    residuals: [
      {
        each: 'y[i] - (x[1]*exp(-(i-1)/10*x[5]) + x[2]*exp(-((i-1)/10 - x[9])^2*x[6]) + x[3]*exp(-((i-1)/10 - x[10])^2*x[7]) + x[4]*exp(-((i-1)/10 - x[11])^2*x[8]))',
        index: 'i',
        from: 1,
        to: 65,
      },
    ],
    data: { y: osborne2Data },
    start: [1.3, 0.65, 0.65, 0.7, 0.6, 3, 5, 7, 2, 4.5, 5.5],
    optima: [
      {
        value: 4.01377e-2,
        point: [
          1.309977154627301, 0.4315537946029889, 0.633661698960724, 0.5994305347859162, 0.7541832263280112,
          0.9042885798596342, 1.365811835237028, 4.823698817227158, 2.398684866131755, 4.568874597667672,
          5.675341470580642,
        ],
      },
    ],
  }),
];
