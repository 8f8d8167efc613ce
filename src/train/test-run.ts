import type { Dataset } from '../data/index.js';
import { classScores, confusionMatrix, largestPlaces, type ClassScore } from './classes.js';
import type { Score } from './judge.js';
import type { TrainedRun } from './load-run.js';

/** How a trained model does on a test part, as plain JSON. */
export interface TestReport {
  /** With `mae`, the mean absolute error in the target's own unit, where the task is a number. */
  readonly test: Score;
  /** Of classes: how often each was taken for each, [truth][predicted]. */
  readonly confusion?: readonly (readonly number[])[];
  /** Of classes: how well each is told. */
  readonly classes?: readonly ClassScore[];
}

/** Tests the model of a run on the test part of a data set. */
export async function testRun(
  { evaluator, weights }: TrainedRun,
  { task, test }: Dataset,
): Promise<TestReport> {
  const score = await evaluator.score(weights, test);
  if (task.kind === 'characters') return { test: score };
  const { data } = await evaluator.outputs(weights, test.inputs);
  if (task.kind === 'classification') {
    const predicted = largestPlaces(data, task.classes.length);
    const confusion = confusionMatrix(test.labels.data, predicted, task.classes.length);
    return { test: score, confusion, classes: classScores(confusion, task.classes) };
  }
  let sum = 0;
  for (let row = 0; row < test.size; row++) sum += Math.abs(data[row] - test.labels.data[row]);
  const { loss, rmse, ...others } = score;
  return { test: { loss, rmse, mae: (sum / test.size) * task.std, ...others } };
}
