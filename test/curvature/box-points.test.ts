import { expect, test } from 'vitest';
import { surveyBox } from '../../src/curvature/box/survey.js';
import { formula } from '../../src/formula/index.js';
import { readGolden } from '../support/golden.js';

type Side = [number, number];

interface Known {
  name: string;
  formula: string;
  box: Side[];
  points: { point: number[]; value: number; kind: string }[];
}

const { surfaces } = readGolden('box-points.json') as { surfaces: Known[] };

const survey = (text: string, box: readonly Side[], mostBoxes?: number) =>
  surveyBox(formula(text), box, mostBoxes === undefined ? {} : { mostBoxes });

const contains = (enclosure: readonly Side[], point: readonly number[], slack = 0) =>
  enclosure.every(([lo, hi], axis) => lo - slack <= point[axis] && point[axis] <= hi + slack);

const volume = (box: readonly Side[]) => box.reduce((product, [lo, hi]) => product * (hi - lo), 1);

test.each(surfaces)(
  '$name: each point that a dense search knows, proven, and no other',
  ({ formula: text, box, points }) => {
    const found = survey(text, box);
    expect(found.complete).toBe(true);
    expect(found.undecided).toEqual([]);
    expect(found.points.every(({ certified }) => certified)).toBe(true);
    expect(found.points).toHaveLength(points.length);
    for (const { point, value, kind } of points) {
      // The known point is rounded to doubles once; the enclosure is that of the true one.
      const own = found.points.filter(({ enclosure }) =>
        contains(enclosure, point, 1e-15 * Math.max(1, ...point.map(Math.abs))),
      );
      expect(own).toHaveLength(1);
      expect(own[0].kind).toBe(kind);
      expect(own[0].value).toBeCloseTo(value, 10);
      // Nine digits at least, and mostly fifteen.
      expect(Math.max(...own[0].enclosure.map(([lo, hi]) => hi - lo))).toBeLessThan(1e-9);
    }
  },
);

test('Himmelblau: signs of eigenvalues, and the least value', () => {
  const { points, minimum, poles } = survey('(x^2+y-11)^2+(x+y^2-7)^2', [
    [-5, 5],
    [-5, 5],
  ]);
  const counts = (kind: string) => points.filter((point) => point.kind === kind).length;
  expect([counts('minimum'), counts('saddle'), counts('maximum')]).toEqual([4, 4, 1]);
  for (const { kind, eigenvalues, singularity } of points) {
    const negative = eigenvalues.filter((value) => value < 0).length;
    expect(negative).toBe(kind === 'minimum' ? 0 : kind === 'saddle' ? 1 : 2);
    expect(singularity).toBe('A1');
  }
  expect(points.find(({ point }) => point[0] === 3)?.point).toEqual([3, 2]);
  expect(poles).toEqual([]);
  expect(minimum.lower).toBeLessThanOrEqual(0);
  expect(minimum.lower).toBeGreaterThan(-1e-9);
  expect(minimum.upper).toBeLessThan(1e-9);
});

test('(cos x/x)(sin y/y): the pole at x = 0 along all of y, nothing at y = 0, no lower bound', () => {
  const { points, poles, minimum } = survey('(cos(x)/x)*(sin(y)/y)', [
    [-8, 8],
    [-8, 8],
  ]);
  expect(poles).toHaveLength(1);
  const [{ kind, box }] = poles;
  expect(kind).toBe('pole');
  expect(box[1]).toEqual([-8, 8]);
  expect(box[0][0]).toBeLessThan(0);
  expect(box[0][1]).toBeGreaterThan(0);
  expect(box[0][1] - box[0][0]).toBeLessThan(1e-4);
  expect(minimum.lower).toBe(-Infinity);
  // x tan x = −1 along y = 0, and the zeros of both factors.
  const onAxis = points.filter(({ point }) => point[1] === 0);
  expect(onAxis).toHaveLength(4);
  for (const { point } of onAxis) expect(point[0] * Math.tan(point[0])).toBeCloseTo(-1, 9);
});

