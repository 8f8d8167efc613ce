export {
  isCondition,
  type ArithmeticOperator,
  type BinaryNode,
  type CallNode,
  type ComparisonNode,
  type ComparisonOperator,
  type Condition,
  type ElementNode,
  type Expression,
  type FormulaNode,
  type LogicNode,
  type NameNode,
  type NegateNode,
  type NotNode,
  type NumberNode,
  type PiecewiseNode,
  type ReductionNode,
} from './ast.js';
export { FormulaError } from './errors.js';
export { evaluate, type Values } from './evaluate.js';
export { formula, type Formula, type FormulaOptions, type VariableTensors } from './formula.js';
export { constants, functions, type FormulaFunction } from './functions.js';
export { mathml } from './mathml.js';
export { parse } from './parse.js';
export { print } from './print.js';
export { residuals, type Residuals, type ResidualText } from './residuals.js';
