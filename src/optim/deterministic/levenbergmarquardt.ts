/**
 * The Levenberg–Marquardt method as Moré implemented it (The Levenberg-Marquardt algorithm: implementation and theory, LNM 630, 1978; MINPACK's
 * lmder), for f(x) = Σ rᵢ(x)²: a trust region ‖D·p‖ ≤ Δ for the linear model ‖J·p + r‖², with
 *     p(λ) = −(JᵀJ + λD²)⁻¹Jᵀr,   D = diag(largest norm that column j of J had so far),
 * and λ ≥ 0 found by Hebden's iteration on ‖D·p(λ)‖ − Δ to a tenth of Δ. JᵀJ is never formed: p(λ) comes from the QR decomposition of J, stacked on
 * √λ·D. Scaling makes the method blind to the units of the variables.
 *
 * Constants are MINPACK's: Δ₀ = 100·‖D·x₀‖ (100 at 0), a step counts from ρ ≥ 1e-4, Δ shrinks at ρ ≤ ¼ by the minimiser of the parabola along the
 * step, and is twice the step at ρ ≥ ¾ or λ = 0. It ends where promise and fall are both below ε·f, MINPACK's test with ftol = ε.
 */
import { z } from 'zod';
import {
  addScaled,
  dot,
  multiply,
  multiplyTransposed,
  norm,
  pivotedQr,
  type PivotedQr,
} from '../../linalg/index.js';
import { tooShort } from './stops.js';
import { defineMethod, needs, type Position } from './method.js';

export const levenbergmarquardt = defineMethod(
  'levenbergmarquardt',
  'nonlinear least squares by a scaled trust region',
  { factor: z.number().positive().default(100).describe('first radius, in multiples of the scaled start') },
  ({ factor }) => ({
    *steps(problem, start) {
      needs('levenbergmarquardt', problem, 'residuals');
      const { residuals } = problem;
      const n = start.length;
      const m = residuals.count;
      let r = new Float64Array(m);
      let rTrial = new Float64Array(m);
      const jacobian = new Float64Array(m * n);
      const step = new Float64Array(n);
      const change = new Float64Array(m);
      const xTrial = new Float64Array(n);
      const position: Position = { x: start.slice(), value: 0, gradient: new Float64Array(n) };
      const linearise = (): void => {
        position.value = dot(r, r);
        residuals.jacobian(position.x, jacobian);
        multiplyTransposed(jacobian, r, position.gradient);
        for (let j = 0; j < n; j++) position.gradient[j] *= 2;
      };
      residuals.evaluate(position.x, r);
      linearise();
      yield position;

      const diagonal = new Float64Array(n);
      widen(diagonal, jacobian, m);
      let radius = factor * scaledNorm(diagonal, start);
      if (radius === 0) radius = factor;
      let lambda = 0;
      for (let isFirst = true; ; isFirst = false) {
        const qr = pivotedQr(jacobian.slice(), m, n, r.slice());
        for (let isAccepted = false; !isAccepted;) {
          lambda = dampedStep(qr, diagonal, radius, lambda, step);
          const length = scaledNorm(diagonal, step);
          if (isFirst) radius = Math.min(radius, length);
          const shortest = Number.EPSILON * scaledNorm(diagonal, position.x);
          if (!(length > shortest)) return tooShort(length, shortest);
          addScaled(position.x, 1, step, xTrial);
          residuals.evaluate(xTrial, rTrial);
          multiply(jacobian, step, change);
          const linear = norm(change) / norm(r);
          const damping = (Math.sqrt(lambda) * length) / norm(r);
          const promise = linear ** 2 + 2 * damping ** 2;
          const slope = -(linear ** 2 + damping ** 2);
          const growth = norm(rTrial) / norm(r);
          const fall = growth < 10 ? 1 - growth ** 2 : -1;
          const ratio = promise === 0 ? 0 : fall / promise;
          if (!(ratio > 0.25)) {
            const parabola = fall >= 0 ? 0.5 : (0.5 * slope) / (slope + 0.5 * fall);
            const cut = growth < 10 ? Math.max(parabola, 0.1) : 0.1;
            radius = cut * Math.min(radius, 10 * length);
            lambda /= cut;
          } else if (lambda === 0 || ratio >= 0.75) {
            radius = 2 * length;
            lambda /= 2;
          }
          isAccepted = ratio >= 1e-4;
          if (promise <= Number.EPSILON && Math.abs(fall) <= Number.EPSILON && !isAccepted) {
            return {
              reason: 'function',
              criterion: 'fall promised by the model, relative to the value',
              value: promise,
              threshold: Number.EPSILON,
            };
          }
        }
        position.x.set(xTrial);
        [r, rTrial] = [rTrial, r];
        linearise();
        widen(diagonal, jacobian, m);
        yield position;
      }
    },
  }),
);

