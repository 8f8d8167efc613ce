import { ScreeError } from '../graph/errors.js';

const before = 50;
const after = 30;

/** The part of a text around a position, on one line, and a caret under the position. */
function excerpt(text: string, position: number): string {
  const start = position <= before ? 0 : position - before;
  const end = Math.min(text.length, position + after);
  const head = start > 0 ? '…' : '';
  const tail = end < text.length ? '…' : '';
  const line = `${head}${text.slice(start, end).replace(/\s/g, ' ')}${tail}`;
  return `  ${line}\n  ${' '.repeat(position - start + head.length)}^`;
}

/**
 * A formula that cannot be understood. The message says what is wrong, shows the text (of a long one, the part around the
 * place) and puts a caret under the place.
 */
export class FormulaError extends ScreeError {
  override name = 'FormulaError';

  /**
   * @param problem what is wrong and what would be right, in one sentence
   * @param text the whole formula
   * @param position where in the text, counted from 0
   */
  constructor(
    readonly problem: string,
    readonly text: string,
    readonly position: number,
  ) {
    super(`${problem}\n${excerpt(text, position)}`);
  }
}

/** The error for a node whose place may be unknown, as in a tree made by hand. */
export function errorAt(problem: string, text: string, at = 0): FormulaError {
  return new FormulaError(problem, text, at);
}
