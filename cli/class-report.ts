import type { ClassScore } from '../src/train/index.js';
import { formatCount } from './terminal/format.js';
import type { Style } from './terminal/style.js';
import { table } from './terminal/table.js';
import { truncate, visibleWidth } from './terminal/text.js';

/** The most pairs that are listed where the matrix is too wide, and the most classes of a table. */
const mostPairs = 10;
const mostClasses = 40;
/** Columns of a class's name. */
const nameWidth = 16;

export interface ReportOptions {
  readonly columns: number;
  readonly style: Style;
}

/** The confusion matrix, or where it is wider than the terminal, the pairs that are confused most often. */
export function confusionLines(
  confusion: readonly (readonly number[])[],
  classes: readonly string[],
  options: ReportOptions,
): string[] {
  const { style } = options;
  // Heads of the narrowest columns that keep the classes apart.
  const rows = confusion.map((counts, truth) => [
    truncate(classes[truth], nameWidth),
    ...counts.map((count) => (count === 0 ? '·' : formatCount(count))),
  ]);
  const heads = ['truth', ...classes.map((name) => truncate(name, nameWidth))];
  const align = heads.map((_, column) => (column === 0 ? 'left' : 'right'));
  const lines = table(rows, { columns: heads, style, align });
  const isNarrow = lines.every((line) => visibleWidth(line) <= options.columns);
  return isNarrow
    ? ['rows: what it is; columns: what it was taken for', '', ...lines]
    : pairLines(confusion, classes, options);
}

function pairLines(
  confusion: readonly (readonly number[])[],
  classes: readonly string[],
  { style }: ReportOptions,
): string[] {
  const pairs = confusion
    .flatMap((counts, truth) => counts.map((count, taken) => ({ truth, taken, count })))
    .filter(({ truth, taken, count }) => truth !== taken && count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, mostPairs);
  if (pairs.length === 0) return ['no class was taken for another'];
  const rows = pairs.map(({ truth, taken, count }) => [classes[truth], classes[taken], formatCount(count)]);
  const columns = ['what it is', 'taken for', 'times'];
  return ['confused most often (--json has all)', '', ...table(rows, { columns, style })];
}

/** Precision, recall, F1 and support of each class; of many classes, of those with the lowest F1. */
export function classLines(scores: readonly ClassScore[], { style }: ReportOptions): string[] {
  const isLong = scores.length > mostClasses;
  const shown = isLong ? [...scores].sort((a, b) => (a.f1 ?? 0) - (b.f1 ?? 0)).slice(0, mostClasses) : scores;
  const share = (value: number | null) => (value === null ? '–' : value.toFixed(4));
  const rows = shown.map(({ class: name, precision, recall, f1, support }) => [
    truncate(name, 2 * nameWidth),
    share(precision),
    share(recall),
    share(f1),
    formatCount(support),
  ]);
  const columns = ['class', 'precision', 'recall', 'F1', 'support'];
  const align = ['left', 'right', 'right', 'right', 'right'] as const;
  const head = isLong ? [`the ${mostClasses} classes with the lowest F1 (--json has all)`, ''] : [];
  return [...head, ...table(rows, { columns, style, align })];
}
