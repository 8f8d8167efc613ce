import { maximum, minimum, saddle, separable } from './points.js';
import { surface } from './surface.js';

/** The point opposite, for surfaces with f(−x) = f(x). */
function withOpposite(point: ReturnType<typeof minimum>): ReturnType<typeof minimum>[] {
  return [point, { ...point, point: point.point.map((coordinate) => -coordinate) }];
}

const root3 = Math.sqrt(3);
const third = Math.PI / 3;
/** 10/(8π): the lowest value of Branin's function. */
const braninLow = 5 / (4 * Math.PI);

export const planeSurfaces = [
  surface({
    name: 'himmelblau',
    title: 'Himmelblau',
    formula: '(x^2 + y - 11)^2 + (x + y^2 - 7)^2',
    source: 'Himmelblau 1972',
    points: {
      domain: [-5, 5],
      starts: [
        [0, 0],
        [-1, -1],
        [-0.27, -0.92],
      ],
      criticalPoints: [
        minimum([3, 2], 0),
        minimum([-2.805118086952745, 3.131312518250573], 0),
        minimum([-3.779310253377747, -3.2831859912861696], 0),
        minimum([3.5844283403304917, -1.8481265269644036], 0),
        maximum([-0.2708445906673476, -0.9230385564799815], 181.6165215225827),
        saddle([-3.0730257507643897, -0.08135304428796751], 104.0151629175581),
        saddle([-0.12796134673068008, -1.9537149802445763], 178.33723920192747),
        saddle([0.08667750455539636, 2.884254701174776], 67.71915008752615),
        saddle([3.385154183607021, 0.07385187983774928], 13.31192627040559),
      ],
      complete: true,
    },
  }),
  surface({
    name: 'beale',
    title: 'Beale',
    formula: '(1.5 - x + x*y)^2 + (2.25 - x + x*y^2)^2 + (2.625 - x + x*y^3)^2',
    source: 'Beale 1958',
    points: {
      domain: [-4.5, 4.5],
      starts: [
        [1, 1],
        [-2, -2],
        [0, 2],
      ],
      criticalPoints: [
        minimum([3, 0.5], 0),
        saddle([0, 1], 14.203125, { eigenvalues: [-27.75, 27.75] }),
        saddle([0.10053793732415836, -2.644513585023125], 9.86451228475556),
      ],
      complete: true,
    },
  }),
  surface({
    name: 'booth',
    title: 'Booth',
    formula: '(x + 2*y - 7)^2 + (2*x + y - 5)^2',
    source: 'Booth 1949; Jamil and Yang 2013, function 17',
    points: {
      domain: [-10, 10],
      starts: [[-8, 5]],
      criticalPoints: [minimum([1, 3], 0, { eigenvalues: [2, 18] })],
      complete: true,
    },
  }),
  surface({
    name: 'matyas',
    title: 'Matyas',
    formula: '0.26*(x^2 + y^2) - 0.48*x*y',
    source: 'Hedar; Jamil and Yang 2013, function 71',
    points: {
      domain: [-10, 10],
      starts: [[-8, 5]],
      criticalPoints: [minimum([0, 0], 0, { eigenvalues: [0.04, 1] })],
      complete: true,
    },
  }),
  surface({
    name: 'goldstein-price',
    title: 'Goldstein–Price',
    formula:
      '(1 + (x + y + 1)^2*(19 - 14*x + 3*x^2 - 14*y + 6*x*y + 3*y^2))*(30 + (2*x - 3*y)^2*(18 - 32*x + 12*x^2 + 48*y - 36*x*y + 27*y^2))',
    source: 'Goldstein and Price 1971',
    points: {
      domain: [-2, 2],
      starts: [
        [-0.5, 0.25],
        [1.5, 1],
      ],
      criticalPoints: [
        minimum([0, -1], 3),
        minimum([-0.6, -0.4], 30),
        minimum([1.8, 0.2], 84),
        minimum([1.2, 0.8], 840),
        maximum([0.8, 0.2], 1155),
        saddle([-0.4, -0.6], 35),
        saddle([0.6, 0.4], 990),
        saddle([1.2, -0.2], 99),
        saddle([1.4, 0.6], 980),
      ],
      complete: true,
    },
  }),
  surface({
    name: 'eggholder',
    title: 'Eggholder',
    formula: '-(y + 47)*sin(sqrt(abs(x/2 + y + 47))) - x*sin(sqrt(abs(x - (y + 47))))',
    source: 'Whitley et al. 1996',
    points: {
      domain: [-512, 512],
      starts: [
        [450, 400],
        [0, 0],
      ],
      criticalPoints: [minimum([482.35331046478843639, 432.87899894548344706], -956.91823162466554677)],
      minima: [{ point: [512, 404.23180511375781093], value: -959.64066272085080283, at: 'edge' }],
    },
  }),
  surface({
    name: 'levy-13',
    title: 'Levy no. 13',
    formula: 'sin(3*pi*x)^2 + (x - 1)^2*(1 + sin(3*pi*y)^2) + (y - 1)^2*(1 + sin(2*pi*y)^2)',
    source: 'Levy and Montalvo 1985; Jamil and Yang 2013',
    points: {
      domain: [-10, 10],
      starts: [[-4, 5]],
      criticalPoints: [
        minimum([1, 1], 0, { eigenvalues: [2, 2 + 18 * Math.PI ** 2] }),
        minimum([0.6703805254516864, 1], 0.10987365835883794),
        minimum([1.3296194745483136, 1], 0.10987365835883794),
        saddle([0.8314352416485596, 1], 1.0280940922572972),
        saddle([1.1685647583514405, 1], 1.0280940922572972),
      ],
    },
  }),
  surface({
    name: 'three-hump-camel',
    title: 'Three-hump camel',
    formula: '2*x^2 - 1.05*x^4 + x^6/6 + x*y + y^2',
    source: 'Branin 1972; Dixon and Szegő 1978',
    points: {
      domain: [-5, 5],
      starts: [
        [-1.5, 1],
        [2, 2],
      ],
      criticalPoints: [
        minimum([0, 0], 0, { eigenvalues: [3 - Math.SQRT2, 3 + Math.SQRT2] }),
        ...withOpposite(minimum([1.7475523458302888, -0.8737761729151444], 0.2986384422368598)),
        ...withOpposite(saddle([1.07054229182366, -0.53527114591183], 0.8773615577631402)),
      ],
      complete: true,
    },
  }),
  surface({
    name: 'six-hump-camel',
    title: 'Six-hump camel',
    formula: '(4 - 2.1*x^2 + x^4/3)*x^2 + x*y + (4*y^2 - 4)*y^2',
    source: 'Dixon and Szegő 1978',
    points: {
      domain: [
        [-3, 3],
        [-2, 2],
      ],
      starts: [
        [1, 1],
        [-1.5, 0.5],
      ],
      criticalPoints: [
        saddle([0, 0], 0, { eigenvalues: [-Math.sqrt(65), Math.sqrt(65)] }),
        ...[
          minimum([0.08984201310031806, -0.7126564030207396], -1.0316284534898774),
          minimum([1.703606714969981, -0.7960835686726251], -0.21546382438371764),
          minimum([1.6071047529201972, 0.5686514548841314], 2.1042503103112584),
          maximum([1.2302298765166526, 0.16233458445899496], 2.496295351023577),
          saddle([1.1092053368047865, -0.7682680925095399], 0.5437186009781851),
          saddle([1.2960702671671092, 0.6050843880386585], 2.22947081802986),
          saddle([1.6380679841897785, 0.22867406904439408], 2.2293571975307147),
        ].flatMap(withOpposite),
      ],
      complete: true,
    },
  }),
  surface({
    name: 'bohachevsky',
    title: 'Bohachevsky no. 1',
    formula: 'x^2 + 2*y^2 - 0.3*cos(3*pi*x) - 0.4*cos(4*pi*y) + 0.7',
    source: 'Bohachevsky, Johnson and Stein 1986',
    points: {
      domain: [-0.6, 0.6],
      starts: [[0.5, 0.4]],
      criticalPoints: separable([
        [
          { at: 0, value: 0, curvature: 2 + 2.7 * Math.PI ** 2 },
          { at: -0.3607081555517536, value: 0.7201809112284155, curvature: -23.765933103755557 },
          { at: 0.3607081555517536, value: 0.7201809112284155, curvature: -23.765933103755557 },
        ],
        [
          { at: 0, value: 0, curvature: 4 + 6.4 * Math.PI ** 2 },
          { at: -0.2670404674810485, value: 0.9334852966930434, curvature: -57.722780583028914 },
          { at: 0.2670404674810485, value: 0.9334852966930434, curvature: -57.722780583028914 },
          { at: -0.46952754566849225, value: 0.46988241492139593, curvature: 62.59068029387257 },
          { at: 0.46952754566849225, value: 0.46988241492139593, curvature: 62.59068029387257 },
        ],
      ]),
      complete: true,
    },
  }),
  surface({
    name: 'easom',
    title: 'Easom',
    formula: '-cos(x)*cos(y)*exp(-(x - pi)^2 - (y - pi)^2)',
    source: 'Easom 1990',
    points: {
      domain: [1.5, 4.8],
      starts: [
        [2.5, 2.5],
        [4.6, 4],
      ],
      criticalPoints: [
        minimum([Math.PI, Math.PI], -1, { eigenvalues: [3, 3] }),
        ...[Math.PI / 2, 1.5 * Math.PI].flatMap((x) =>
          [Math.PI / 2, 1.5 * Math.PI].map((y) => {
            const slope = Math.exp(-(Math.PI ** 2) / 2);
            return saddle([x, y], 0, { eigenvalues: [-slope, slope] });
          }),
        ),
      ],
      complete: true,
    },
  }),
  surface({
    name: 'mccormick',
    title: 'McCormick',
    formula: 'sin(x + y) + (x - y)^2 - 1.5*x + 2.5*y + 1',
    source: 'McCormick 1976',
    points: {
      domain: [
        [-1.5, 4],
        [-3, 4],
      ],
      starts: [
        [0, 0],
        [3, 3],
      ],
      criticalPoints: [
        minimum([0.5 - third, -0.5 - third], -third - root3 / 2, { eigenvalues: [root3, 4] }),
        minimum([0.5 + 2 * third, -0.5 + 2 * third], 2 * third - root3 / 2, { eigenvalues: [root3, 4] }),
        saddle([0.5 + third, -0.5 + third], third + root3 / 2, { eigenvalues: [-root3, 4] }),
      ],
      complete: true,
    },
  }),
  surface({
    name: 'branin',
    title: 'Branin',
    formula: '(y - 5.1*x^2/(4*pi^2) + 5*x/pi - 6)^2 + 10*(1 - 1/(8*pi))*cos(x) + 10',
    source: 'Branin 1972; Dixon and Szegő 1978',
    points: {
      domain: [
        [-5, 10],
        [0, 15],
      ],
      starts: [
        [0, 5],
        [5, 10],
      ],
      criticalPoints: [
        minimum([-Math.PI, 12.275], braninLow),
        minimum([Math.PI, 2.275], braninLow),
        minimum([3 * Math.PI, 2.475], braninLow),
        saddle([0, 6], 20 - braninLow),
        saddle([2 * Math.PI, 1.1], 20 - braninLow),
      ],
      complete: true,
    },
  }),
  surface({
    name: 'bukin',
    title: 'Bukin no. 6',
    formula: '100*sqrt(abs(y - 0.01*x^2)) + 0.01*abs(x + 10)',
    source: 'Bukin 1997; Jamil and Yang 2013, function 27',
    points: {
      domain: [
        [-15, -5],
        [-3, 3],
      ],
      starts: [[-12, 2]],
      minima: [{ point: [-10, 1], value: 0, at: 'kink' }],
    },
  }),
  surface({
    name: 'forrester',
    title: 'Forrester',
    formula: '(6*x - 2)^2*sin(12*x - 4)',
    source: 'Forrester, Sóbester and Keane 2008',
    points: {
      domain: [0, 1],
      starts: [[0.3], [0.5], [0.95]],
      criticalPoints: [
        minimum([0.14258918932471631], -0.9863254063210815),
        saddle([1 / 3], 0, { eigenvalues: [0], degenerate: true, singularity: 'A2' }),
        maximum([0.5240774773419503], 0.9863254063210815),
        minimum([0.7572487578418559], -6.0207400557670825),
      ],
      complete: true,
    },
  }),
  surface({
    name: 'mueller-brown',
    title: 'Müller–Brown potential',
    formula:
      '-200*exp(-(x-1)^2 - 10*y^2) - 100*exp(-x^2 - 10*(y-0.5)^2) - 170*exp(-6.5*(x+0.5)^2 + 11*(x+0.5)*(y-1.5) - 6.5*(y-1.5)^2) + 15*exp(0.7*(x+1)^2 + 0.6*(x+1)*(y-1) + 0.7*(y-1)^2)',
    source: 'Müller and Brown 1979',
    points: {
      domain: [
        [-1.5, 1.2],
        [-0.2, 2],
      ],
      starts: [
        [0, 1],
        [-0.8, 0.6],
        [0.6, 0.5],
      ],
      criticalPoints: [
        minimum([-0.5582236346330243, 1.4417258418046686], -146.69951720995402),
        minimum([0.6234994049308765, 0.028037758528685664], -108.16672411685235),
        minimum([-0.050010822998206056, 0.4666941048719721], -80.76781812965903),
        saddle([-0.8220015587327321, 0.6243128028148713], -40.664843508657405),
        saddle([0.212486582000662, 0.2929883251073678], -72.24894011232522),
      ],
      complete: true,
    },
  }),
];