/** Critical points of t⁴ − 16t² + 5t and of t² − 10cos 2πt in the boxes below, counted along one axis. */
test.each([
  {
    name: 'Rastrigin',
    text: '20+x^2-10*cos(2*pi*x)+y^2-10*cos(2*pi*y)',
    side: [-5.12, 5.12] as Side,
    n: 2,
    minima: 11,
    maxima: 10,
  },
  {
    name: 'Styblinski–Tang',
    text: 'sum(x[i]^4-16*x[i]^2+5*x[i],i,1,6)/2',
    side: [-5, 5] as Side,
    n: 6,
    minima: 2,
    maxima: 1,
  },
])(
  '$name: a sum of functions of one variable has all combinations of theirs',
  ({ text, side, n, minima, maxima }) => {
    const { points, undecided, evidence, minimum } = survey(
      text,
      Array.from({ length: n }, (): Side => side),
    );
    expect(undecided).toEqual([]);
    expect(points).toHaveLength((minima + maxima) ** n);
    expect(points.filter(({ kind }) => kind === 'minimum')).toHaveLength(minima ** n);
    expect(points.filter(({ kind }) => kind === 'maximum')).toHaveLength(maxima ** n);
    expect(points.every(({ certified }) => certified)).toBe(true);
    expect(evidence.join()).toContain(`a sum of ${n} functions`);
    const known = n === 2 ? 0 : -39.16616570377142 * n;
    expect(minimum.lower).toBeLessThanOrEqual(known + 1e-9);
    expect(minimum.upper).toBeGreaterThanOrEqual(known - 1e-9);
    expect(minimum.upper - minimum.lower).toBeLessThan(1e-8);
  },
);

test('Rosenbrock in four variables: three critical points (Kok and Sandrock 2009)', () => {
  const box = Array.from({ length: 4 }, (): Side => [-2, 2]);
  const { points, undecided } = survey('sum(100*(x[i+1]-x[i]^2)^2+(1-x[i])^2,i,1,3)', box);
  expect(undecided).toEqual([]);
  expect(points.map(({ kind }) => kind)).toEqual(['minimum', 'minimum', 'saddle']);
  expect(points[0].point).toEqual([1, 1, 1, 1]);
});

test.each([
  { text: 'x^3-3*x*y^2', point: [0, 0], kind: 'degenerate-saddle', singularity: 'D4−' },
  { text: '(y-x^2)*(y-2*x^2)', point: [0, 0], kind: 'degenerate-saddle', singularity: 'A3−' },
  { text: 'x^2+y^3', point: [0, 0], kind: 'degenerate-saddle', singularity: 'A2' },
  { text: 'x^4+y^4+x*y^3', point: [0, 0], kind: 'degenerate-minimum', singularity: 'X9' },
  { text: '(x-0.25)^4+(y-x)^2', point: [0.25, 0.25], kind: 'degenerate-minimum', singularity: 'A3+' },
])(
  '$text: a degenerate point is judged, not certified, and leaves nothing undecided',
  ({ text, point, kind, singularity }) => {
    const { points, undecided } = survey(text, [
      [-1, 1.5],
      [-1, 1.5],
    ]);
    expect(undecided).toEqual([]);
    expect(points).toHaveLength(1);
    expect(points[0]).toMatchObject({ kind, singularity, certified: false });
    points[0].point.forEach((x, axis) => expect(x).toBeCloseTo(point[axis], 9));
    expect(contains(points[0].enclosure, point)).toBe(true);
    expect(volume(points[0].enclosure)).toBeLessThan(1e-8);
  },
);

test.each([
  { text: '(x+y^2)^2', isolated: 0 },
  { text: '(x^2+y^2-1)^2', isolated: 1 },
])('$text: a curve of critical points is one valley', ({ text, isolated }) => {
  const { points, undecided, complete, evidence } = survey(
    text,
    [
      [-2, 2],
      [-2, 2],
    ],
    4000,
  );
  expect(complete).toBe(false);
  expect(evidence.join()).toContain('spent its boxes');
  expect(undecided).toEqual([]);
  expect(points.filter(({ kind, certified }) => kind === 'valley' && !certified)).toHaveLength(1);
  expect(points.filter(({ certified }) => certified)).toHaveLength(isolated);
});

test('points on sides and corners of the box are found once, those beside it not', () => {
  const corner = survey('x^2-y^2+x*y', [
    [0, 1],
    [0, 1],
  ]).points;
  expect(corner).toHaveLength(1);
  expect(corner[0]).toMatchObject({ point: [0, 0], certified: true, onBoundary: true });
  const sides = survey('x*y*(1-x-y)', [
    [0, 1],
    [0, 1],
  ]).points;
  expect(
    sides.map(({ point, onBoundary }) => [...point.map((x) => Number(x.toFixed(9))), onBoundary]),
  ).toEqual(
    expect.arrayContaining([
      [0, 0, true],
      [0, 1, true],
      [1, 0, true],
      [0.333333333, 0.333333333, false],
    ]),
  );
  expect(sides).toHaveLength(4);
  expect(
    survey('x^2-y^2+x*y', [
      [1e-9, 1],
      [0, 1],
    ]).points,
  ).toEqual([]);
});

