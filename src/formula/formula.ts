import { ScreeError } from '../graph/errors.js';
import { showShape } from '../graph/shape.js';
import { Tensor } from '../graph/tensor.js';
import type { Expression } from './ast.js';
import { bind, type Binding, type Variable } from './bind.js';
import { Emitter } from './emit.js';
import { Evaluator, type Values } from './evaluate.js';
import { parse } from './parse.js';

export interface FormulaOptions {
  /** Named constants of the formula: numbers, or lists of numbers for `y[i]`. Each must occur in it. */
  readonly parameters?: Values;
  /** The variables in the order wanted; lists by their bare names. By default those that occur, sorted (x2 before x10). */
  readonly variables?: readonly string[];
}

/** What variables can be given as: one vector of all of them, or each by its name, a scalar or for a list a vector. */
export type VariableTensors = Tensor | Readonly<Record<string, Tensor>>;

export interface Formula {
  readonly text: string;
  /** In the order of the vector of all variables; a list x of three is `x[1]`, `x[2]`, `x[3]`. */
  readonly variables: readonly string[];
  readonly parameters: Values;
  readonly ast: Expression;
  /**
   * The formula as a traced function, for trace, compile, grad, vmap and their like.
   * @param variables a vector of shape [variables.length], or a record of scalars (and vectors for lists)
   * @returns a scalar of the variables' element type
   */
  evaluate(this: void, variables: Readonly<Record<string, Tensor>>): Tensor;
  evaluate(this: void, variables: Tensor): Tensor;
  /** The value in plain numbers at a point, its numbers in the order of `variables`. Slow: for tests and single values. */
  value(this: void, point: ArrayLike<number>): number;
}

/** The names of the numbers in the vector of all variables. */
export function expandedNames(variables: readonly Variable[]): string[] {
  return variables.flatMap(({ name, length }) =>
    length === undefined ? [name] : Array.from({ length }, (_, place) => `${name}[${place + 1}]`),
  );
}

function wantedShape({ length }: Variable): number[] {
  return length === undefined ? [] : [length];
}

/** Each variable's tensor by its name. */
export function splitVariables({ variables, size }: Binding, given: VariableTensors): Map<string, Tensor> {
  if (!(given instanceof Tensor)) {
    return new Map(
      variables.map((variable) => {
        const { name } = variable;
        const tensor = Object.hasOwn(given, name) ? given[name] : undefined;
        if (tensor === undefined) throw new ScreeError(`formula: the variable ${name} is missing`);
        const shape = showShape(wantedShape(variable));
        if (showShape(tensor.shape) === shape) return [name, tensor];
        throw new ScreeError(
          `formula: ${name} is ${tensor.toString()}; it must have shape ${shape} (use vmap for a batch)`,
        );
      }),
    );
  }
  if (showShape(given.shape) !== showShape([size])) {
    throw new ScreeError(
      `formula: the variables are ${given.toString()}; they must have shape ${showShape([size])} (use vmap for a batch)`,
    );
  }
  return new Map(
    variables.map((variable) => {
      const { name, offset, length } = variable;
      return [name, given.slice([offset], [offset + (length ?? 1)]).reshape(wantedShape(variable))];
    }),
  );
}

/** The element type of a formula's variables; float64 of one that has none. */
export function dtypeOfVariables(given: VariableTensors): Tensor['dtype'] {
  if (given instanceof Tensor) return given.dtype;
  return Object.values(given)[0]?.dtype ?? 'float64';
}

/** The values of variables and parameters at a point, for the plain evaluator. */
export function pointValues({ variables, parameters, size }: Binding, point: ArrayLike<number>): Values {
  if (point.length !== size) {
    throw new ScreeError(`formula: the point has ${point.length} numbers; the formula has ${size} variables`);
  }
  const numbers = Array.from(point);
  const entries = variables.map(({ name, offset, length }): [string, number | number[]] => [
    name,
    length === undefined ? numbers[offset] : numbers.slice(offset, offset + length),
  ]);
  return { ...parameters, ...Object.fromEntries(entries) };
}

/**
 * Reads a formula: `formula('a*x^2 - x*y', { parameters: { a: 2 } })`. The grammar is that of {@link parse}; the functions are
 * those of `functions`; `sum(body, i, from, to)` and `prod(…)` run over whole numbers, bounds included, that are known or follow
 * from parameters; `x[i]` is an element of a list, counted from 1, whose length follows from the largest index;
 * `if(condition, a, b)` and `piecewise(condition, a, condition, b, c)` choose. sin(u)/u is continued to 1 at u = 0.
 *
 * Sums whose elements stand at affine indices are computed as vectors; others are written out term by term.
 * @throws FormulaError with the place in the text, ScreeError for options that do not fit
 * @example
 * ```ts
 * import { compile, float64, grad, type Tensor } from 'scree';
 * import { formula } from 'scree/formula';
 *
 * const { variables, evaluate } = formula('a x^2 y', { parameters: { a: 3 } });
 * const slope = compile(grad((point: Tensor) => evaluate(point)), [float64(2)]);
 * console.log(variables, slope.run([1, 2]).data);
 * ```
 * ```text
 * [ 'x', 'y' ] Float64Array(2) [ 12, 3 ]
 * ```
 */
export function formula(text: string, { parameters = {}, variables }: FormulaOptions = {}): Formula {
  const ast = parse(text, [...Object.keys(parameters), ...(variables ?? [])]);
  const binding = bind([{ text, root: ast }], parameters, variables);
  return {
    text,
    variables: expandedNames(binding.variables),
    parameters,
    ast,
    evaluate: (given: VariableTensors) => {
      const tensors = splitVariables(binding, given);
      return new Emitter(binding, text, tensors, dtypeOfVariables(given)).scalar(ast);
    },
    value: (point) => new Evaluator(pointValues(binding, point), text).evaluate(ast),
  };
}
