import { z } from 'zod';
import { ScreeError } from '../graph/errors.js';
import { unknownName } from '../graph/suggest.js';

export type OptionValue = number | boolean | string;
export type OptionValues = Readonly<Record<string, OptionValue>>;

/** One option of an optimiser, a wrapper or a schedule, as a help text shows it. */
export interface OptionInfo {
  readonly name: string;
  readonly summary: string;
  readonly type: 'number' | 'integer' | 'boolean' | 'choice';
  /** Undefined where a value must be given. */
  readonly default: OptionValue | undefined;
  /** The values allowed: `0 ≤ beta1 < 1`, `root or linear`. */
  readonly range: string;
}

/** A thing with validated options that a user can name: an optimiser, a wrapper, a schedule. */
export interface Definition<T> {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly OptionInfo[];
  /** @throws ScreeError naming the option that is unknown or out of its range, and the options that exist. */
  create(options: Readonly<Record<string, unknown>>): T;
}

/** Options of common meaning. Each default is given where it is used, with its source. */
export const learningRate = (value: number) =>
  z.number().min(0).default(value).describe('learning rate, unless a schedule gives it');
export const beta = (value: number, summary: string) =>
  z.number().min(0).lt(1).default(value).describe(summary);
export const momentumOption = (value: number) =>
  z.number().min(0).max(1).default(value).describe('share of the last step that goes on');
export const dampeningOption = z
  .number()
  .min(0)
  .max(1)
  .default(0)
  .describe('share of the gradient kept out of the momentum');
export const epsilon = (value: number) =>
  z.number().min(0).default(value).describe('added to the denominator, against division by 0');
export const decay = (value: number, summary: string) => z.number().min(0).default(value).describe(summary);
export const penalty = (value = 0) => decay(value, 'L2 penalty: this times the parameter joins the gradient');
export const decoupledDecay = (value = 0) =>
  decay(value, 'decoupled weight decay: parameters shrink by lr times this at each step');
export const flag = (value: boolean, summary: string) => z.boolean().default(value).describe(summary);

/** What JSON Schema says of one property of a flat object of numbers, booleans and choices. */
interface Property {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

function describeRange(name: string, property: Property): string {
  if (property.enum !== undefined) return property.enum.join(' or ');
  if (property.type === 'boolean') return 'true or false';
  const { minimum, exclusiveMinimum, exclusiveMaximum } = property;
  const maximum = property.maximum === Number.MAX_SAFE_INTEGER ? undefined : property.maximum;
  const below = minimum ?? exclusiveMinimum;
  const above = maximum ?? exclusiveMaximum;
  const less = maximum === undefined ? '<' : '≤';
  const kind = property.type === 'integer' ? ' (integer)' : '';
  if (below === undefined) return above === undefined ? `${name}${kind}` : `${name} ${less} ${above}${kind}`;
  const greater = minimum === undefined ? '>' : '≥';
  if (above === undefined) return `${name} ${greater} ${below}${kind}`;
  return `${below} ${minimum === undefined ? '<' : '≤'} ${name} ${less} ${above}${kind}`;
}

function describeOption(name: string, property: Property): OptionInfo {
  const type =
    property.enum !== undefined
      ? 'choice'
      : property.type === 'boolean' || property.type === 'integer'
        ? property.type
        : 'number';
  const value = property.default;
  return {
    name,
    summary: property.description ?? '',
    type,
    default:
      typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string'
        ? value
        : undefined,
    range: describeRange(name, property),
  };
}

function describeOptions(schema: z.ZodObject): OptionInfo[] {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input' });
  return Object.entries(properties).map(([name, property]) =>
    describeOption(name, typeof property === 'object' ? (property as Property) : {}),
  );
}

/** All options with what they may be, in one line. */
export function showOptions(options: readonly OptionInfo[]): string {
  return options
    .map(({ name, type, range }) => (type === 'boolean' || type === 'choice' ? `${name} ${range}` : range))
    .join('; ');
}

/** The first thing that is wrong, in one sentence. */
function complaint(
  definition: { name: string; options: readonly OptionInfo[] },
  issue: z.core.$ZodIssue,
  given: Readonly<Record<string, unknown>>,
): string {
  const { name, options } = definition;
  const known = showOptions(options);
  if (issue.code === 'unrecognized_keys') {
    const names = options.map((option) => option.name);
    return `${name}: ${unknownName('option', issue.keys[0], names)} (options: ${known})`;
  }
  const key = String(issue.path[0]);
  const option = options.find((known) => known.name === key);
  const value = given[key];
  const is = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? 'missing');
  const must = option?.type === 'boolean' || option?.type === 'choice' ? 'be' : 'satisfy';
  return `${name}: ${key} is ${is}; it must ${must} ${option?.range} (options: ${known})`;
}

/** A definition whose options a zod shape describes; `build` gets them complete and valid. */
export function define<S extends z.ZodRawShape, T>(
  name: string,
  summary: string,
  shape: S,
  build: (options: z.output<z.ZodObject<S, z.core.$strict>>) => T,
): Definition<T> {
  const schema = z.strictObject(shape);
  const definition = { name, summary, options: describeOptions(schema) };
  return {
    ...definition,
    create(given) {
      const parsed = schema.safeParse(given);
      if (!parsed.success) throw new ScreeError(complaint(definition, parsed.error.issues[0], given));
      return build(parsed.data);
    },
  };
}
