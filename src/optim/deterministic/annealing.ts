/**
 * Simulated annealing for continuous variables (Kirkpatrick, Gelatt & Vecchi, Science 220, 1983; Corana, Marchesi, Martini & Ridella, ACM TOMS 13, 1987): one
 * coordinate at a time moves at random, within a range of its own; a rise d is accepted with probability exp(−d/T). After N_S = 20 cycles
 * through the coordinates each range is adapted so that about half of its moves are accepted (their eq. for v', c = 2); after N_T such
 * rounds T falls by r_T = 0.85. Those constants are Corana's but for N_T: their max(100, 5n) is generous; 5 is what Goffe, Ferrier & Rogers
 * (J. Econometrics 60, 1994) take for small problems. T₀ makes four rises of five acceptable (Kirkpatrick), by the mean rise that random
 * points of the box show, unless it is given.
 *
 * Ours stays in the box (the one given, or `reach` around the start), moves on from a point outside the domain as from an
 * infinitely high one, and walks from the lowest point seen to the minimum next to it by L-BFGS. Each step of the walk is one
 * temperature, and shows the lowest point so far. That the lowest minimum of all is found is likely, not certain.
 */
import { z } from 'zod';
import { boxAround, drawPoint } from './box.js';
import { lbfgs } from './lbfgs.js';
import { defineMethod, type Position } from './method.js';
import type { Problem } from './problem.js';
import { minimize } from './walk.js';
import type { Generator as Random } from '../../random/generator.js';

const CYCLES = 20;
const SPREAD = 2;
/** Random points whose mean difference sets the first temperature. */
const SAMPLES = 100;
/** −ln 0.8. */
const FOUR_OF_FIVE = -Math.log(0.8);

export const annealing = defineMethod(
  'annealing',
  'simulated annealing in a box, then L-BFGS from the lowest point',
  {
    reach: z
      .number()
      .positive()
      .default(1)
      .describe('half the side of the box around the start, where none is given'),
    temperature: z.number().positive().optional().describe('first temperature, in units of the function'),
    cooling: z.number().positive().lt(1).default(0.85).describe('share of the temperature that is kept'),
    rounds: z.int().min(1).default(5).describe('adaptations of the ranges at each temperature'),
    temperatures: z.int().min(1).default(100).describe('how many temperatures there are'),
  },
  ({ reach, temperature: given, cooling, rounds, temperatures }) => ({
    passesStationary: true,
    *steps(problem, start, context) {
      const { generator } = context;
      const box = boxAround('annealing', start, reach, context.box);
      const walker = new Walker(problem, start, box, generator);
      const best: Position = { x: start.slice(), value: 0, gradient: new Float64Array(start.length) };
      const show = (): Position => {
        best.x.set(walker.lowest);
        best.value = problem.valueAndGradient(best.x, best.gradient);
        return best;
      };
      yield show();
      let temperature = given ?? firstTemperature(problem, box, generator);
      for (let k = 0; k < temperatures; k++) {
        for (let round = 0; round < rounds; round++) walker.round(temperature);
        yield show();
        temperature *= cooling;
      }
      const end = minimize(problem, lbfgs(), walker.lowest, { tol: context.tol });
      yield end;
      return end.stop;
    },
  }),
);

type Sides = ReturnType<typeof boxAround>;

function firstTemperature(problem: Problem, box: Sides, generator: Random): number {
  const x = new Float64Array(box.lower.length);
  let last = NaN;
  let sum = 0;
  let count = 0;
  for (let sample = 0; sample < SAMPLES; sample++) {
    drawPoint(generator, box, x);
    const value = problem.value(x);
    if (Number.isFinite(value - last)) {
      sum += Math.abs(value - last);
      count++;
    }
    last = value;
  }
  // A function that is flat or nowhere defined accepts everything at any temperature.
  return sum > 0 ? sum / count / FOUR_OF_FIVE : 1;
}

/** The point that wanders, its ranges, and the lowest it has seen. */
class Walker {
  readonly lowest: Float64Array;
  readonly #x: Float64Array;
  readonly #ranges: Float64Array;
  readonly #accepted: Float64Array;
  #value: number;
  #lowestValue: number;

  constructor(
    readonly problem: Problem,
    start: Float64Array,
    readonly box: Sides,
    readonly generator: Random,
  ) {
    this.#x = start.slice();
    this.lowest = start.slice();
    this.#value = this.#lowestValue = finite(problem.value(start));
    this.#ranges = box.upper.map((upper, i) => upper - box.lower[i]);
    this.#accepted = new Float64Array(start.length);
  }

  /** N_S cycles and one adaptation. */
  round(temperature: number): void {
    this.#accepted.fill(0);
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      for (let i = 0; i < this.#x.length; i++) this.#move(i, temperature);
    }
    for (let i = 0; i < this.#x.length; i++) {
      const share = this.#accepted[i] / CYCLES;
      if (share > 0.6) this.#ranges[i] *= 1 + (SPREAD * (share - 0.6)) / 0.4;
      else if (share < 0.4) this.#ranges[i] /= 1 + (SPREAD * (0.4 - share)) / 0.4;
      this.#ranges[i] = Math.min(this.#ranges[i], this.box.upper[i] - this.box.lower[i]);
    }
  }

  #move(i: number, temperature: number): void {
    const { generator, box } = this;
    const before = this.#x[i];
    let next = before + (2 * generator.uniform() - 1) * this.#ranges[i];
    if (!(next >= box.lower[i] && next <= box.upper[i])) {
      next = box.lower[i] + generator.uniform() * (box.upper[i] - box.lower[i]);
    }
    this.#x[i] = next;
    const value = finite(this.problem.value(this.#x));
    const isAccepted =
      value <= this.#value || generator.uniform() < Math.exp((this.#value - value) / temperature);
    if (!isAccepted) {
      this.#x[i] = before;
      return;
    }
    this.#value = value;
    this.#accepted[i]++;
    if (value < this.#lowestValue) {
      this.#lowestValue = value;
      this.lowest.set(this.#x);
    }
  }
}

/** Outside the domain it is infinitely high. */
function finite(value: number): number {
  return Number.isNaN(value) ? Infinity : value;
}
