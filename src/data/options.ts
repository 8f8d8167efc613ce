import { z } from 'zod';
import { ScreeError } from '../graph/errors.js';

/** A share below 1, or a count of rows. */
const held = z.number().nonnegative();

export const dataOptionsSchema = z.strictObject({
  /** Column of a table that is to be predicted. Default: one called label, target, class or y, else the last. */
  label: z.string().optional(),
  /** Whether classes or a number are to be predicted. Default: decided by what the labels are. */
  task: z.enum(['classification', 'regression']).optional(),
  /** Columns of a table that are left out. */
  drop: z.array(z.string()).optional(),
  /** Columns of a table whose numbers are codes of categories. */
  categorical: z.array(z.string()).optional(),
  /** Height and width to which images are brought: the largest middle part of this shape, resized. */
  size: z.tuple([z.int().positive(), z.int().positive()]).optional(),
  /** Channels of images. Default: grey where all images are, else RGB. */
  color: z.enum(['grey', 'rgb']).optional(),
  /** Characters of an example. Default 128. */
  length: z.int().positive().optional(),
  /** Characters from the start of one example for training to that of the next. Default `length`: they do not overlap. */
  stride: z.int().positive().optional(),
  /** Held back for validation: a share below 1 or a count of rows. Default 0. */
  validation: held.optional(),
  /** Held back for the test where the source has no test part: a share below 1 or a count of rows. Default 0.2 (text 0.1). */
  test: held.optional(),
  /** Default 0; a run's own seed does not change the split. */
  splitSeed: z.int().nonnegative().optional(),
});

/** How a source is read and divided. Plain JSON: kept in a run's record, it finds the same data again. */
export type DataOptions = z.infer<typeof dataOptionsSchema>;

export const dataSourceSchema = z.strictObject({ from: z.string(), options: dataOptionsSchema });

/** All that `loadDataset(from, options)` needs to give the same data set again, as plain JSON. */
export type DataSource = z.infer<typeof dataSourceSchema>;

const always = ['validation', 'test', 'splitSeed'] as const;

/** Options of each kind of source, beside those of the split. */
const own = {
  images: ['size', 'color'],
  arrays: ['task'],
  table: ['label', 'task', 'drop', 'categorical'],
  text: ['length', 'stride'],
  bytes: [],
} as const satisfies Record<string, readonly (keyof DataOptions)[]>;

const called: Record<keyof typeof own, string> = {
  images: 'a folder of images',
  arrays: 'NumPy arrays',
  table: 'a table',
  text: 'a text',
  bytes: 'a data set of fixed form',
};

/**
 * @throws ScreeError for an option that says nothing about such a source, or one out of its range
 */
export function checkOptions(source: string, kind: keyof typeof own, options: DataOptions): void {
  const { error } = dataOptionsSchema.safeParse(options);
  if (error !== undefined) {
    const [{ path, message }] = error.issues;
    throw new ScreeError(`loadDataset: option ${path.join('.') || 'name'}: ${message}`);
  }
  const known: readonly string[] = [...always, ...own[kind]];
  for (const [option, value] of Object.entries(options)) {
    if (value === undefined || known.includes(option)) continue;
    throw new ScreeError(
      `${source} is ${called[kind]}; the option ${option} says nothing about it (${known.join(', ')} do)`,
    );
  }
}
