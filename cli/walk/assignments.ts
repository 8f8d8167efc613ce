import { ScreeError } from '../../src/graph/errors.js';
import { unknownName } from '../../src/graph/suggest.js';

/** One part of `x=1,y=0.5`; without a name where the numbers stand alone. */
interface Part {
  readonly name: string | undefined;
  readonly value: string;
}

/** The parts of a comma-separated list; commas within brackets, as in `x[1,2]`, do not part. */
function partsOf(text: string): Part[] {
  return text.split(',').map((part) => {
    const equals = part.indexOf('=');
    if (equals < 0) return { name: undefined, value: part.trim() };
    return { name: part.slice(0, equals).replaceAll(/\s/g, ''), value: part.slice(equals + 1).trim() };
  });
}

function numberOf(option: string, { name, value }: Part): number {
  const number = Number(value.replace(/^−/, '-'));
  if (value !== '' && Number.isFinite(number)) return number;
  const what = name === undefined ? JSON.stringify(value) : `${name}=${value}`;
  throw new ScreeError(`${option}: ${what} is no finite number; write it as ${name ?? 'x'}=0.5`);
}

/**
 * Numbers by their names from `a=2,b=3`.
 * @param option what to name in errors, such as `--param`
 * @throws ScreeError for a part without a name or a number, and for a name given twice
 */
export function readNumbers(option: string, texts: readonly string[]): Record<string, number> {
  const numbers: Record<string, number> = {};
  for (const part of texts.flatMap(partsOf)) {
    if (part.name === undefined || part.name === '') {
      throw new ScreeError(`${option}: ${JSON.stringify(part.value)} has no name; write it as a=2`);
    }
    if (Object.hasOwn(numbers, part.name)) throw new ScreeError(`${option}: ${part.name} is given twice`);
    numbers[part.name] = numberOf(option, part);
  }
  return numbers;
}

/** The bare name of a list's element: `x` of `x[3]`. */
function listName(variable: string): string | undefined {
  const bracket = variable.indexOf('[');
  return bracket < 0 ? undefined : variable.slice(0, bracket);
}

function example(variables: readonly string[]): string {
  const lists = new Set(variables.map((name) => listName(name)));
  const isLong = variables.length > 4 && lists.size === 1 && !lists.has(undefined);
  return isLong
    ? `${[...lists].join('')}=0.5 for all of them`
    : variables
        .slice(0, 4)
        .map((name) => `${name}=1`)
        .join(',') + (variables.length > 4 ? ',…' : '');
}

/**
 * A point from `x=1,y=0.5`, from `1,0.5` in the order of the variables, or with the bare name of a list for all its elements:
 * `x=0.5`.
 * @param option what to name in errors
 * @throws ScreeError naming the variable that is missing, unknown or given twice
 */
export function readPoint(text: string, variables: readonly string[], option = '--from'): number[] {
  const parts = partsOf(text);
  if (parts.every(({ name }) => name === undefined)) {
    const numbers = parts.map((part) => numberOf(option, part));
    if (numbers.length === variables.length) return numbers;
    throw new ScreeError(
      `${option}: ${numbers.length} numbers for ${variables.length} variables (${showNames(variables)}); write ${option} ${example(variables)}`,
    );
  }
  const numbers = readNumbers(option, [text]);
  const lists = new Set(variables.map((name) => listName(name)));
  for (const name of Object.keys(numbers)) {
    if (variables.includes(name) || lists.has(name)) continue;
    throw new ScreeError(`${option}: ${unknownName('variable', name, variables.slice(0, 100))}`);
  }
  return variables.map((name) => {
    const list = listName(name) ?? '';
    if (Object.hasOwn(numbers, name)) return numbers[name];
    if (Object.hasOwn(numbers, list)) return numbers[list];
    throw new ScreeError(
      `${option}: the variable ${name} has no start; give all of ${showNames(variables)}, as ${option} ${example(variables)}`,
    );
  });
}

/** The start that is missing altogether. */
export function missingStart(variables: readonly string[]): ScreeError {
  const which =
    variables.length === 1 ? `the variable ${variables[0]}` : `the variables ${showNames(variables)}`;
  return new ScreeError(
    `walk: ${which} need${variables.length === 1 ? 's' : ''} a start: --from ${example(variables)}`,
  );
}

/** Names in a list, shortened in the middle. */
export function showNames(names: readonly string[]): string {
  const shown = names.length > 6 ? [...names.slice(0, 3), '…', ...names.slice(-1)] : names;
  return shown.join(', ');
}

/** How ranges are written in an option. */
export interface RangeNotation {
  readonly option: string;
  /** Between the ends of a range. */
  readonly between: ':' | '..';
}

/**
 * A box from `x=-5:5,y=0:2`, from `-5:5` for all variables, or with the bare name of a list for all its elements.
 * @throws ScreeError for a variable that is missing or unknown, and for a range that is none
 */
export function readRanges(
  text: string,
  variables: readonly string[],
  { option, between }: RangeNotation = { option: '--domain', between: ':' },
): [number, number][] {
  const parts = partsOf(text);
  const usual = `-5${between}5`;
  const range = ({ name, value }: Part): [number, number] => {
    const ends = value.split(between);
    const [low, high] = ends.map((end) => (end.trim() === '' ? NaN : Number(end.replace(/^\s*−/, '-'))));
    if (ends.length === 2 && low < high && Number.isFinite(high - low)) return [low, high];
    const what = name === undefined ? JSON.stringify(value) : `${name}=${value}`;
    const isInfinite = ends.length === 2 && !Number.isNaN(low + high) && !Number.isFinite(high - low);
    const why = isInfinite ? ' is infinite' : ends.length === 2 && low > high ? ' is reversed' : '';
    throw new ScreeError(
      `${option}: ${what} is no range${why === '' ? '' : `: it${why}`}; write it as ${name ?? variables[0]}=${usual}`,
    );
  };
  const [first] = parts;
  if (parts.length === 1 && first.name === undefined) return variables.map(() => range(first));
  const known = new Set([...variables, ...variables.map((name) => listName(name))]);
  const unknown = parts.find(({ name }) => name === undefined || !known.has(name));
  if (unknown !== undefined) {
    throw new ScreeError(`${option}: ${unknownName('variable', unknown.name ?? unknown.value, variables)}`);
  }
  return variables.map((name) => {
    const part =
      parts.find((candidate) => candidate.name === name) ??
      parts.find((candidate) => candidate.name === listName(name));
    if (part !== undefined) return range(part);
    throw new ScreeError(`${option}: the variable ${name} has no range; add ${name}=${usual}`);
  });
}
