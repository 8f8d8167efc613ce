import { z } from 'zod';
import { ndarray, type NDArray } from '../../graph/ndarray.js';
import { sizeOf, type Shape } from '../../graph/shape.js';
import { define, readSpec, type Definition } from '../../optim/index.js';
import { asynchronousServer } from './asynchronous.js';
import { bucketGradient } from '../buckets.js';
import type { CoderState } from '../codec/codec.js';
import type { ExchangeMaker, ExchangeRequest, ExchangeTimes } from './exchange.js';

/** For ranks that do not wait for each other's steps: all that is done between two meetings. */
export interface LooseSteps {
  /** Called before each step. @param parameters the same on all ranks where it follows a meeting */
  begin(parameters: readonly NDArray[], step: number): void;
  /**
   * Called after each step in place of `afterStep`; takes in what others have told.
   * @param wish whether this rank wishes the run to end
   */
  step(parameters: readonly NDArray[], step: number, wish: boolean): Promise<void>;
  /** Whether all ranks end after this step, since one of them wished it. */
  endsAt(step: number): boolean;
  /** Called on all ranks after the same step: gives them the same bits. */
  meet(parameters: readonly NDArray[]): Promise<void>;
}

/** How ranks that each train on their own come together now and then. Between two meetings they differ. */
export interface Synchroniser {
  /** Steps from one meeting to the next. */
  readonly every: number;
  /**
   * Called after each step on all ranks. After a meeting all ranks hold the same bits.
   * @param parameters float32, in the order of the shapes; written to at a meeting
   * @param step from 1
   * @returns whether this was a meeting
   */
  afterStep(parameters: readonly NDArray[], step: number): Promise<boolean>;
  /** Where ranks do not even step together. */
  readonly loose?: LooseSteps;
  /** What is saved with the run on this rank: views. */
  readonly state: CoderState;
  readonly times: ExchangeTimes;
}

export interface SynchroniserRequest extends Omit<ExchangeRequest, 'buckets'> {
  /** How differences become their mean. */
  readonly exchange: ExchangeMaker;
  readonly shapes: readonly Shape[];
  /** Where all ranks begin, the same on each. */
  readonly parameters: readonly NDArray[];
  readonly bucketBytes?: number;
}

export type SynchroniserMaker = (request: SynchroniserRequest) => Synchroniser;

interface Outer {
  readonly every: number;
  readonly lr: number;
  readonly momentum: number;
}

/**
 * Every H steps, the mean over the ranks of how far each has come is a gradient for SGD with Nesterov momentum on what they last agreed on
 * (DiLoCo: Douillard et al. 2023, algorithm 1). With rate 1 and no momentum the result is the mean of the ranks' parameters (local SGD:
 * Stich 2019).
 */
function periodic({ every, lr, momentum }: Outer): SynchroniserMaker {
  return ({ exchange, shapes, parameters, bucketBytes, ...request }) => {
    const { workspace } = request;
    const { buckets, gradients } = bucketGradient(workspace, shapes, bucketBytes);
    const inner = exchange({ ...request, buckets });
    const room = () => shapes.map((shape) => workspace.floats(workspace.allocateValues(sizeOf(shape))));
    const agreed = room();
    agreed.forEach((values, tensor) => values.set(parameters[tensor].data));
    const velocity = momentum === 0 ? [] : room();
    const state = Object.fromEntries([
      ...agreed.map((values, index) => [`agreed.${index}`, ndarray(values)] as const),
      ...velocity.map((values, index) => [`velocity.${index}`, ndarray(values)] as const),
      ...Object.entries(inner.state).map(([name, array]) => [`exchange.${name}`, array] as const),
    ]);
    return {
      every,
      state,
      times: inner.times,
      async afterStep(current, step) {
        if (step % every !== 0) return false;
        current.forEach(({ data }, tensor) => {
          const difference = gradients[tensor].data;
          for (let index = 0; index < data.length; index++)
            difference[index] = agreed[tensor][index] - data[index];
        });
        await Promise.all(buckets.map((_, bucket) => inner.reduce(bucket, step / every)));
        current.forEach(({ data }, tensor) => {
          const mean = gradients[tensor].data;
          const from = agreed[tensor];
          for (let index = 0; index < data.length; index++) {
            let move = mean[index];
            if (momentum > 0) {
              const speed = momentum * velocity[tensor][index] + move;
              velocity[tensor][index] = speed;
              move += momentum * speed;
            }
            from[index] -= lr * move;
          }
          data.set(from);
        });
        return true;
      },
    };
  };
}

const everyOption = (value: number) =>
  z
    .number()
    .int()
    .min(1)
    .max(1e6)
    .default(value)
    .describe('steps that ranks take on their own between two meetings');

/** All synchronisers by name. `server` is one with a staleness only: without it, it is an exchange in step. */
export const synchronisers: Readonly<Record<string, Definition<SynchroniserMaker>>> = {
  local: define(
    'local',
    'local SGD: ranks train on their own and take the mean of their parameters now and then',
    { every: everyOption(8) },
    ({ every }) => periodic({ every, lr: 1, momentum: 0 }),
  ),
  diloco: define(
    'diloco',
    'DiLoCo: how far ranks come on their own is a gradient for SGD with Nesterov momentum',
    {
      every: everyOption(500),
      lr: z.number().gt(0).default(0.7).describe('rate of the outer steps'),
      momentum: z.number().min(0).lt(1).default(0.9).describe('Nesterov momentum of the outer steps'),
    },
    periodic,
  ),
  server: asynchronousServer,
};

/**
 * A synchroniser from text: `local:every=16`, `diloco`.
 * @throws ScreeError for an unknown name (with the nearest) or an option that is unknown or out of range
 */
export function parseSynchroniser(text: string): SynchroniserMaker {
  const { definition, options } = readSpec('synchroniser', text, synchronisers);
  return definition.create(options);
}
