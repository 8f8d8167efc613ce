import { outputSize, type Split, type Task } from '../data/index.js';
import { ScreeError } from '../graph/errors.js';
import { showShape, sizeOf, type Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { softmaxCrossEntropy } from '../ops/index.js';
import type { Loss } from './losses.js';

/**
 * The mean loss over some examples and what else the task is judged by: `accuracy` of classes; `rmse`, in the target's own unit, and
 * `r2` of a number; `perplexity` and `bits` a character.
 */
export interface Score {
  readonly loss: number;
  readonly [metric: string]: number;
}

/**
 * How a model does at a task. Everything that is measured besides the loss comes from one number that adds up over examples: right
 * answers, squared errors, or nats.
 */
export interface Judge {
  readonly task: Task;
  readonly loss: Loss;
  /** A float32 scalar: the sum of that number over all labels. */
  tally(output: Tensor, labels: Tensor): Tensor;
  /** Labels that each example has. */
  readonly labelsEach: number;
  /**
   * @param loss mean over the examples
   * @param mean of the number over the labels
   * @param split the whole part that was measured, where it was: R² sets errors against its variance
   */
  score(loss: number, mean: number, split?: Split): Score;
}

/** @param inputShape shape of one example */
export function judgeOf(task: Task, loss: Loss, inputShape: Shape): Judge {
  const labelsEach = task.kind === 'characters' ? sizeOf(inputShape) : 1;
  return { task, labelsEach, ...measures(task, loss) };
}

function measures(task: Task, loss: Loss): Pick<Judge, 'loss' | 'tally' | 'score'> {
  switch (task.kind) {
    case 'classification':
      return {
        loss,
        tally: (output, labels) => output.argmax(1).equal(labels).cast('float32').sum(),
        score: (loss, accuracy) => ({ loss, accuracy }),
      };
    case 'regression':
      return {
        // One number for an example may come as [batch] or [batch, 1].
        loss: (output, labels) => loss(output.reshape(labels.shape), labels),
        tally(output, labels) {
          const error = output.reshape(labels.shape).sub(labels);
          return error.mul(error).sum();
        },
        score: (loss, squares, split) => ({
          loss,
          rmse: Math.sqrt(squares) * task.std,
          // Equal labels leave nothing to explain.
          ...(split && variance(split) > 0 && { r2: 1 - squares / variance(split) }),
        }),
      };
    case 'characters':
      return {
        loss,
        tally: (output, labels) =>
          softmaxCrossEntropy(
            output.reshape([-1, output.shape[output.rank - 1]]),
            labels.reshape([labels.size]),
          ).sum(),
        score: (loss, nats) => ({
          loss,
          // JSON knows no infinity.
          perplexity: Math.min(Math.exp(nats), Number.MAX_VALUE),
          bits: nats / Math.LN2,
        }),
      };
  }
}

const variances = new WeakMap<Split, number>();

/** Of the labels, divided by their count. */
function variance(split: Split): number {
  const known = variances.get(split);
  if (known !== undefined) return known;
  const { data } = split.labels;
  let sum = 0;
  for (const value of data) sum += value;
  const mean = sum / data.length;
  let squares = 0;
  for (const value of data) squares += (value - mean) ** 2;
  variances.set(split, squares / data.length);
  return squares / data.length;
}

/**
 * @param output shape of what the model gives for one example
 * @throws ScreeError when that is not what the task needs
 */
export function checkOutput(model: string, data: string, task: Task, input: Shape, output: Shape): void {
  const outputs = outputSize(task);
  const gives = `train: ${model} gives ${showShape(output)} for an example; ${data} needs`;
  switch (task.kind) {
    case 'classification':
      if (output.length === 1 && output[0] === outputs) return;
      throw new ScreeError(`${gives} [${outputs}], a number for each class`);
    case 'regression':
      if (sizeOf(output) === 1 && output.length <= 1) return;
      throw new ScreeError(`${gives} [1], the number '${task.target}'`);
    case 'characters':
      if (output.length === 2 && output[0] === input[0] && output[1] === outputs) return;
      throw new ScreeError(
        `${gives} [${input[0]},${outputs}], a number for each character of the alphabet at each place`,
      );
  }
}
