/**
 * Perturbed gradient descent (Jin, Ge, Netrapalli, Kakade & Jordan 2017, arXiv 1703.00887, algorithms 1 to 3): gradient descent that adds a point of a
 * small ball where the gradient is small, and ends where T steps later the function has not fallen: then λ₁ ≥ −√(ρε) with
 * probability 1 − δ, ε the size of the gradient, ℓ the Lipschitz constant of the gradient and ρ that of the Hessian.
 *
 *   theory     χ = 3·max(ln(nℓΔf/(cε²δ)), 4); η = c/ℓ; r = √c/χ²·ε/ℓ; G = √c/χ²·ε; F = c/χ³·√(ε³/ρ); T = χ/c²·ℓ/√(ρε). ℓ must be given.
 *   practical  r = ⅛·√(ε/ρ): an eighth of the length over which curvature −√(ρε) can turn; T = 10/(η√(ρε)): e¹⁰ of growth along it; G = ε;
 *              F = √(ε³/ρ)/100, a hundredth of the fall that such curvature makes over √(ε/ρ). η = 1/ℓ with ℓ = ‖g₊ − g‖/‖x₊ − x‖ measured over each
 *              step: it is halved where that is too long, and grows by a tenth else.
 *
 * Ours goes on where the paper's algorithm returns: the point has passed as no saddle, and plain descent leads from there to where
 * the gradient counts as zero. It also passes where the gradient gets as small as that before T steps are over: along curvature of
 * −√(ρε) the perturbation would have grown. ρ = 1 and c = 1 are assumptions to be replaced by what is known of the function.
 */
import { z } from 'zod';
import { ScreeError } from '../../graph/errors.js';
import { addScaled, maxNorm, norm } from '../../linalg/index.js';
import { normal } from '../../random/distributions.js';
import type { Generator as Random } from '../../random/generator.js';
import { tooShort, zeroGradient } from './stops.js';
import { defineMethod, startAt, type Position } from './method.js';
import type { Problem } from './problem.js';
import { noiseOf, Progress } from './rounding.js';

interface Options {
  readonly constants: 'practical' | 'theory';
  readonly accuracy: number;
  readonly smoothness?: number;
  readonly hessianLipschitz: number;
  readonly c: number;
  readonly failure: number;
  readonly gap: number;
}

/** The constants of one run. */
interface Constants {
  /** η, r, G and F. */
  readonly lr: number;
  readonly radius: number;
  readonly smallGradient: number;
  readonly leastFall: number;
  /** T, which may depend on a step length that changes. */
  readonly wait: (lr: number) => number;
}

/** The constants of the paper's algorithm 2, for n variables. */
export function theoryConstants(
  { accuracy, smoothness, hessianLipschitz, c, failure, gap }: Required<Omit<Options, 'constants'>>,
  n: number,
): Constants {
  const log = Math.log((n * smoothness * gap) / (c * accuracy ** 2 * failure));
  const chi = 3 * Math.max(log, 4);
  const wait = Math.ceil((chi / c ** 2) * (smoothness / Math.sqrt(hessianLipschitz * accuracy)));
  return {
    lr: c / smoothness,
    radius: ((Math.sqrt(c) / chi ** 2) * accuracy) / smoothness,
    smallGradient: (Math.sqrt(c) / chi ** 2) * accuracy,
    leastFall: (c / chi ** 3) * Math.sqrt(accuracy ** 3 / hessianLipschitz),
    wait: () => wait,
  };
}

function practicalConstants(
  { accuracy, smoothness, hessianLipschitz }: Options,
  firstNorm: number,
): Constants {
  const curvature = Math.sqrt(hessianLipschitz * accuracy);
  return {
    // A first step of length one, or of the whole gradient.
    lr: smoothness === undefined ? Math.min(1, 1 / firstNorm) : 1 / smoothness,
    radius: Math.sqrt(accuracy / hessianLipschitz) / 8,
    smallGradient: accuracy,
    leastFall: Math.sqrt(accuracy ** 3 / hessianLipschitz) / 100,
    wait: (lr) => Math.ceil(10 / (lr * curvature)),
  };
}

