import { describe, expect, test } from 'vitest';
import { backtracking } from './backtracking.js';
import { hagerZhang } from './hager-zhang.js';
import { Line, type LineSearch } from './line.js';
import { strongWolfe } from './more-thuente.js';
import type { Problem } from './problem.js';

/** A function of one variable with its derivative. */
type Phi = (t: number) => readonly [value: number, slope: number];

function lineOf(phi: Phi, from = 0): Line {
  const problem: Problem = {
    dimension: 1,
    value: ([t]) => phi(t)[0],
    valueAndGradient([t], gradient) {
      const [value, slope] = phi(t);
      gradient[0] = slope;
      return value;
    },
  };
  const line = new Line(problem);
  const [value, slope] = phi(from);
  line.from({ x: Float64Array.of(from), value, gradient: Float64Array.of(slope) }, Float64Array.of(1));
  return line;
}

/** Moré and Thuente's test functions 1 to 3 (eqs. 5.1 to 5.3), and Yanai, Ozawa and Kaneko's with their three pairs of β (5.4). */
const functions: Record<string, Phi> = {
  '5.1': (t) => [-t / (t * t + 2), (t * t - 2) / (t * t + 2) ** 2],
  '5.2': (t) => [(t + 0.004) ** 5 - 2 * (t + 0.004) ** 4, 5 * (t + 0.004) ** 4 - 8 * (t + 0.004) ** 3],
  '5.3': (t) => {
    const [beta, l] = [0.01, 39];
    const wave = (2 * (1 - beta)) / (l * Math.PI);
    const bend = t <= 1 - beta ? 1 - t : t >= 1 + beta ? t - 1 : (t - 1) ** 2 / (2 * beta) + beta / 2;
    const slope = t <= 1 - beta ? -1 : t >= 1 + beta ? 1 : (t - 1) / beta;
    const angle = (l * Math.PI * t) / 2;
    return [bend + wave * Math.sin(angle), slope + (1 - beta) * Math.cos(angle)];
  },
};
for (const [name, [b1, b2]] of Object.entries({
  '5.4a': [0.001, 0.001],
  '5.4b': [0.01, 0.001],
  '5.4c': [0.001, 0.01],
})) {
  const gamma = (b: number): number => Math.sqrt(1 + b * b) - b;
  functions[name] = (t) => {
    const [r1, r2] = [Math.hypot(1 - t, b2), Math.hypot(t, b1)];
    return [gamma(b1) * r1 + gamma(b2) * r2, (-gamma(b1) * (1 - t)) / r1 + (gamma(b2) * t) / r2];
  };
}

const starts = [1e-3, 1e-1, 1e1, 1e3];
const cases = Object.entries(functions).flatMap(([name, phi]) =>
  starts.map((initial) => ({ name, phi, initial })),
);

describe('strong Wolfe', () => {
  test.each(cases)('$name from $initial: both conditions, in few trials', ({ phi, initial }) => {
    for (const curvature of [0.1, 0.9]) {
      const line = lineOf(phi);
      expect(strongWolfe(curvature)(line, initial)).toBe(true);
      expect(line.value).toBeLessThanOrEqual(line.value0 + 1e-4 * line.step * line.slope0);
      expect(Math.abs(line.slope)).toBeLessThanOrEqual(-curvature * line.slope0);
      // Their own tables need 1 to 12.
      expect(line.trials).toBeLessThanOrEqual(15);
    }
  });
});

describe('Hager and Zhang', () => {
  test.each(cases)('$name from $initial: Wolfe or approximate Wolfe', ({ phi, initial }) => {
    const line = lineOf(phi);
    expect(hagerZhang(line, initial)).toBe(true);
    expect(line.slope).toBeGreaterThanOrEqual(0.9 * line.slope0);
    const falls = line.value <= line.value0 + 0.1 * line.step * line.slope0;
    const isFlat =
      line.slope <= -0.8 * line.slope0 && line.value <= line.value0 + 1e-6 * Math.abs(line.value0);
    expect(falls || isFlat).toBe(true);
    expect(line.trials).toBeLessThanOrEqual(30);
  });
});

describe('backtracking', () => {
  test.each(cases)('$name from $initial: sufficient decrease', ({ phi, initial }) => {
    const line = lineOf(phi);
    expect(backtracking(line, initial)).toBe(true);
    expect(line.value).toBeLessThanOrEqual(line.value0 + 1e-4 * line.step * line.slope0);
    expect(line.step).toBeLessThanOrEqual(initial);
  });

  test('cuts to the minimiser of the parabola', () => {
    // φ(t) = (t − 1)², tried at 2.5, where it is 2.25: sufficient decrease fails, and the parabola is φ itself.
    const line = lineOf((t) => [(t - 1) ** 2, 2 * (t - 1)]);
    expect(backtracking(line, 2.5)).toBe(true);
    expect(line.step).toBeCloseTo(1, 15);
    expect(line.trials).toBe(2);
  });
});

const all: [string, LineSearch][] = [
  ['backtracking', backtracking],
  ['strongWolfe', strongWolfe(0.9)],
  ['strongWolfe, close', strongWolfe(0.1)],
  ['hagerZhang', hagerZhang],
];

describe.each(all)('%s', (name, search) => {
  test('turns back from the end of the domain', () => {
    // A pole at 1, a root whose slope is infinite at 1, and an overflow.
    const walls: [Phi, number, number][] = [
      [(t) => [t - Math.log(1 - t) - 3 * t, -2 + 1 / (1 - t)], 0, 100],
      [(t) => [-Math.sqrt(1 - t * t), t / Math.sqrt(1 - t * t)], -0.5, 10],
      [(t) => [Math.exp(t) - 10 * t, Math.exp(t) - 10], 0, 1e6],
    ];
    for (const [phi, from, initial] of walls) {
      const line = lineOf(phi, from);
      expect(search(line, initial)).toBe(true);
      expect(Number.isFinite(line.value)).toBe(true);
      expect(line.value).toBeLessThan(line.value0);
    }
  });

  test('says no where nothing is lower', () => {
    // The slope is a lie: the function rises.
    const line = lineOf((t) => [Math.abs(t), t === 0 ? -1 : 1]);
    expect(search(line, 1)).toBe(false);
    expect(line.trials).toBeLessThanOrEqual(62);
    const wall = lineOf((t) => [t === 0 ? 0 : NaN, -1]);
    expect(search(wall, 1)).toBe(false);
  });

  test('takes a step that is good by its slope where the value drowns in rounding', () => {
    // 1e9 + (t − 1)²·1e-7 is 1e9 in float64 for all t that matter.
    const line = lineOf((t) => [1e9 + 1e-7 * (t - 1) ** 2, 2e-7 * (t - 1)]);
    expect(search(line, 1.05)).toBe(true);
    expect(line.step).toBe(1.05);
  });

  test('goes far down a way without end', () => {
    const line = lineOf((t) => [-t, -1]);
    expect(search(line, 1)).toBe(true);
    // Sufficient decrease is all that backtracking asks for; Wolfe's conditions cannot be met on a straight line.
    if (name !== 'backtracking') expect(line.value).toBeLessThan(-1e20);
    expect(line.trials).toBeLessThanOrEqual(62);
  });
});
