import { formula, type Formula } from '../../src/formula/index.js';
import { ScreeError } from '../../src/graph/errors.js';
import { suggest } from '../../src/graph/suggest.js';
import {
  findSurface,
  surfaceFormula,
  surfaces,
  type Surface as ZooSurface,
} from '../../src/landscape/zoo/index.js';
import { readNumbers } from './assignments.js';

/** A surface that the user named or wrote down. */
export interface Ground {
  /** As it was written, or the formula of the zoo's entry. */
  readonly text: string;
  readonly surface: Formula;
  /** The entry of the zoo, where it was named. */
  readonly zoo?: ZooSurface;
}

/** What the options say of a surface's parameters. */
export interface ParameterOptions {
  readonly param?: readonly string[];
  readonly dim?: number;
}

/** A word that nobody writes to have it walked on as a formula: no operator, no digit alone, three letters or more. */
const bareWord = /^[a-z][a-z0-9]*[a-z]{2}[a-z0-9]*$/i;
/** The same in parts: also the difference of variables, so it must be near to a name. */
const hyphenated = /^[a-z][a-z0-9]*([ _-][a-z0-9]+)+$/i;

function isName(text: string, names: readonly string[]): boolean {
  const plain = (name: string) => name.toLowerCase().replaceAll(/[\s_-]/g, '');
  if (names.some((name) => plain(name) === plain(text))) return true;
  return bareWord.test(text) || (hyphenated.test(text) && suggest(text, names) !== undefined);
}

/** The parameters by name; `--dim` is the number of variables, the parameter n. */
export function readParameters({ param = [], dim }: ParameterOptions): Record<string, number> {
  const given = readNumbers('--param', param);
  if (dim === undefined) return given;
  if (Object.hasOwn(given, 'n')) throw new ScreeError('--dim and --param n are the same; give one of them');
  return { ...given, n: dim };
}

/**
 * A formula, or the name of a surface of the zoo.
 * @throws FormulaError for a formula that cannot be understood; ScreeError for an unknown name or parameter
 */
export function readSurface(argument: string, options: ParameterOptions = {}): Ground {
  const text = argument.trim();
  const parameters = readParameters(options);
  const names = surfaces().map(({ name }) => name);
  if (isName(text, names)) {
    const zoo = findSurface(text, parameters);
    return { text: zoo.formula, surface: surfaceFormula(zoo), zoo };
  }
  const surface = formula(text, { parameters });
  if (surface.variables.length === 0) {
    throw new ScreeError(
      `walk: ${JSON.stringify(text)} has no variables; write a formula such as "x^2 - x*y"`,
    );
  }
  return { text, surface };
}