/** diagonal ← the larger of itself and the norms of the columns; 1 for a column of zeros, whose variable has no units to go by. */
function widen(diagonal: Float64Array, jacobian: Float64Array, m: number): void {
  const n = diagonal.length;
  for (let j = 0; j < n; j++) {
    let length = 0;
    for (let i = 0; i < m; i++) length = Math.hypot(length, jacobian[i * n + j]);
    diagonal[j] = Math.max(diagonal[j], length);
    if (diagonal[j] === 0) diagonal[j] = 1;
  }
}

function scaledNorm(diagonal: Float64Array, x: Float64Array): number {
  let length = 0;
  for (let j = 0; j < x.length; j++) length = Math.hypot(length, diagonal[j] * x[j]);
  return length;
}

/**
 * step ← p(λ) with ‖D·p‖ within a tenth of the radius, or the Gauss–Newton step where that is shorter. Returns λ. Moré's section 5: Hebden's
 * iteration λ ← λ + φ/(Δ·‖z‖²), Rᵀz = PᵀD·(Dp/‖Dp‖), φ = ‖Dp‖ − Δ, between bounds that each iterate narrows.
 */
function dampedStep(
  qr: PivotedQr,
  diagonal: Float64Array,
  radius: number,
  guess: number,
  step: Float64Array,
): number {
  const isFull = solveTriangular(qr, step);
  let length = scaledNorm(diagonal, step);
  if (length <= 1.1 * radius) return 0;
  let low = isFull ? (length - radius) / (radius * hebden(qr, diagonal, step, length)) : 0;
  const slope = scaledGradient(qr, diagonal);
  let high = slope / radius;
  if (high === 0) high = Number.MIN_VALUE / Math.min(radius, 0.1);
  let lambda = Math.min(Math.max(guess, low), high);
  if (lambda === 0) lambda = slope / length;
  for (let iteration = 1; ; iteration++) {
    if (lambda === 0) lambda = Math.max(Number.MIN_VALUE, 1e-3 * high);
    const stacked = stack(qr, diagonal, lambda);
    solveTriangular(stacked, step);
    length = scaledNorm(diagonal, step);
    const excess = length - radius;
    // MINPACK's ten: a step that is a little off is better than one more decomposition.
    if (Math.abs(excess) <= 0.1 * radius || iteration === 10) return lambda;
    if (excess > 0) low = Math.max(low, lambda);
    else high = Math.min(high, lambda);
    lambda = Math.max(low, lambda + excess / (radius * hebden(stacked, diagonal, step, length)));
  }
}

/** ‖D⁻¹Jᵀr‖. */
function scaledGradient({ r, order, qtb }: PivotedQr, diagonal: Float64Array): number {
  const n = order.length;
  let length = 0;
  for (let j = 0; j < n; j++) {
    let sum = 0;
    for (let i = 0; i <= j; i++) sum += r[i * n + j] * qtb[i];
    length = Math.hypot(length, sum / diagonal[order[j]]);
  }
  return length;
}

/** x ← −P·R⁻¹·Qᵀb, with zeros where the diagonal of R vanishes; false where it does. */
function solveTriangular({ r, order, qtb }: PivotedQr, x: Float64Array): boolean {
  const n = order.length;
  let rank = 0;
  while (rank < n && Math.abs(r[rank * n + rank]) > n * Number.EPSILON * Math.abs(r[0])) rank++;
  x.fill(0);
  for (let i = rank - 1; i >= 0; i--) {
    let sum = -qtb[i];
    for (let j = i + 1; j < rank; j++) sum -= r[i * n + j] * x[order[j]];
    x[order[i]] = sum / r[i * n + i];
  }
  return rank === n;
}

/** ‖z‖² with Rᵀz = PᵀD²p/‖Dp‖. */
function hebden({ r, order }: PivotedQr, diagonal: Float64Array, step: Float64Array, length: number): number {
  const n = order.length;
  const z = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const j = order[i];
    let sum = (diagonal[j] ** 2 * step[j]) / length;
    for (let k = 0; k < i; k++) sum -= r[k * n + i] * z[k];
    z[i] = sum / r[i * n + i];
  }
  return dot(z, z);
}

/** The decomposition of R stacked on √λ·D·P, with its columns in the order of the variables. */
function stack({ r, order, qtb }: PivotedQr, diagonal: Float64Array, lambda: number): PivotedQr {
  const n = order.length;
  const a = new Float64Array(2 * n * n);
  const b = new Float64Array(2 * n);
  b.set(qtb);
  const root = Math.sqrt(lambda);
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) a[i * n + order[j]] = r[i * n + j];
    a[(n + i) * n + i] = root * diagonal[i];
  }
  return pivotedQr(a, 2 * n, n, b);
}
