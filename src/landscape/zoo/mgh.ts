import { ScreeError } from '../../graph/errors.js';
import { unknownName } from '../../graph/suggest.js';
import type { LeastSquaresProblem, ProblemDefinition, Size } from './least-squares.js';
import { fixedProblems } from './mgh-fixed.js';
import { variableProblems } from './mgh-variable.js';
import { checkParameter, plainName } from './surface.js';

const definitions: readonly ProblemDefinition[] = [...fixedProblems, ...variableProblems];

function instantiate(definition: ProblemDefinition, given: Partial<Size>): LeastSquaresProblem {
  const { number, name, title, source, residuals, uses = [], data = {} } = definition;
  const n = given.n ?? definition.n.default;
  checkParameter(name, 'n', n, definition.n);
  const range = definition.m(n);
  const m = given.m ?? (typeof range === 'number' ? range : range.default);
  checkParameter(name, 'm', m, typeof range === 'number' ? { default: range, choices: [range] } : range);
  const size = { n, m };
  return {
    number,
    name,
    title,
    n,
    m,
    residuals,
    parameters: { ...data, ...Object.fromEntries(uses.map((key) => [key, size[key]])) },
    start: definition.start(size),
    optima: definition.optima(size),
    source,
  };
}

/**
 * The 35 problems of Moré, Garbow and Hillstrom, "Testing unconstrained optimization software", ACM TOMS 7 (1981) 17–41, in
 * their usual sizes.
 */
export function leastSquaresProblems(): LeastSquaresProblem[] {
  return definitions.map((definition) => instantiate(definition, {}));
}

/**
 * One of them by its number or name, which case, spaces, hyphens and underscores do not change.
 * @param size the counts of variables and of residuals, where the problem leaves them open
 * @throws ScreeError for a problem that is not among them, or a size that it does not have
 */
export function findProblem(which: number | string, size: Partial<Size> = {}): LeastSquaresProblem {
  const definition = definitions.find(({ number, name }) =>
    typeof which === 'number' ? number === which : plainName(name) === plainName(which),
  );
  if (definition !== undefined) return instantiate(definition, size);
  if (typeof which === 'number')
    throw new ScreeError(`problem ${which} does not exist; they are numbered from 1 to 35`);
  throw new ScreeError(
    unknownName(
      'problem',
      which,
      definitions.map(({ name }) => name),
    ),
  );
}
