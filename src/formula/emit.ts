import { ndarray } from '../graph/ndarray.js';
import { sizeOf } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import * as ops from '../ops/index.js';
import type { TensorLike } from '../ops/index.js';
import {
  childrenOf,
  fold,
  isCondition,
  type ArithmeticOperator,
  type ElementNode,
  type FormulaNode,
  type PiecewiseNode,
  type ReductionNode,
} from './ast.js';
import type { Binding } from './bind.js';
import { errorAt } from './errors.js';
import { arithmetic, checkBounds, compare, Evaluator, type Scope } from './evaluate.js';
import { functions } from './functions.js';
import { analyzeTerms, mentions, splitByConditions, type TermAnalysis } from './segments.js';
import { sincQuotient, traceSinc } from './sinc.js';

/** The most operations that a formula may make of its text, sums written out term by term included. */
const maximumOperations = 200_000;

/** Sums of fewer terms are written out: a few operations on numbers are quicker than one on a vector. */
const fewestForAxis = 12;

/** Whole powers up to this one are products, so that every derivative of theirs exists at 0. */
const largestProduct = 64;

/** What a node makes: a number or truth that is known beforehand, or a tensor. */
type Value = number | boolean | Tensor;
type Operand = number | Tensor;

/** An index whose values are all computed at once. */
interface Axis {
  readonly index: string;
  readonly from: number;
  readonly count: number;
}

interface Context {
  /** What the indices are; an axis counts with its first value. */
  readonly scope: Scope | undefined;
  /** The outermost first; a tensor in this context has no axes, or one for each of these, some of extent 1. */
  readonly axes: readonly Axis[];
  /** Where the branch is taken in which the node stands; undefined outside of branches. */
  readonly taken: Tensor | undefined;
}

function isKnown(value: Value): value is number | boolean {
  return typeof value === 'number' || typeof value === 'boolean';
}

function asOperand(value: Value): Operand {
  return typeof value === 'boolean' ? Number(value) : value;
}

/** x to a whole power by squaring. */
function wholePower(x: Tensor, exponent: number): Tensor {
  if (exponent < 0) return wholePower(x, -exponent).reciprocal();
  let [result, square, rest]: [Tensor | undefined, Tensor, number] = [undefined, x, exponent];
  for (;;) {
    if (rest % 2 === 1) result = result === undefined ? square : result.mul(square);
    rest = Math.floor(rest / 2);
    if (rest === 0) break;
    square = square.mul(square);
  }
  return result ?? x.zerosLike().add(1);
}

/** Gives a tensor axes of extent 1 behind those it has, up to `rank`; a scalar stays one. */
function withAxes(tensor: Tensor, rank: number): Tensor {
  if (tensor.rank === 0 || tensor.rank === rank) return tensor;
  return tensor.reshape([...tensor.shape, ...new Array<number>(rank - tensor.rank).fill(1)]);
}

/** Writes one formula of a binding into the graph under construction. */
export class Emitter {
  private readonly evaluator: Evaluator;
  private readonly analyses = new Map<ReductionNode, TermAnalysis>();
  private readonly numbers = new Map<string, Tensor>();
  private operations = 0;

  /** @param variables a scalar for each variable that is a number, a vector for each list, all of one element type */
  constructor(
    private readonly binding: Binding,
    private readonly text: string,
    private readonly variables: ReadonlyMap<string, Tensor>,
    private readonly dtype: Tensor['dtype'],
  ) {
    this.evaluator = new Evaluator(binding.parameters, text);
  }

  /** The value of a formula, as a scalar. */
  scalar(node: FormulaNode): Tensor {
    return this.tensor(asOperand(this.emit(node, { scope: undefined, axes: [], taken: undefined })));
  }

  /** The values of the terms of a reduction, one after the other, in a vector. */
  terms(node: ReductionNode): Tensor {
    const parts = this.parts(node, { scope: undefined, axes: [], taken: undefined }).map(
      ({ value, count }) => {
        const tensor = this.tensor(value);
        return tensor.rank === 0 ? tensor.reshape([1]).broadcastTo([count]) : tensor;
      },
    );
    return parts.length === 0 ? this.tensor(ndarray([], [0], this.dtype)) : ops.concat(parts);
  }

  private tensor(value: TensorLike): Tensor {
    return ops.toTensor('formula', value, this.dtype);
  }

  private emit(root: FormulaNode, context: Context): Value {
    return fold<Value>(
      root,
      (node, values) => this.combine(node, values, context),
      (node) => this.operandsOf(node),
    );
  }

  private emitOperand(node: FormulaNode, context: Context): Operand {
    return asOperand(this.emit(node, context));
  }

