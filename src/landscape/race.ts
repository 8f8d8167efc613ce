import { compile } from '../compile/index.js';
import { ndarray } from '../graph/ndarray.js';
import type { Tensor } from '../graph/tensor.js';
import { float64 } from '../ops/index.js';
import { maxNorm } from '../linalg/index.js';
import { counted } from '../optim/deterministic/problem.js';
import { problemOf, type Method, type Optimizer } from '../optim/index.js';
import { Generator as Random, uniform } from '../random/index.js';
import { stepLoop } from './basins-loop.js';
import { performanceProfiles, type Profile } from './profile.js';
import type { Surface } from './surface.js';
import { surfaceFormula, type Surface as ZooSurface } from './zoo/index.js';

/** A surface and a place to start from. */
export interface RaceProblem {
  readonly name: string;
  readonly surface: Surface;
  readonly start: readonly number[];
  /** What is found farther outside than half its width does not count. */
  readonly box: readonly (readonly [number, number])[];
}

export interface RaceOptions {
  /** Learning rates that every optimiser may try on every problem. */
  readonly rates: readonly number[];
  /** Steps of each try, a gradient each; methods may evaluate so often. */
  readonly steps: number;
  /** τ: solved where f ≤ f_L + τ·(f₀ − f_L), f₀ at the start and f_L the lowest value that any try found. */
  readonly accuracy: number;
  /** Whether an optimiser is judged by its best rate on each problem, or by the one rate that does best on all. */
  readonly tuning: 'each' | 'all';
}

export interface RaceEntry {
  readonly profile: Profile;
  /** Steps (evaluations) to the target for each problem; ∞ where it was not reached. */
  readonly costs: readonly number[];
  /** The rate for each problem, NaN for methods without one; with tuning `all` it is the same. */
  readonly rates: readonly number[];
}

export interface Race {
  /** Those that some try went down on. */
  readonly problems: readonly (RaceProblem & { readonly lowest: number; readonly first: number })[];
  /** Those on which nobody went down, as from a critical point, or somebody down without end. */
  readonly skipped: readonly string[];
  readonly entries: readonly RaceEntry[];
}

/** Draws of a start before a surface is taken to have no values. */
const mostDraws = 1000;

/**
 * Problems from surfaces that have a lowest point: from the customary start and, with seeds 1, 2, …, from starts drawn evenly from the
 * box, where the function has a value.
 */
export function raceProblems(zoo: readonly ZooSurface[], starts: number): RaceProblem[] {
  return zoo
    .filter(({ minima, unbounded }) => minima.some(({ global }) => global) && !unbounded)
    .flatMap((entry) => {
      const surface = surfaceFormula(entry);
      const value = compile((x: Tensor) => surface.evaluate(x), [float64(surface.variables.length)]);
      const isInside = (start: readonly number[]) => Number.isFinite(value.run([...start]).data[0]);
      return Array.from({ length: starts }, (_, seed) => {
        const start = seed === 0 ? entry.starts[0] : drawStart(entry, seed, isInside);
        const name = starts === 1 ? entry.name : `${entry.name} #${seed}`;
        return start === undefined ? [] : [{ name, surface, start, box: entry.domain }];
      }).flat();
    });
}

function drawStart(
  { name, domain }: ZooSurface,
  seed: number,
  isInside: (start: readonly number[]) => boolean,
): number[] | undefined {
  const random = new Random(seed).fork(`start on ${name}`);
  for (let draw = 0; draw < mostDraws; draw++) {
    const shares = uniform(random, [domain.length], { dtype: 'float64' }).data;
    const start = domain.map(([low, high], axis) => low + shares[axis] * (high - low));
    if (isInside(start)) return start;
  }
  return undefined;
}

/** The lowest value so far after each number of steps, from the start on. */
type Descent = Float64Array;

/** A try of an optimiser on a surface; those without a learning rate pass over it. */
type Try = (start: readonly number[], rate: number) => Descent;

/** What lies outside the box by more than this share of it is no find: many surfaces are lower far away. */
const outside = 0.5;

function isInside({ box }: RaceProblem, points: Float64Array, row = 0): boolean {
  return box.every(([low, high], axis) => {
    const space = outside * (high - low);
    const at = points[row * box.length + axis];
    return at >= low - space && at <= high + space;
  });
}

function optimizerTry(problem: RaceProblem, optimizer: Optimizer, steps: number): Try {
  const { loop, begin, constants } = stepLoop(problem.surface, optimizer);
  const size = problem.box.length;
  const rows = steps + 1;
  const points = new Float64Array(rows * size);
  const values = new Float64Array(rows);
  const squares = new Float64Array(rows);
  return (start, rate) => {
    const carry = begin(ndarray(Float64Array.from(start), [size]));
    const done = loop.run(carry, constants(rate), rows, [points, values, squares]);
    let lowest = Infinity;
    // NaN is no progress, and ends the loop.
    return values.map((value, row) => {
      if (row < done && value < lowest && isInside(problem, points, row)) lowest = value;
      return lowest;
    });
  };
}

