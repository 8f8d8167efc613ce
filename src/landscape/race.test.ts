import { describe, expect, test } from 'vitest';
import { formula } from '../formula/index.js';
import { parseOptimizer } from '../optim/index.js';
import { race, raceProblems, type RaceOptions, type RaceProblem } from './race.js';
import { surfaces } from './zoo/index.js';

const named = (name: string) => ({ name, optimizer: parseOptimizer(name) });

const bowl = (name: string, curvature: number): RaceProblem => ({
  name,
  surface: formula(`${curvature}*x^2/2`),
  start: [1],
  box: [[-2, 2]],
});
const options: RaceOptions = { rates: [0.05, 0.1, 0.5], steps: 40, accuracy: 1e-4, tuning: 'each' };

function run(problems: readonly RaceProblem[], names: readonly string[], given: RaceOptions) {
  const runs = race(problems, names.map(named), given);
  const done: number[] = [];
  for (;;) {
    const next = runs.next();
    if (next.done === true) return { done, result: next.value };
    done.push(next.value);
  }
}

describe('sgd on two parabolas', () => {
  const problems = [bowl('flat', 2), bowl('steep', 10)];

  test('takes the steps that its factor 1 − lr·L says, at the best rate of each', () => {
    const { done, result } = run(problems, ['sgd'], options);
    expect(done).toEqual([1, 2]);
    // lr·L is 1 for 0.5 on the flat and for 0.1 on the steep one: there in one step.
    expect(result.entries).toEqual([
      { profile: { name: 'sgd', ratios: [1, 1] }, costs: [1, 1], rates: [0.5, 0.1] },
    ]);
    expect(result.problems.map(({ lowest, first }) => [lowest, first])).toEqual([
      [0, 1],
      [0, 5],
    ]);
  });

  test('or at the one rate that solves the most with the fewest', () => {
    // With 0.5 the steep one diverges. f falls by (1 − lr·L)² a step: at 0.1 by 0.64, so (0.64)ⁿ ≤ 1e-4 from n = 21 on.
    const { result } = run(problems, ['sgd'], { ...options, tuning: 'all' });
    expect(result.entries[0]).toMatchObject({ costs: [21, 1], rates: [0.1, 0.1] });
  });

  test('fails where no rate gets there, which leaves the other its ratio 1', () => {
    const few = { ...options, steps: 3, rates: [0.05] };
    const { result } = run([problems[0]], ['sgd', 'rprop'], few);
    // In three steps sgd goes from 1 to 0.9³ = 0.729, rprop by 0.05, 0.06 and 0.072 to 0.818.
    expect(result.problems[0].lowest).toBeCloseTo(0.729 ** 2, 12);
    expect(result.entries.map(({ costs }) => costs)).toEqual([[3], [Infinity]]);
    expect(result.entries.map(({ profile }) => profile.ratios)).toEqual([[1], [Infinity]]);
  });
});

test('what is found far outside the box does not count, and a start at a critical point is left out', () => {
  const cubic: RaceProblem = { name: 'cubic', surface: formula('x^3 - 3*x'), start: [0], box: [[-1.5, 1.5]] };
  const top: RaceProblem = { name: 'top', surface: formula('-x^2'), start: [0], box: [[-1, 1]] };
  const { result } = run([cubic, top], ['sgd'], { ...options, rates: [0.01, 3], steps: 1000 });
  // With lr 3 the walk goes over the hill at −1 and down without end; the minimum is at 1, with value −2.
  expect(result.problems.map(({ name }) => name)).toEqual(['cubic']);
  expect(result.problems[0].lowest).toBeCloseTo(-2, 10);
  expect(result.skipped).toEqual(['top']);
  expect(result.entries[0].rates).toEqual([0.01]);
});

test('problems start inside their boxes, the same ones every time, on surfaces that have a lowest point', () => {
  const zoo = surfaces();
  const problems = raceProblems(zoo, 3);
  expect(problems).toEqual(
    raceProblems(zoo, 3).map((problem, index) => ({ ...problem, surface: problems[index].surface })),
  );
  const names = new Set(problems.map(({ name }) => name.split(' ')[0]));
  expect(names).toContain('rosenbrock');
  expect(names).not.toContain('monkey-saddle');
  expect(names).not.toContain('cosine-sine-quotients');
  for (const { start, box } of problems.filter(({ name }) => !name.endsWith('#0'))) {
    box.forEach(([low, high], axis) => {
      expect(start[axis]).toBeGreaterThanOrEqual(low);
      expect(start[axis]).toBeLessThanOrEqual(high);
    });
  }
  const rosenbrock = problems.filter(({ name }) => name.startsWith('rosenbrock'));
  expect(rosenbrock[0].start).toEqual([-1.2, 1]);
  expect(new Set(rosenbrock.map(({ start }) => start.join()))).toHaveLength(3);
});
