import type { Tensor } from '../graph/tensor.js';
import { concat } from '../ops/index.js';
import type { Expression, ReductionNode } from './ast.js';
import { bind } from './bind.js';
import { Emitter } from './emit.js';
import { checkBounds, Evaluator, type Scope } from './evaluate.js';
import {
  dtypeOfVariables,
  expandedNames,
  pointValues,
  splitVariables,
  type FormulaOptions,
  type VariableTensors,
} from './formula.js';
import { parse } from './parse.js';

/** One residual, or one for each value of an index from `from` to `to`, both included; bounds may use parameters. */
export type ResidualText =
  | string
  | {
      readonly each: string;
      readonly index: string;
      readonly from: string | number;
      readonly to: string | number;
    };

/** A vector of formulas of the same variables, as least-squares methods need it. */
export interface Residuals {
  readonly texts: readonly ResidualText[];
  readonly variables: readonly string[];
  readonly parameters: FormulaOptions['parameters'];
  /** m, the count of residuals. */
  readonly count: number;
  /**
   * The residuals as a traced function.
   * @param variables a vector of shape [variables.length], or a record of scalars (and vectors for lists)
   * @returns shape [count], of the variables' element type
   */
  evaluate(this: void, variables: Readonly<Record<string, Tensor>>): Tensor;
  evaluate(this: void, variables: Tensor): Tensor;
  /** The residuals in plain numbers at a point. Slow: for tests and single values. */
  values(this: void, point: ArrayLike<number>): number[];
}

interface Part {
  readonly text: string;
  /** A family of residuals is kept as a sum that is never added up. */
  readonly root: Expression;
  readonly family: ReductionNode | undefined;
}

function parsePart(residual: ResidualText, names: readonly string[]): Part {
  if (typeof residual === 'string')
    return { text: residual, root: parse(residual, names), family: undefined };
  const { each, index, from, to } = residual;
  const family: ReductionNode = {
    kind: 'reduction',
    operation: 'sum',
    body: parse(each, [...names, index]),
    index,
    from: parse(String(from), names),
    to: parse(String(to), names),
  };
  return { text: each, root: family, family };
}

/**
 * Reads the residuals r₁ … r_m of a least-squares problem, each a formula or a family of them over an index. Variables,
 * parameters and grammar are as in {@link formula}.
 * @throws FormulaError with the place in the text, ScreeError for options that do not fit
 */
export function residuals(
  texts: readonly ResidualText[],
  { parameters = {}, variables }: FormulaOptions = {},
): Residuals {
  const names = [...Object.keys(parameters), ...(variables ?? [])];
  const parts = texts.map((text) => parsePart(text, names));
  const binding = bind(parts, parameters, variables);
  const known = new Evaluator(parameters, '');
  const range = ({ from, to, operation }: ReductionNode): number[] => {
    const [first, last] = [known.evaluate(from), known.evaluate(to)];
    checkBounds(operation, first, last, '');
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, place) => first + place);
  };
  return {
    texts,
    variables: expandedNames(binding.variables),
    parameters,
    count: parts.reduce((total, { family }) => total + (family === undefined ? 1 : range(family).length), 0),
    evaluate: (given: VariableTensors) => {
      const tensors = splitVariables(binding, given);
      const vectors = parts.map(({ text, root, family }) => {
        const emitter = new Emitter(binding, text, tensors, dtypeOfVariables(given));
        return family === undefined ? emitter.scalar(root).reshape([1]) : emitter.terms(family);
      });
      return concat(vectors);
    },
    values: (point) => {
      const values = pointValues(binding, point);
      return parts.flatMap(({ text, root, family }) => {
        const evaluator = new Evaluator(values, text);
        if (family === undefined) return [evaluator.evaluate(root)];
        const at = (value: number): Scope => ({ index: family.index, value, outer: undefined });
        return range(family).map((value) => evaluator.evaluate(family.body, at(value)));
      });
    },
  };
}
