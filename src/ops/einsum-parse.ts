import { ScreeError } from '../graph/errors.js';

/** The axes of one operand or of the result, a letter each; '…' stands for all axes that are not named. */
export type Labels = readonly string[];

export interface Equation {
  readonly operands: readonly Labels[];
  readonly output: Labels;
}

const rest = '…';

function fail(equation: string, place: number, problem: string): never {
  throw new ScreeError(`einsum: '${equation}', character ${place + 1}: ${problem}`);
}

/** The labels of equation.slice(from, to). */
function parseLabels(equation: string, from: number, to: number): string[] {
  const labels: string[] = [];
  for (let place = from; place < to; place++) {
    const character = equation[place];
    if (character === ' ') continue;
    if (/^[a-zA-Z]$/.test(character)) labels.push(character);
    else if (place + 3 <= to && equation.startsWith('...', place)) {
      if (labels.includes(rest)) fail(equation, place, "a second '...' for one operand");
      labels.push(rest);
      place += 2;
    } else {
      fail(equation, place, `'${character}' is neither a letter nor part of '...', ',' or '->'`);
    }
  }
  return labels;
}

/** Labels that occur once in all operands, in alphabetical order after the unnamed axes: the result where none is written. */
function implicitOutput(operands: readonly Labels[]): string[] {
  const all = operands.flat();
  const once = [...new Set(all)].filter(
    (label) => label !== rest && all.indexOf(label) === all.lastIndexOf(label),
  );
  return [...(all.includes(rest) ? [rest] : []), ...once.sort()];
}

/**
 * 'ij,jk->ik' as labels.
 * @throws ScreeError with the place of the first character that is wrong.
 */
export function parseEquation(equation: string): Equation {
  const arrow = equation.indexOf('->');
  const end = arrow < 0 ? equation.length : arrow;
  const operands: string[][] = [];
  let start = 0;
  while (start <= end) {
    const comma = equation.indexOf(',', start);
    const stop = comma < 0 || comma > end ? end : comma;
    operands.push(parseLabels(equation, start, stop));
    start = stop + 1;
  }
  if (arrow < 0) return { operands, output: implicitOutput(operands) };
  const output = parseLabels(equation, arrow + 2, equation.length);
  output.forEach((label, index) => {
    const name = label === rest ? '...' : label;
    const place = equation.indexOf(name, arrow + 2);
    if (!operands.flat().includes(label)) fail(equation, place, `'${name}' is an axis of no operand`);
    if (output.indexOf(label) !== index) {
      fail(equation, equation.indexOf(name, place + 1), `'${name}' stands twice in the result`);
    }
  });
  return { operands, output };
}