  /** What is emitted before a node: nothing where the value is known, and not what the node emits in a context of its own. */
  private operandsOf(node: FormulaNode): readonly FormulaNode[] {
    if (!this.binding.dynamic.has(node)) return [];
    if (node.kind === 'reduction' || node.kind === 'piecewise' || node.kind === 'element') return [];
    const quotient = sincQuotient(node);
    if (quotient === undefined) return childrenOf(node);
    return quotient.factor === undefined ? [quotient.operand] : [quotient.operand, quotient.factor];
  }

  private combine(node: FormulaNode, values: readonly Value[], context: Context): Value {
    if (!this.binding.dynamic.has(node)) return this.known(node, context);
    this.count(node);
    const operands = values.map(asOperand);
    const [x, y] = operands;
    switch (node.kind) {
      case 'name':
        return this.variable(node.name);
      case 'element':
        return this.element(node, context);
      case 'negate':
        return typeof x === 'number' ? -x : x.neg();
      case 'binary':
        if (sincQuotient(node) !== undefined) {
          const quotient = traceSinc(this.tensor(x));
          return y === undefined ? quotient : quotient.mul(y);
        }
        return this.binary(node.operator, x, y, context);
      case 'call': {
        const { evaluate, trace, safe } = functions[node.name];
        if (operands.every((operand) => typeof operand === 'number')) return evaluate(...operands);
        return trace(...operands.map((operand) => this.guarded(operand, safe, context)));
      }
      case 'comparison':
        return this.comparison(node.operator, x, y);
      case 'logic':
        return logic(node.operator, values[0], values[1]);
      case 'not':
        return isKnown(values[0]) ? values[0] === false : values[0].not();
      case 'piecewise':
        return this.piecewise(node, context);
      case 'reduction':
        return this.reduction(node, context);
      case 'number':
        return node.value;
    }
  }

  private count(node: FormulaNode): void {
    if (++this.operations <= maximumOperations) return;
    const limit = maximumOperations.toLocaleString('en');
    const advice = 'sums whose elements stand at affine indices, as x[2*i + 1], need not be written out';
    throw errorAt(
      `the formula makes more than ${limit} operations; ${advice}`,
      this.text,
      'at' in node ? node.at : 0,
    );
  }

  /** A value that depends on no variable: a number, or a constant along the axes whose indices it depends on. */
  private known(node: FormulaNode, { scope, axes }: Context): Value {
    const along = node.kind === 'number' ? [] : axes.filter(({ index }) => mentions(node, index));
    if (isCondition(node) || along.length === 0) {
      const value = this.evaluator.evaluate(node, scope);
      return isCondition(node) ? value === 1 : value;
    }
    const shape = axes.map((axis) => (along.includes(axis) ? axis.count : 1));
    const data = new Float64Array(sizeOf(shape));
    let place = 0;
    const fill = (depth: number, inner: Scope | undefined): void => {
      if (depth === along.length) {
        data[place++] = this.evaluator.evaluate(node, inner);
        return;
      }
      const { index, from, count } = along[depth];
      for (let value = from; value < from + count; value++) fill(depth + 1, { index, value, outer: inner });
    };
    fill(0, scope);
    return this.tensor(ndarray(data, shape, this.dtype));
  }

  private variable(name: string): Tensor {
    const tensor = this.variables.get(name);
    if (tensor === undefined) throw errorAt(`${name} has no value`, this.text);
    return tensor;
  }

  private element({ name, index }: ElementNode, { scope, axes }: Context): Tensor {
    const list = this.variable(name);
    const first = this.evaluator.evaluate(index, scope);
    const along = axes.findIndex((axis) => mentions(index, axis.index));
    if (along < 0) {
      const key = `${name}[${first}]`;
      const number = this.numbers.get(key) ?? list.slice([first - 1], [first]).reshape([]);
      this.numbers.set(key, number);
      return number;
    }
    const axis = axes[along];
    const step =
      this.evaluator.evaluate(index, { index: axis.index, value: axis.from + 1, outer: scope }) - first;
    const last = first + step * (axis.count - 1);
    const low = Math.min(first, last);
    const slice = list.slice([low - 1], [low - 1 + Math.abs(last - first) + 1], [Math.abs(step)]);
    const shape = axes.map((_, place) => (place === along ? axis.count : 1));
    return (step < 0 ? slice.flip() : slice).reshape(shape);
  }

  /** Outside of its branch a value is replaced by one at which no derivative is infinite. */
  private guarded(operand: Operand, safe: number | undefined, { axes, taken }: Context): Operand {
    if (typeof operand === 'number' || safe === undefined || taken === undefined) return operand;
    return withAxes(taken, axes.length).where(operand, safe);
  }

