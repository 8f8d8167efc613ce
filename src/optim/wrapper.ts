import type { z } from 'zod';
import type { NDArray } from '../graph/ndarray.js';
import type { Tensor } from '../graph/tensor.js';
import type { Tree } from '../graph/tree.js';
import { define, type Definition, type OptionValues } from './options.js';
import type { Method, Optimizer, StepContext } from './optimizer.js';

/** Makes another optimiser of one. */
export type Wrap = (inner: Optimizer) => Optimizer;

type Input<S extends z.ZodRawShape> = z.input<z.ZodObject<S, z.core.$strict>>;

/** Wraps an optimiser: `lookahead(adam(), { syncPeriod: 6 })`. */
export interface WrapperFactory<S extends z.ZodRawShape> {
  (inner: Optimizer, options?: Input<S>): Optimizer;
  readonly definition: Definition<Wrap>;
}

/** A wrapper under a name. The wrapped optimiser is named `inner+wrapper`, its options gain the wrapper's as `wrapper.option`. */
export function defineWrapper<S extends z.ZodRawShape>(
  name: string,
  summary: string,
  shape: S,
  build: (inner: Optimizer, options: z.output<z.ZodObject<S, z.core.$strict>>) => Method<Tree<Tensor>>,
): WrapperFactory<S> {
  const definition = define(name, summary, shape, (options): Wrap => {
    const own = Object.entries(options as OptionValues).map(([key, value]) => [`${name}.${key}`, value]);
    return (inner) => ({
      ...build(inner, options),
      name: `${inner.name}+${name}`,
      options: { ...inner.options, ...(Object.fromEntries(own) as OptionValues) },
      learningRate: inner.learningRate,
    });
  });
  const make = (inner: Optimizer, options: Readonly<Record<string, unknown>> = {}): Optimizer =>
    definition.create(options)(inner);
  return Object.assign(make, { definition });
}

/** The inner optimiser with its gradients changed first, by nothing that has a state. */
export function onGradients(
  inner: Optimizer,
  change: <P extends Tree<Tensor>>(gradients: P, parameters: P, context: StepContext) => P,
): Method<Tree<Tensor>> {
  return {
    ...inner,
    update: (gradients, state, parameters, context) =>
      inner.update(change(gradients, parameters, context), state, parameters, context),
  };
}

/** The state of a wrapper that has one of its own beside the inner optimiser's. */
export type Wrapped<S extends Tree<Tensor>> = { readonly inner: Tree<Tensor>; readonly own: S };

/** The parts of an inner optimiser that a wrapper with a state passes on as they are. */
export function passedOn<S extends Tree<Tensor>>(
  inner: Optimizer,
): Pick<Method<Wrapped<S>>, 'needs' | 'gradientAt' | 'evaluationParameters' | 'hostStep'> {
  const { needs, hostStep } = inner;
  return {
    needs,
    ...(inner.gradientAt && {
      gradientAt: <P extends Tree<Tensor>>(
        gradients: P,
        state: Wrapped<S>,
        parameters: P,
        context: StepContext,
      ): P => inner.gradientAt?.(gradients, state.inner, parameters, context) ?? parameters,
    }),
    ...(inner.evaluationParameters && {
      evaluationParameters: <P extends Tree<Tensor>>(state: Wrapped<S>, parameters: P): P =>
        inner.evaluationParameters?.(state.inner, parameters) ?? parameters,
    }),
    ...(hostStep && {
      hostStep: {
        isDue: (step: number) => hostStep.isDue(step),
        run(state: Tree<NDArray>, step: number) {
          const parts = state as { readonly inner: Tree<NDArray>; readonly own: Tree<NDArray> };
          return { ...parts, inner: hostStep.run(parts.inner, step) };
        },
      },
    }),
  };
}