export const perturbedgd = defineMethod(
  'perturbedgd',
  'gradient descent with perturbations that leave saddles',
  {
    constants: z
      .enum(['practical', 'theory'])
      .default('practical')
      .describe('where step, radius and waiting time come from'),
    accuracy: z.number().positive().default(1e-3).describe('ε: a smaller gradient may be a saddle'),
    smoothness: z.number().positive().optional().describe('ℓ: Lipschitz constant of the gradient'),
    hessianLipschitz: z.number().positive().default(1).describe('ρ: Lipschitz constant of the Hessian'),
    c: z.number().positive().max(1).default(1).describe('constant of the theory'),
    failure: z
      .number()
      .positive()
      .lt(1)
      .default(0.1)
      .describe('δ: probability that the theory allows to fail'),
    gap: z.number().positive().default(1).describe('Δf: bound of how far f may fall'),
  },
  (options) => {
    const { constants: kind, smoothness } = options;
    if (kind === 'theory' && smoothness === undefined) {
      throw new ScreeError(
        'perturbedgd: constants=theory needs smoothness, the Lipschitz constant of the gradient',
      );
    }
    return {
      passesStationary: true,
      *steps(problem, start, { tol, generator }) {
        const position = startAt(problem, start);
        const constants =
          kind === 'theory' && smoothness !== undefined
            ? theoryConstants({ ...options, smoothness }, start.length)
            : practicalConstants(options, norm(position.gradient));
        const { radius, smallGradient, leastFall, wait } = constants;
        const descent = new Descent(problem, constants.lr, kind === 'practical' && smoothness === undefined);
        const progress = new Progress();
        yield position;
        /** Where the last kick started from, and the steps since; none is under way before the first and after the last. */
        let before = NaN;
        let since = 0;
        let hasPassed = false;
        for (;;) {
          const size = norm(position.gradient);
          const slope = maxNorm(position.gradient);
          const isWaiting = !Number.isNaN(before);
          if (hasPassed && slope <= tol) return zeroGradient(slope, tol);
          if (isWaiting && (since >= wait(descent.lr) || slope <= tol)) {
            hasPassed = slope <= tol || position.value - before > -leastFall;
            before = NaN;
            continue;
          }
          if (!hasPassed && !isWaiting && size <= smallGradient) {
            before = position.value;
            since = 0;
            kick(problem, position, radius, generator);
            position.note = 'perturbation';
            yield position;
            position.note = undefined;
          }
          since++;
          const length = descent.step(position);
          yield position;
          const shortest = Number.EPSILON * Math.max(1, maxNorm(position.x));
          if (hasPassed && !(length > shortest)) return tooShort(length, shortest);
          if (hasPassed && !progress.see(position)) {
            const threshold = noiseOf(position.value);
            return { reason: 'function', criterion: 'fall of the value', value: 0, threshold };
          }
        }
      },
    };
  },
);

/** Plain gradient steps of a length that is fixed or found. */
class Descent {
  #x: Float64Array;
  #gradient: Float64Array;

  constructor(
    readonly problem: Problem,
    public lr: number,
    readonly adapts: boolean,
  ) {
    this.#x = new Float64Array(problem.dimension);
    this.#gradient = new Float64Array(problem.dimension);
  }

  /** Returns the length of the step. */
  step(position: Position): number {
    const { x, gradient } = position;
    const size = norm(gradient);
    for (;;) {
      addScaled(x, -this.lr, gradient, this.#x);
      const next = this.problem.valueAndGradient(this.#x, this.#gradient);
      const length = this.lr * size;
      let change = 0;
      for (let i = 0; i < x.length; i++) change += (this.#gradient[i] - gradient[i]) ** 2;
      const isShortEnough = Math.sqrt(change) <= size || !(length > Number.EPSILON * Math.max(1, maxNorm(x)));
      if (this.adapts && !isShortEnough) {
        this.lr /= 2;
        continue;
      }
      if (this.adapts) this.lr *= 1.1;
      position.x = this.#x;
      position.gradient = this.#gradient;
      position.value = next;
      this.#x = x;
      this.#gradient = gradient;
      return length;
    }
  }
}

/** Adds a point of the ball of this radius, every one as likely: a normal direction, and a radius with density rⁿ⁻¹. */
function kick(problem: Problem, position: Position, radius: number, generator: Random): void {
  const n = position.x.length;
  const direction = Float64Array.from(normal(generator, [n], { dtype: 'float64' }).data);
  const length = (radius * generator.uniform() ** (1 / n)) / norm(direction);
  addScaled(position.x, length, direction, position.x);
  position.value = problem.valueAndGradient(position.x, position.gradient);
}