  private binary(operator: ArithmeticOperator, x: Operand, y: Operand, context: Context): Operand {
    if (typeof x === 'number' && typeof y === 'number') return arithmetic(operator, x, y);
    switch (operator) {
      case '+':
        return ops.add(x, y);
      case '-':
        return ops.sub(x, y);
      case '*':
        return ops.mul(x, y);
      case '/':
        return ops.div(x, this.guarded(y, 1, context));
      case '^': {
        const isWhole = typeof y === 'number' && Number.isInteger(y) && Math.abs(y) <= largestProduct;
        if (isWhole && typeof x !== 'number')
          return wholePower(y < 0 ? this.tensor(this.guarded(x, 1, context)) : x, y);
        return ops.pow(this.guarded(x, 1, context), this.guarded(y, 1, context));
      }
    }
  }

  private comparison(operator: keyof typeof compare, x: Operand, y: Operand): Value {
    if (typeof x === 'number' && typeof y === 'number') return compare[operator](x, y);
    const relations = {
      '<': ops.less,
      '<=': ops.lessEqual,
      '>': ops.greater,
      '>=': ops.greaterEqual,
      '==': ops.equal,
      '!=': ops.notEqual,
    };
    return relations[operator](x, y);
  }

  private piecewise({ branches, otherwise }: PiecewiseNode, context: Context): Operand {
    const { axes } = context;
    const cases: { holds: Tensor; value: Operand }[] = [];
    let { taken } = context;
    let last: Operand | undefined;
    for (const { condition, value } of branches) {
      const holds = this.emit(condition, { ...context, taken });
      if (holds === false) continue;
      if (isKnown(holds)) {
        last = this.emitOperand(value, { ...context, taken });
        break;
      }
      const here = taken === undefined ? holds : withAxes(taken, axes.length).and(holds);
      cases.push({ holds, value: this.emitOperand(value, { ...context, taken: here }) });
      taken = taken === undefined ? holds.not() : withAxes(taken, axes.length).and(holds.not());
    }
    last ??= this.emitOperand(otherwise, { ...context, taken });
    return cases.reduceRight<Operand>((rest, { holds, value }) => {
      return ops.where(holds, this.tensor(value), this.tensor(rest));
    }, last);
  }

  private reduction(node: ReductionNode, context: Context): Operand {
    const isSum = node.operation === 'sum';
    const parts = this.parts(node, context).map(({ value, count }): Operand => {
      const rank = context.axes.length + 1;
      if (typeof value === 'number' || value.rank < rank || value.shape[rank - 1] !== count) {
        // The terms are all the same.
        const term =
          typeof value === 'number' || value.rank < rank ? value : value.reshape(value.shape.slice(0, -1));
        return count === 1 ? term : this.binary(isSum ? '*' : '^', term, count, context);
      }
      return isSum ? value.sum({ axes: -1 }) : ops.prod(value);
    });
    if (parts.length === 0) return isSum ? 0 : 1;
    return parts.reduce((total, part) => this.binary(isSum ? '+' : '*', total, part, context));
  }

  /**
   * The terms of a reduction: `count` neighbours each time, whose values stand along a last axis, or are all `value` where it
   * has none.
   */
  private parts(node: ReductionNode, context: Context): { value: Operand; count: number }[] {
    const { scope, axes } = context;
    const [from, to] = [node.from, node.to].map((bound) => this.evaluator.evaluate(bound, scope));
    checkBounds(node.operation, from, to, this.text, node.at);
    const at = (value: number): Scope => ({ index: node.index, value, outer: scope });
    return this.ranges(node, from, to, context).flatMap(({ start, count, isAxis }) => {
      if (isAxis) {
        const axis = { index: node.index, from: start, count };
        const inside = { ...context, axes: [...axes, axis], scope: at(start) };
        return [{ value: this.emitOperand(node.body, inside), count }];
      }
      return Array.from({ length: count }, (_, term) => {
        this.count(node);
        return { value: this.emitOperand(node.body, { ...context, scope: at(start + term) }), count: 1 };
      });
    });
  }

  private ranges(
    node: ReductionNode,
    from: number,
    to: number,
    { scope, axes }: Context,
  ): { start: number; count: number; isAxis: boolean }[] {
    if (to < from) return [];
    const analysis = this.analyses.get(node) ?? analyzeTerms(node, this.binding.dynamic);
    this.analyses.set(node, analysis);
    const { regular, conditions, companions } = analysis;
    if (!regular || axes.some(({ index }) => companions.has(index)))
      return [{ start: from, count: to - from + 1, isAxis: false }];
    return splitByConditions(node.index, from, to, conditions, this.evaluator, scope).map(([start, end]) => {
      const count = end - start + 1;
      return { start, count, isAxis: count >= fewestForAxis };
    });
  }
}

function logic(operator: 'and' | 'or', left: Value, right: Value): Value {
  const decisive = operator === 'or';
  if (left === decisive || right === decisive) return decisive;
  if (isKnown(left)) return right;
  if (isKnown(right)) return left;
  return operator === 'and' ? left.and(right) : left.or(right);
}
