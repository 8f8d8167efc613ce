import { parseOptimizerOrMethod, parseSchedule, type Method, type Optimizer } from '../../src/optim/index.js';
import { ScreeError } from '../../src/graph/errors.js';

/** What goes down any smooth function without a learning rate to guess. */
export const defaultOptimizer = 'bfgs';

/**
 * An optimiser or a deterministic method from text, with the learning rate of a schedule where one is given.
 * @throws ScreeError for an unknown name, options out of range, or a schedule that follows a metric
 */
export function readOptimizer(text: string, schedule: string | undefined, steps: number): Optimizer | Method {
  const optimizer = parseOptimizerOrMethod(text);
  if (schedule === undefined) return optimizer;
  if ('steps' in optimizer) {
    throw new ScreeError(`--schedule: ${optimizer.name} chooses its steps itself and has no learning rate`);
  }
  const rate = parseSchedule(schedule, { lr: optimizer.learningRate(0), steps });
  if (rate.plateau !== undefined || rate.momentum !== undefined) {
    throw new ScreeError(
      `--schedule: ${schedule} needs a metric or moves the momentum, which a walk does not do`,
    );
  }
  return { ...optimizer, learningRate: rate, options: { ...optimizer.options, schedule } };
}

/**
 * An optimiser whose learning rate a race chooses, or a method that needs none.
 * @throws ScreeError where the text gives a rate: all are to have the same choice
 */
export function readRaceOptimizer(text: string): Optimizer | Method {
  const optimizer = parseOptimizerOrMethod(text);
  if (/[:,]\s*lr\s*=/.test(text)) {
    throw new ScreeError(`race: ${text} gives a learning rate; --rates gives the same ones to all`);
  }
  return optimizer;
}
