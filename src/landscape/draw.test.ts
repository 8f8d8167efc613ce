import { Resvg } from '@resvg/resvg-js';
import { describe, expect, test } from 'vitest';
import { formula } from '../formula/index.js';
import { drawBasins, percent } from './basins-figure.js';
import type { Basins } from './basins.js';
import { drawCurve } from './draw-curve.js';
import { drawMap } from './draw-map.js';
import { drawSeries } from './draw-series.js';
import { numberText, shorten, typeset } from './draw-text.js';
import { sampleGrid, valuesAt, viewOf } from './draw-view.js';
import type { DrawnWalk } from './draw-walks.js';
import { Path } from './path.js';
import { drawProfiles } from './profile-figure.js';
import { coordinate, element, escapeXml, pathData } from './svg.js';

function pathOf(points: readonly (readonly number[])[]): Path {
  const path = new Path(points[0].length);
  const [coordinates] = path.room(points.length);
  points.forEach((point, row) => coordinates.set(point, row * point.length));
  path.commit(points.length);
  return path;
}

/** resvg parses strictly: XML that is not well-formed is an error. */
function expectPicture(svg: string): { width: number; height: number } {
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  const { width, height } = new Resvg(svg, { font: { loadSystemFonts: false } });
  return { width, height };
}

const hostile = 'x < y & "z" > \'w\' \u0000 \ud800 ✓';

const walks: readonly DrawnWalk[] = [
  { name: 'sgd:lr=1e-3', note: 'went its way', places: Float64Array.of(-1, 1, 0, 0.5, 0.1, 0, 0.1, 0) },
  { name: hostile, note: hostile, places: Float64Array.of(1, 1) },
  { name: 'lost', note: '', places: Float64Array.of(0, 0, NaN, 1, 1e300, -1e300, Infinity, 0) },
  { name: 'nowhere', note: '', places: Float64Array.of(NaN, NaN) },
  { name: 'empty', note: '', places: new Float64Array(0) },
];

describe('every picture is well-formed XML of its size, whatever it is given', () => {
  const surface = formula('x^2 - x*y');
  const grid = sampleGrid(surface, [-2, 2], [-1, 1], 41, 21);

  test('a map', () => {
    const points = (['minimum', 'saddle', 'maximum'] as const).map((kind) => ({
      kind,
      place: [0.5, 0.5] as const,
    }));
    const drawing = { title: hostile, under: hostile, variables: ['x', 'y'] as const, grid, walks, points };
    const svg = drawMap(drawing);
    // Units are alike along both axes: the frame of a box twice as wide as high is.
    const frame = /<rect x="72" y="[\d.]+" width="(\d+)" height="(\d+)"/.exec(svg);
    expect(frame?.slice(1)).toEqual(['584', '292']);
    expect(expectPicture(svg)).toEqual({
      width: 760,
      height: expect.closeTo(70 + 292 + 60 + 5 * 22 + 28, 0),
    });
    // One line a walk, ringed at its start and filled at its end.
    expect(svg.match(/r="5.2"/g)).toHaveLength(3);
    expect(svg).toContain('lr=1e−3');
    expect(svg).not.toContain(hostile);
  });

  test.each([
    ['without values', NaN],
    ['without a slope', 3],
    ['of infinities', Infinity],
  ])('a map %s', (_, value) => {
    const flat = { ...grid, values: grid.values.map(() => value) };
    expectPicture(drawMap({ title: 'flat', variables: ['x', 'y'], grid: flat }));
  });

  test('a curve, with gaps and a pole', () => {
    const range = [-1, 1] as const;
    for (const text of ['1/x', 'log(x)', '3 + 0*x', 'x^2']) {
      const points = Float64Array.from({ length: 201 }, (_, k) => -1 + k / 100);
      const values = valuesAt(formula(text), points);
      const size = expectPicture(drawCurve({ title: text, variable: 'x', range, values, walks }));
      expect(size.width).toBe(760);
    }
  });

  test.each([
    ['linear', [0, 1, 1, -2, 2, 3], 'values below 0'],
    ['logarithmic', [0, 1000, 1, 10, 2, 0.001], 'values of many sizes'],
    ['of one point', [0, 5], 'a start alone'],
    ['of nothing', [], 'no walk'],
  ])('values against steps, %s', (_, places) => {
    const drawn = [{ name: 'a', note: 'b', places: Float64Array.from(places) }];
    expectPicture(drawSeries({ title: 'f', yName: 'f', walks: drawn }));
  });

  test('basins', () => {
    const basins: Basins = {
      grid: { x: [0, 4], y: [0, 2], columns: 2, rows: 1 },
      minima: [{ point: [1, 1], value: 0, share: 0.5, known: true }],
      labels: Int32Array.of(0, -1),
      arrivals: Float32Array.of(3, NaN),
      moving: 0.5,
      lost: 0,
      radius: 0.1,
    };
    const svg = drawBasins({ title: hostile, under: '', variables: ['x', 'y'], basins, png: '' });
    expectPicture(svg);
    expect(svg).toContain('at no minimum after all steps');
    expect(svg).not.toContain('left the numbers');
    expect([0, 1e-9, 0.5, 0.99999, 1].map(percent)).toEqual([
      '0.0 %',
      '<0.1 %',
      '50.0 %',
      '100.0 %',
      '100.0 %',
    ]);
  });

  test('profiles', () => {
    const profiles = [
      { name: 'a', ratios: [1, 1, 3, Infinity] },
      { name: hostile, ratios: [1.5, 2, Infinity, Infinity] },
      { name: 'none', ratios: [] },
    ];
    const svg = drawProfiles({ title: 'p', under: '', profiles, notes: ['', '', ''] });
    expectPicture(svg);
    // Up at 1 to a half, at 3 to three quarters, and on to the end at 4.
    const [, x1, y1, rest] = /d="M([\d.]+) ([\d.]+)([^"]+)"/.exec(svg) ?? [];
    expect([x1, y1]).toEqual(['72', '448']);
    expect(rest).toMatch(/^l0 -100l0 -100l[\d.]+ 0l0 -100l[\d.]+ 0$/);
  });
});

