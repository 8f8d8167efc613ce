import { FormulaError } from '../src/formula/index.js';
import { ScreeError } from '../src/graph/errors.js';

/** One line for a person: what went wrong, without the stack. A formula follows with a caret under the place. */
function errorLine(error: unknown): string {
  if (error instanceof FormulaError) return `error: ${error.message}`;
  const message = (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, ' ').trim();
  if (error instanceof ScreeError) return `error: ${message}`;
  // Nobody foresaw it: a fault of this program, which a stack trace helps to find.
  const name = error instanceof Error ? error.name : 'Error';
  return `error: unexpected ${name}: ${message} (run again with --debug for where it came from)`;
}

/** Writes an error to standard error; with `debug`, where it came from too. */
export function tellError(error: unknown, { debug }: { debug: boolean }): void {
  process.stderr.write(`${errorLine(error)}\n`);
  if (debug && error instanceof Error) {
    for (let at: unknown = error; at instanceof Error; at = at.cause) process.stderr.write(`${at.stack}\n`);
  }
}
