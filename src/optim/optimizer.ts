import type { z } from 'zod';
import type { NDArray } from '../graph/ndarray.js';
import type { Tensor } from '../graph/tensor.js';
import type { Tree } from '../graph/tree.js';
import { define, type Definition, type OptionValues } from './options.js';
import type { Schedule } from './schedule.js';

/** What a step is given from outside, so that a compiled step serves every rate and every step number. */
export interface StepContext {
  /** Learning rate of this step: a floating-point scalar. */
  readonly lr: Tensor;
  /** Number of this step, from 1: a floating-point scalar. */
  readonly step: Tensor;
  /** Takes the place of the option `momentum` or `beta1` where a schedule cycles it: a floating-point scalar. */
  readonly momentum?: Tensor;
  /** Independent standard normal numbers in the tree of the parameters, fresh at each step; for those that `needs.noise`. */
  readonly noise?: Tree<Tensor>;
  /** The gradient as a function of the parameters, on the batch of this step; for those that `needs.gradient`. */
  readonly gradient?: (parameters: Tree<Tensor>) => Tree<Tensor>;
}

/** Work that plain JavaScript does on the state between two steps: what no graph expresses well, such as eigenvectors. */
export interface HostStep {
  /** Whether the state must be handed to `run` after this step (counted from 1) and before the next one. */
  isDue(step: number): boolean;
  run(state: Tree<NDArray>, step: number): Tree<NDArray>;
}

/** What an optimiser must be given beyond gradients, lr and step. */
export interface Needs {
  /** context.noise. */
  readonly noise?: boolean;
  /** context.gradient; takeStep gives it. */
  readonly gradient?: boolean;
  /** Parameters in their own shapes: a matrix must not come as a vector. */
  readonly shapes?: boolean;
}

/**
 * A way to change parameters by their gradient. All functions are pure and are called while a graph is traced. Parameters are a
 * tree of floating-point tensors; the state is a tree of tensors whose shapes and element types no step changes.
 */
export interface Optimizer<S extends Tree<Tensor> = Tree<Tensor>> {
  readonly name: string;
  /** All options with their values; a wrapper's are named `wrapper.option`. */
  readonly options: OptionValues;
  /** The learning rate as the options give it, by the number of steps already taken. */
  readonly learningRate: Schedule;
  readonly needs?: Needs;
  /** The state before the first step. */
  init(parameters: Tree<Tensor>): S;
  /** @throws ScreeError when gradients and parameters differ in tree or shape, or the context lacks what is needed. */
  update<P extends Tree<Tensor>>(
    gradients: P,
    state: S,
    parameters: P,
    context: StepContext,
  ): { parameters: P; state: S };
  /**
   * Where present, `update` must be given the gradient at the parameters that this returns, not at the current ones;
   * `gradients` are those at the current ones. takeStep does it.
   */
  gradientAt?<P extends Tree<Tensor>>(gradients: P, state: S, parameters: P, context: StepContext): P;
  /** Where present, the parameters to test and to keep, in place of those that are trained. */
  evaluationParameters?<P extends Tree<Tensor>>(state: S, parameters: P): P;
  readonly hostStep?: HostStep;
}

/** What the file of an optimiser says of it beside its name and options. */
export type Method<S extends Tree<Tensor>> = Omit<Optimizer<S>, 'name' | 'options' | 'learningRate'>;

type Input<S extends z.ZodRawShape> = z.input<z.ZodObject<S, z.core.$strict>>;

/** Makes an optimiser; `lr` may be a schedule. */
export interface OptimizerFactory<S extends z.ZodRawShape> {
  (options?: Omit<Input<S>, 'lr'> & { readonly lr?: number | Schedule }): Optimizer;
  readonly definition: Definition<Optimizer>;
}

/** An optimiser under a name, with options described by zod; every one has `lr`. */
export function defineOptimizer<S extends { readonly lr: z.ZodType<number> } & z.ZodRawShape>(
  name: string,
  summary: string,
  shape: S,
  build: (options: z.output<z.ZodObject<S, z.core.$strict>>) => Method<Tree<Tensor>>,
): OptimizerFactory<S> {
  const definition = define(name, summary, shape, (options): Optimizer => {
    const values = options as OptionValues;
    const rate = Number(values.lr);
    return { name, options: values, learningRate: () => rate, ...build(options) };
  });
  const make = (options: Readonly<Record<string, unknown>> = {}): Optimizer => {
    const { lr, ...rest } = options;
    if (typeof lr !== 'function') return definition.create(options);
    const schedule = lr as Schedule;
    return { ...definition.create({ ...rest, lr: schedule(0) }), learningRate: schedule };
  };
  return Object.assign(make, { definition });
}