/** A deterministic method's descent by evaluations: a value, with or without its gradient, counts 1, a Hessian as its n products. */
function methodTry(problem: RaceProblem, method: Method, steps: number): Try {
  const { surface, box } = problem;
  const size = box.length;
  const { problem: counting, evaluations } = counted(problemOf((x: Tensor) => surface.evaluate(x), size));
  const spent = () =>
    evaluations.values +
    evaluations.hessianVectors +
    size * evaluations.hessians +
    size ** 2 * evaluations.thirdDerivatives;
  return (start) => {
    const descent = new Float64Array(steps + 1).fill(Infinity);
    const before = spent();
    const context = {
      tol: 0,
      generator: new Random(0),
      box: { lower: box.map(([low]) => low), upper: box.map(([, high]) => high) },
    };
    for (const { x, value, gradient } of method.steps(counting, Float64Array.from(start), context)) {
      // The start has cost one evaluation and is step 0, as in a walk of gradients.
      const cost = spent() - before - 1;
      if (cost > steps) break;
      if (value < descent[cost] && isInside(problem, x)) descent[cost] = value;
      if (maxNorm(gradient) === 0 && !method.passesStationary) break;
    }
    let lowest = Infinity;
    return descent.map((value) => (value < lowest ? (lowest = value) : lowest));
  };
}

function tryOf(problem: RaceProblem, optimizer: Optimizer | Method, steps: number): Try {
  return 'steps' in optimizer
    ? methodTry(problem, optimizer, steps)
    : optimizerTry(problem, optimizer, steps);
}

/** Steps until a value is at most the target; ∞ where it never is. At least 1, so that costs can be divided. */
function costOf(descent: Descent, target: number): number {
  const step = descent.findIndex((value) => value <= target);
  return step < 0 ? Infinity : Math.max(1, step);
}

/**
 * Lets optimisers race over problems, each with the same rates, and yields the number of problems done after each.
 * @param optimizers each with its name; their own learning rates do not count
 */
export function* race(
  problems: readonly RaceProblem[],
  optimizers: readonly { readonly name: string; readonly optimizer: Optimizer | Method }[],
  { rates, steps, accuracy, tuning }: RaceOptions,
): Generator<number, Race> {
  const ran: Race['problems'][number][] = [];
  const skipped: string[] = [];
  // A method that chooses its steps itself has one try, with no rate.
  const ratesOf = optimizers.map(({ optimizer }) => ('steps' in optimizer ? [NaN] : rates));
  /** [optimizer][problem][rate] */
  const costs: number[][][] = optimizers.map(() => []);
  let compiled: { readonly surface: Surface; readonly tries: readonly Try[] } | undefined;
  for (const [index, problem] of problems.entries()) {
    const { surface, start, name } = problem;
    if (compiled?.surface !== surface) {
      compiled = { surface, tries: optimizers.map(({ optimizer }) => tryOf(problem, optimizer, steps)) };
    }
    const descents = compiled.tries.map((take, index) => ratesOf[index].map((rate) => take(start, rate)));
    const lowest = Math.min(...descents.flat().map((descent) => descent[steps]));
    const first = descents[0][0][0];
    if (lowest > -Infinity && first - lowest > 1e-12 * Math.max(1, Math.abs(first))) {
      const target = lowest + accuracy * (first - lowest);
      descents.forEach((list, optimizer) =>
        costs[optimizer].push(list.map((descent) => costOf(descent, target))),
      );
      ran.push({ ...problem, lowest, first });
    } else skipped.push(name);
    yield index + 1;
  }
  const chosen = costs.map((table, index) => chooseRates(table, ratesOf[index], tuning));
  const names = optimizers.map(({ name }) => name);
  const profiles = performanceProfiles(
    names,
    chosen.map((entry) => entry.costs),
  );
  return {
    problems: ran,
    skipped,
    entries: chosen.map((entry, index) => ({ ...entry, profile: profiles[index] })),
  };
}

/** What counts of the tries of one optimiser, [problem][rate]. */
function chooseRates(
  table: readonly (readonly number[])[],
  rates: readonly number[],
  tuning: RaceOptions['tuning'],
): Pick<RaceEntry, 'costs' | 'rates'> {
  const bestOf = (list: readonly number[]) => list.indexOf(Math.min(...list));
  const common = bestOf(rates.map((_, rate) => meanCost(table.map((list) => list[rate]))));
  const choice = table.map((list) => (tuning === 'each' ? bestOf(list) : common));
  return {
    costs: table.map((list, problem) => list[choice[problem]]),
    rates: choice.map((rate) => rates[rate]),
  };
}

/** Lower for more problems solved, and among as many for a smaller geometric mean of the steps of those. */
function meanCost(costs: readonly number[]): number {
  const solved = costs.filter((cost) => cost < Infinity);
  const mean = solved.reduce((sum, cost) => sum + Math.log(cost), 0) / Math.max(1, solved.length);
  // No walk takes e^1000 steps.
  return -1000 * solved.length + mean;
}
