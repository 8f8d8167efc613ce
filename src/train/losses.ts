import { z } from 'zod';
import type { Task } from '../data/index.js';
import { ScreeError } from '../graph/errors.js';
import type { Tensor } from '../graph/tensor.js';
import { crossEntropy, focal, huber, mae, mse } from '../nn/index.js';
import { define, readSpec, type Registry } from '../optim/index.js';

/**
 * What a model is trained by: a scalar from what it gives for a batch and the labels. Classes: [batch, classes] and int32 [batch];
 * a number: float32 [batch] both; characters: [batch, length, alphabet] and int32 [batch, length].
 */
export type Loss = (output: Tensor, labels: Tensor) => Tensor;

type Kind = Task['kind'];

const ofClasses = {
  crossentropy: define(
    'crossentropy',
    'mean of −log of the probability of the right class',
    {
      labelSmoothing: z
        .number()
        .min(0)
        .lt(1)
        .default(0)
        .describe('share of the truth spread evenly over all classes'),
    },
    (options): Loss =>
      (output, labels) =>
        crossEntropy(output, labels, options),
  ),
  focal: define(
    'focal',
    'cross-entropy that counts less where the class is told well already',
    { gamma: z.number().min(0).default(2).describe('how much less: 0 or at least 1') },
    (options): Loss =>
      (output, labels) =>
        focal(output, labels, options),
  ),
} as const satisfies Registry<Loss>;

const ofNumbers = {
  mse: define('mse', 'mean squared error', {}, (): Loss => mse),
  mae: define('mae', 'mean absolute error', {}, (): Loss => mae),
  huber: define(
    'huber',
    'squared error that becomes linear for large errors',
    { delta: z.number().gt(0).default(1).describe('where it becomes linear, in standard deviations') },
    (options): Loss =>
      (output, labels) =>
        huber(output, labels, options),
  ),
} as const satisfies Registry<Loss>;

/** The losses by name. */
export const losses: Registry<Loss> = { ...ofClasses, ...ofNumbers };

const byTask: Readonly<Record<Kind, Registry<Loss>>> = {
  classification: ofClasses,
  characters: ofClasses,
  regression: ofNumbers,
};

const what: Readonly<Record<Kind, string>> = {
  classification: 'classes',
  characters: 'characters',
  regression: 'a number',
};

/** The loss of a task where nobody names one. */
export function defaultLoss({ kind }: Task): string {
  return kind === 'regression' ? 'mse' : 'crossentropy';
}

/**
 * A loss from text: `crossentropy:labelSmoothing=0.1`, `huber:delta=2`.
 * @throws ScreeError for a name that is unknown or is no loss of this task, and options that are unknown or out of range
 */
export function parseLoss(text: string, { kind }: Task): Loss {
  const { definition, options } = readSpec<Loss>('loss', text, losses);
  const fitting: Registry<Loss> = byTask[kind];
  if (!Object.hasOwn(fitting, definition.name)) {
    throw new ScreeError(
      `loss ${definition.name} is not for data that ask for ${what[kind]}; take ${Object.keys(fitting).join(', ')}`,
    );
  }
  return definition.create(options);
}