describe('SVG', () => {
  test('escapes what XML reserves and drops what it forbids', () => {
    expect(escapeXml('a<b & "c"\u0000\u001f\ud800>\u{1f600}')).toBe(
      'a&lt;b &amp; &quot;c&quot;&gt;\u{1f600}',
    );
    expect(element('g', { id: '<', r: 1.23456, none: undefined }, 'in')).toBe('<g id="&lt;" r="1.23">in</g>');
    expect([-0.001, 1e-9, 12.3456].map(coordinate)).toEqual(['0', '0', '12.35']);
  });

  test('paths go on from where they are in tenths of a pixel, without gathering errors', () => {
    const line = Array.from({ length: 200 }, (_, k) => [k * 0.33, 5]).flat();
    const data = pathData([line], Number, Number);
    const steps = data.split('l').slice(1);
    const sum = steps.reduce((total, step) => total + Number(step.split(' ')[0]), 0);
    expect(sum).toBeCloseTo(199 * 0.33, 1);
    expect(pathData([[1, 2, 3, 4, 1, 2]], Number, Number, true)).toBe('M1 2l2 2l-2 -2Z');
    expect(pathData([[1, 2]], Number, Number)).toBe('M1 2h0');
  });
});

describe('text', () => {
  test.each([
    ['x^2 - x*y', 'x² − x·y'],
    ['2**10 * pi', '2¹⁰·π'],
    ['x^2.5 + x^-1 + x^(a)', 'x^2.5 + x^−1 + x^(a)'],
    ['x[1] - x[i+1]^2', 'x₁ − xᵢ₊₁²'],
    ['sum(100*(x[i+1] - x[i]^2)^2, i, 1, n-1)', 'Σ 100·(xᵢ₊₁ − xᵢ²)²,  i = 1 … n−1'],
    ['(cos(x)/x)*(sin(y)/y)', '(cos(x)/x)·(sin(y)/y)'],
  ])('%s is read as %s', (formula, expected) => {
    expect(typeset(formula)).toBe(expected);
  });

  test('numbers are short and cut texts end in …', () => {
    const numbers = [0, 0.5, -1 / 3, 123456.789, 1e6, 5e-5, 1e-300, NaN, Infinity, -Infinity];
    expect(numbers.map((value) => numberText(value))).toEqual([
      '0',
      '0.5',
      '-0.3333',
      '123500',
      '1e6',
      '5e-5',
      '1e-300',
      'no number',
      '∞',
      '-∞',
    ]);
    expect(shorten('abcdef', 4)).toBe('abc…');
    expect(shorten('abcdef', 6.5)).toBe('abcdef');
  });
});

describe('the view', () => {
  const domain = [
    [-5, 5],
    [-5, 5],
  ] as const;

  test('is the customary box while walks are seen in it', () => {
    expect(
      viewOf(
        [
          pathOf([
            [0, 0],
            [3, 2],
          ]),
        ],
        domain,
      ),
    ).toEqual([
      [-5, 5],
      [-5, 5],
    ]);
    // A start alone, too.
    expect(viewOf([pathOf([[0, 0]])], domain)).toEqual([
      [-5, 5],
      [-5, 5],
    ]);
  });

  test('follows a walk that leaves the box, but not to the end of the world', () => {
    const [x, y] = viewOf(
      [
        pathOf([
          [0, 0],
          [6, 0],
          [1e9, 0],
        ]),
      ],
      domain,
    );
    expect(x[0]).toBe(-5);
    expect(x[1]).toBeGreaterThan(6);
    expect(x[1]).toBeLessThan(10);
    expect(y).toEqual([-5, 5]);
  });

  test('comes near to walks that are lost in the box', () => {
    const [x, y] = viewOf(
      [
        pathOf([
          [1, 1],
          [1.1, 1.05],
        ]),
      ],
      domain,
    );
    expect(x[1] - x[0]).toBeLessThan(1);
    expect(x[1] - x[0]).toBeCloseTo(y[1] - y[0], 12);
    expect((x[0] + x[1]) / 2).toBeCloseTo(1.05, 12);
  });

  test('without a box has the same unit along both axes, and room around', () => {
    const [x, y] = viewOf([
      pathOf([
        [0, 0],
        [2, 1],
      ]),
    ]);
    expect(x).toEqual([expect.closeTo(-0.7, 12), expect.closeTo(2.7, 12)]);
    expect(y[1] - y[0]).toBeCloseTo(3.4, 12);
  });

  test('shows a walk that hardly moved as one', () => {
    const [x] = viewOf([pathOf([[1], [0.999]])]);
    expect(x[1] - x[0]).toBeGreaterThan(0.25);
    const [still] = viewOf([pathOf([[0]])]);
    expect(still[1] - still[0]).toBeGreaterThan(1);
  });

  test('passes over places that are no numbers', () => {
    const [x, y] = viewOf([
      pathOf([
        [0, 0],
        [1, 1],
        [NaN, Infinity],
      ]),
    ]);
    expect([...x, ...y].every(Number.isFinite)).toBe(true);
  });
});

test('a surface is sampled corner to corner, from the lowest row up', () => {
  const { values } = sampleGrid(formula('x + 10*y'), [0, 2], [1, 2], 3, 2);
  expect(Array.from(values)).toEqual([10, 11, 12, 20, 21, 22]);
});
