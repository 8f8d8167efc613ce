import { plain, type Style } from './style.js';
import { pad, visibleWidth } from './text.js';

type Align = 'left' | 'right';

/** A number, with a unit or none, or a duration. */
const numeric = /^[-+]?\d[\d.,]*(e[-+]?\d+)?( ?[%\p{Letter}/]+)?( \d\d[a-z])?$/u;

/**
 * A table with a rule under its head, two blanks between columns.
 * @param rows one array of cells a row; missing cells are empty.
 * @param options.columns the heads.
 * @param options.align by default right where all cells of a column read as numbers, else left.
 */
export function table(
  rows: readonly (readonly string[])[],
  {
    columns,
    align = [],
    style = plain,
  }: { columns: readonly string[]; align?: readonly (Align | undefined)[]; style?: Style },
): string[] {
  const cells = columns.map((_, column) => rows.map((row) => row[column] ?? ''));
  const widths = columns.map((head, column) => Math.max(...[head, ...cells[column]].map(visibleWidth)));
  const aligns = columns.map(
    (_, column) => align[column] ?? (cells[column].some(isWord) || rows.length === 0 ? 'left' : 'right'),
  );
  const line = (row: readonly string[]) =>
    columns
      .map((_, column) => pad(row[column] ?? '', widths[column], aligns[column]))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return [style('bold', line(columns)), style('dim', rule), ...rows.map(line)];
}

function isWord(cell: string): boolean {
  return cell !== '' && cell !== '–' && !numeric.test(cell);
}
