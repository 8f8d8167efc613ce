import type { Tensor } from '../graph/tensor.js';
import { flattenTree, unflattenTree, type Tree } from '../graph/tree.js';
import type { Method, StepContext } from './optimizer.js';
import { requireAlike, requireNoCycling, scalar, widestType } from './trees.js';

export type Tensors = Readonly<Record<string, Tensor>>;

/** The step's scalars in the widest element type of the parameters. */
export interface StepScalars {
  readonly lr: Tensor;
  readonly step: Tensor;
  /** The rule's own momentum, or the cycled one. */
  readonly momentum: Tensor;
}

/**
 * An update of one parameter from its own gradient and state. What all parameters share in a step (rates, bias corrections) is
 * computed once, in `scalars`; `update` gets those in the parameter's element type (a bool stays one).
 * @typeParam S the state of one parameter, each tensor under its name
 * @typeParam C the numbers in the state that belong to no parameter
 * @typeParam K the scalars of a step; those with a name of C are C's new values
 */
export interface ParameterRule<S extends Tensors, C extends string, K extends Tensors> {
  readonly name: string;
  /** The momentum that a schedule may cycle; without it cycling is an error. */
  readonly momentum?: number;
  readonly init?: (parameter: Tensor) => S;
  readonly shared?: Readonly<Record<C, number>>;
  scalars(context: StepScalars, shared: Readonly<Record<C, Tensor>>): K & Record<C, Tensor>;
  update(gradient: Tensor, state: S, parameter: Tensor, scalars: K): { readonly parameter: Tensor } & S;
}

function stepScalars(
  { name, momentum }: { name: string; momentum?: number },
  context: StepContext,
  parameters: Tree<Tensor>,
): StepScalars {
  const dtype = widestType(parameters);
  if (momentum === undefined) requireNoCycling(name, context);
  return {
    lr: context.lr.cast(dtype),
    step: context.step.cast(dtype),
    momentum: context.momentum?.cast(dtype) ?? scalar(momentum ?? 0, dtype),
  };
}

function mapRecord<C extends string, T, U>(
  record: Readonly<Record<C, T>>,
  f: (value: T, key: C) => U,
): Record<C, U> {
  const entries = Object.entries<T>(record).map(([key, value]) => [key, f(value, key as C)] as const);
  return Object.fromEntries(entries) as Record<C, U>;
}

/** `init` and `update` over a tree of parameters. The state has one tree for each name of S and one scalar for each of C. */
export function perParameter<S extends Tensors, C extends string, K extends Tensors>(
  rule: ParameterRule<S, C, K>,
): Method<Readonly<Record<string, Tree<Tensor>>>> {
  const constants = rule.shared ?? ({} as Record<C, number>);
  const slotsOf = (parameter: Tensor) => rule.init?.(parameter) ?? ({} as S);
  const gather = (parameters: Tree<Tensor>, slots: readonly Tensors[]) =>
    mapRecord(slots[0] ?? {}, (_, slot) =>
      unflattenTree<Tensor, Tensor>(
        parameters,
        slots.map((of) => of[slot]),
      ),
    );
  return {
    init(parameters) {
      const dtype = widestType(parameters);
      return {
        ...gather(parameters, flattenTree(parameters).map(slotsOf)),
        ...mapRecord(constants, (value: number) => scalar(value, dtype)),
      };
    },
    update(gradients, state, parameters, context) {
      requireAlike(rule.name, 'the gradient', gradients, parameters);
      const shared = mapRecord(constants, (_, key) => state[key] as Tensor);
      const scalars = rule.scalars(stepScalars(rule, context, parameters), shared);
      const slots = Object.entries(state).filter(([name]) => !(name in constants));
      const flat = slots.map(([name, tree]) => [name, flattenTree(tree)] as const);
      const of = flattenTree<Tensor>(gradients);
      const results = flattenTree<Tensor>(parameters).map((parameter, index) => {
        const own = Object.fromEntries(flat.map(([name, leaves]) => [name, leaves[index]]));
        const cast = mapRecord<string, Tensor, Tensor>(scalars, (value) =>
          value.dtype === 'bool' ? value : value.cast(parameter.dtype),
        );
        const { parameter: moved, ...next } = rule.update(of[index], own as S, parameter, cast as K);
        return { moved, next };
      });
      const moved = results.map((result) => result.moved);
      requireAlike(
        rule.name,
        'the new parameter',
        unflattenTree<Tensor, Tensor>(parameters, moved),
        parameters,
      );
      return {
        parameters: unflattenTree<Tensor, Tensor>(parameters, moved) as typeof parameters,
        state: {
          ...gather(
            parameters,
            results.map((result) => result.next),
          ),
          ...mapRecord(constants, (_, key) => scalars[key]),
        },
      };
    },
  };
}