test('the least value is found on sides and corners, too', () => {
  const bounds = (text: string, box: Side[]) => survey(text, box).minimum;
  const encloses = (text: string, box: Side[], value: number) => {
    const { lower, upper } = bounds(text, box);
    expect(lower).toBeLessThanOrEqual(value + 1e-15 * Math.abs(value));
    expect(upper).toBeGreaterThanOrEqual(value - 1e-15 * Math.abs(value));
    expect(upper - lower).toBeLessThan(1e-8 * Math.max(1, Math.abs(value)));
  };
  encloses(
    'x*y',
    [
      [-1, 2],
      [-3, 5],
    ],
    -6,
  );
  encloses(
    'x^2-y',
    [
      [-1, 2],
      [0, 3],
    ],
    -3,
  );
  encloses(
    'exp(x)*(y-1)^2-x',
    [
      [-1, 2],
      [0, 3],
    ],
    -2,
  );
  encloses(
    '1/(x^2+y^2)',
    [
      [-1, 3],
      [-1, 2],
    ],
    1 / 13,
  );
  encloses(
    '|x-0.3|+|x+y|',
    [
      [-1, 1],
      [-1, 1],
    ],
    0,
  );
  encloses('sqrt(1-x^2)', [[-0.6, 0.5]], 0.8);
  encloses(
    'max(x,-2*x)+cos(y)',
    [
      [-1, 1],
      [0, 6],
    ],
    -1,
  );
});

test('what is not smooth is told, and not taken for a critical point', () => {
  const kinds = (text: string, box: Side[]) => survey(text, box).poles.map(({ kind }) => kind);
  expect(
    kinds('abs(x)+y^2+x*y/9', [
      [-1, 1],
      [-1, 1],
    ]),
  ).toEqual(['kink']);
  expect(
    survey('abs(x)+y^2+x*y/9', [
      [-1, 1],
      [-1, 1],
    ]).points,
  ).toEqual([]);
  expect(kinds('log(x)^2', [[-1, 3]])).toEqual(['pole']);
  expect(kinds('sqrt(x)-x', [[-1, 3]])).toEqual(['edge']);
  expect(kinds('(x^2-1)/(x-1)', [[-2, 3]])).toEqual(['removable']);
  const { poles, points } = survey('1/(x^2+y^2-1)', [
    [-2, 2],
    [-2, 2],
  ]);
  expect(points).toHaveLength(1);
  // The circle lies in the boxes, all of it.
  for (let step = 0; step < 100; step++) {
    const at = [Math.cos(step), Math.sin(step)];
    expect(
      poles.some(
        ({ kind, parts, box }) =>
          kind === 'pole' && (parts.length > 0 ? parts : [box]).some((part) => contains(part, at, 1e-12)),
      ),
    ).toBe(true);
  }
  expect(survey('log(x)', [[-3, -1]])).toMatchObject({ points: [], poles: [], undecided: [] });
});

test('boxes that are none are refused by name', () => {
  const refuse = (box: Side[]) => () => survey('x^2+y', box);
  expect(
    refuse([
      [1, 0],
      [0, 1],
    ]),
  ).toThrow('x from 1 to 0 is reversed');
  expect(
    refuse([
      [0, 1],
      [0, Infinity],
    ]),
  ).toThrow('y from 0 to Infinity is infinite');
  expect(
    refuse([
      [NaN, 1],
      [0, 1],
    ]),
  ).toThrow('x from NaN to 1 is no range');
  expect(
    refuse([
      [2, 2],
      [0, 1],
    ]),
  ).toThrow('x from 2 to 2 has no width');
  expect(refuse([[0, 1]])).toThrow('the box has 1 sides; the function has 2 variables');
});

test('more variables than boxes carry: many starts instead, and why', () => {
  const n = 12;
  const text = `sum(100*(x[i+1]-x[i]^2)^2+(1-x[i])^2,i,1,${n - 1})`;
  const { method, points, evidence, undecided } = survey(
    text,
    Array.from({ length: n }, (): Side => [-2, 2]),
  );
  expect(method).toBe('multistart');
  expect(evidence[0]).toContain('12 variables depend on each other; interval methods carry 10');
  expect(evidence[1]).toContain('points may be missed');
  expect(undecided).toHaveLength(1);
  expect(points.every(({ certified }) => !certified)).toBe(true);
  const [lowest] = points;
  expect(lowest.kind).toBe('minimum');
  for (const x of lowest.point) expect(x).toBeCloseTo(1, 8);
});
