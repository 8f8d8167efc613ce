import type { DataOptions } from './options.js';

/** What the labels of a source were taken to be. */
export type Labelling =
  | { readonly classes: readonly string[]; readonly labels: Int32Array }
  | { readonly classes?: undefined; readonly labels: Float64Array };

/** Numbers with more different values are measured, not counted off. */
const MOST_CLASSES_OF_NUMBERS = 20;

/**
 * Whether numbers are classes: asked for, or all integers with at most 20 different values, each on two rows or more on average.
 */
function areClasses(values: ArrayLike<number>, task: DataOptions['task']): boolean {
  if (task !== undefined) return task === 'classification';
  const different = new Set<number>();
  for (let row = 0; row < values.length; row++) {
    if (!Number.isInteger(values[row])) return false;
    different.add(values[row]);
    if (different.size > MOST_CLASSES_OF_NUMBERS) return false;
  }
  return 2 * different.size <= values.length;
}

/** Numbers as classes, in ascending order, or as numbers to be predicted. */
export function labelNumbers(values: ArrayLike<number>, task: DataOptions['task']): Labelling {
  if (!areClasses(values, task)) return { labels: Float64Array.from(values) };
  const different = [...new Set(Array.from(values))].sort((a, b) => a - b);
  const index = new Map(different.map((value, place) => [value, place]));
  return {
    classes: different.map(String),
    labels: Int32Array.from(values, (value) => index.get(value) ?? 0),
  };
}

/** Texts as classes, in the order of their characters. */
export function labelTexts(values: readonly string[]): Labelling {
  const classes = [...new Set(values)].sort();
  const index = new Map(classes.map((value, place) => [value, place]));
  return { classes, labels: Int32Array.from(values, (value) => index.get(value) ?? 0) };
}

/** What was decided, for the reader. */
export function sayLabels(what: string, { classes }: Labelling, task: DataOptions['task']): string {
  if (classes !== undefined) return `${what} is predicted: ${classes.length} classes`;
  const how = task === undefined ? ' (task classification would take its values as classes)' : '';
  return `${what} is predicted as a number${how}`;
}
