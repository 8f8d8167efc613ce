import { compile } from '../../src/compile/index.js';
import type { Tensor } from '../../src/graph/tensor.js';
import type { Surface } from '../../src/landscape/surface.js';
import type { Walk } from '../../src/landscape/walk.js';
import { float64 } from '../../src/ops/index.js';
import { grad } from '../../src/transform/index.js';
import type { Style } from '../terminal/style.js';
import { table } from '../terminal/table.js';

/** Rows shown at the start and at the end of a table that is too long. */
const [firstRows, lastRows] = [12, 4];

/** Columns that a table of a function of many variables has at most for them. */
const mostVariables = 6;

/** A number as short as it can be at a number of digits. */
function numberCell(value: number, digits: number): string {
  const text = String(Number(value.toPrecision(digits)));
  return text.replace('e+', 'e');
}

/** The rows to show: all, or without the middle, with a gap where it was. */
function rowsShown(length: number, all: boolean): (number | 'gap')[] {
  const rows = Array.from({ length }, (_, row) => row);
  if (all || length <= firstRows + lastRows + 1) return rows;
  return [...rows.slice(0, firstRows), 'gap', ...rows.slice(-lastRows)];
}

/**
 * A row for each step: its number, the variables, the slope (of one variable; else the gradient's norm) and the value.
 * @param options.all every step with all digits, rather than the first and last few rounded
 */
export function stepsTable(
  { variables, evaluate }: Surface,
  { path }: Walk,
  { all = false, style }: { all?: boolean; style: Style },
): string[] {
  const digits = all ? 17 : 8;
  const shown = variables.slice(0, mostVariables);
  const more = variables.length > shown.length;
  const slope = compile(
    grad((x: Tensor) => evaluate(x)),
    [float64(variables.length)],
  );
  const slopeAt = (row: number) =>
    variables.length === 1 ? slope.run([...path.point(row)]).data[0] : path.gradientNorm(row);
  const columns = [
    'step',
    ...shown,
    ...(more ? ['…'] : []),
    variables.length === 1 ? 'slope' : 'gradient',
    'f',
  ];
  const rows = rowsShown(path.length, all).map((row) => {
    if (row === 'gap') return columns.map(() => '⋮');
    const point = shown.map((_, axis) => numberCell(path.at(row, axis), digits));
    return [
      String(row),
      ...point,
      ...(more ? ['…'] : []),
      numberCell(slopeAt(row), digits),
      numberCell(path.value(row), digits),
    ];
  });
  return table(rows, { columns, align: columns.map(() => 'right'), style });
}

/** Several walks beside each other: what each reached and what ended it. */
export function resultsTable(walks: readonly Walk[], names: readonly string[], style: Style): string[] {
  const rows = walks.map(({ steps, value, gradientNorm, stop }, index) => [
    names[index],
    String(steps),
    numberCell(value, 6),
    numberCell(gradientNorm, 4),
    stop.reason,
  ]);
  const columns = ['optimizer', 'steps', 'f', 'gradient', 'ended by'];
  return table(rows, { columns, align: ['left', 'right', 'right', 'right', 'left'], style });
}
