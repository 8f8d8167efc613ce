/**
 * Adadelta (Zeiler 2012, arXiv 1212.5701, algorithm 1): steps in the units of the parameters,
 *     v ← ρv + (1 − ρ)g²;  Δ = √(u + eps)/√(v + eps)·g;  u ← ρu + (1 − ρ)Δ²;  p ← p − lr·Δ
 * The paper has no lr: it is 1. As torch.optim.Adadelta, whose defaults these are (rho and eps are not the paper's .95, 1e-6
 * in all of its experiments either).
 */
import { meanSquare, penalised } from './moments.js';
import { beta, epsilon, learningRate, penalty } from './options.js';
import { defineOptimizer } from './optimizer.js';
import { perParameter } from './per-parameter.js';

export const adadelta = defineOptimizer(
  'adadelta',
  'steps scaled by the ratio of past steps to past gradients',
  {
    lr: learningRate(1),
    rho: beta(0.9, 'share of the mean squares kept at each step'),
    eps: epsilon(1e-6),
    weightDecay: penalty(),
  },
  ({ rho, eps, weightDecay }) =>
    perParameter({
      name: 'adadelta',
      init: (parameter) => ({ square: parameter.zerosLike(), delta: parameter.zerosLike() }),
      scalars: ({ lr }) => ({ lr }),
      update(gradient, state, parameter, { lr }) {
        const g = penalised(gradient, parameter, weightDecay);
        const square = meanSquare(state.square, g, rho);
        const move = state.delta.add(eps).sqrt().div(square.add(eps).sqrt()).mul(g);
        return { parameter: parameter.sub(move.mul(lr)), square, delta: meanSquare(state.delta, move, rho) };
      },
    }),
);
