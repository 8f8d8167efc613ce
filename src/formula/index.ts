export { isCondition, type Condition, type Expression, type FormulaNode } from './ast.js';
export { FormulaError } from './errors.js';
export { evaluate, type Values } from './evaluate.js';
export { formula, type Formula, type FormulaOptions, type VariableTensors } from './formula.js';
export { constants, functions } from './functions.js';
export { mathml } from './mathml.js';
export { parse } from './parse.js';
export { print } from './print.js';
export { residuals, type Residuals, type ResidualText } from './residuals.js';
