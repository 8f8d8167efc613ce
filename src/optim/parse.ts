import { ScreeError } from '../graph/errors.js';
import { unknownName } from '../graph/suggest.js';
import type { Method } from './deterministic/method.js';
import { methods } from './deterministic/registry.js';
import { showOptions, type Definition, type OptionInfo, type OptionValue } from './options.js';
import type { Optimizer } from './optimizer.js';
import { optimizers, schedules, wrappers, type Registry } from './registry.js';
import type { Schedule } from './schedule.js';

/** The value that an option's text stands for; the text itself where it stands for none, for the option's check to name. */
function readValue(option: OptionInfo | undefined, text: string): OptionValue {
  if (option?.type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  if (option === undefined || option.type === 'choice') return text;
  const value = Number(text);
  return text.trim() === '' || Number.isNaN(value) ? text : value;
}

/**
 * `name` or `name:option=value,option=value`; a boolean option alone means true.
 * @param kind what is named, for messages: `optimizer`
 * @throws ScreeError for an unknown name, and for what is no option of it by its form
 */
export function readSpec<T>(
  kind: string,
  text: string,
  registry: Registry<T>,
): { definition: Definition<T>; options: Record<string, OptionValue> } {
  const colon = text.indexOf(':');
  const name = (colon < 0 ? text : text.slice(0, colon)).trim();
  if (!Object.hasOwn(registry, name)) throw new ScreeError(unknownName(kind, name, Object.keys(registry)));
  const definition = registry[name];
  const options: Record<string, OptionValue> = {};
  const parts = colon < 0 ? [] : text.slice(colon + 1).split(',');
  for (const part of parts) {
    const equals = part.indexOf('=');
    const key = (equals < 0 ? part : part.slice(0, equals)).trim();
    const option = definition.options.find((known) => known.name === key);
    const flag = equals < 0 && option?.type === 'boolean';
    if (equals < 0 && !flag) {
      if (definition.options.length === 0) throw new ScreeError(`${name}: takes no options; write ${name}`);
      throw new ScreeError(
        `${name}: ${JSON.stringify(part)} is not option=value; write ${name}:${definition.options[0].name}=… (options: ${showOptions(definition.options)})`,
      );
    }
    if (Object.hasOwn(options, key)) throw new ScreeError(`${name}: option ${key} is given twice`);
    options[key] = flag ? true : readValue(option, part.slice(equals + 1).trim());
  }
  return { definition, options };
}

/** Words joined by + outside numbers: `sgd:lr=1e+3+sam` is `sgd:lr=1e+3` and `sam`. */
function splitWrappers(text: string): string[] {
  return text.split(/\+(?=\s*[a-z])/i);
}

/**
 * An optimiser from text: `adam`, `adam:lr=1e-3,beta2=0.99`, and with wrappers from the inside out
 * `sgd:lr=0.1,nesterov,momentum=0.9+clipnorm:maxNorm=1+lookahead`.
 * @throws ScreeError for an unknown name (with the one that was probably meant), or an option that is unknown or out of range
 * @example
 * ```ts
 * import { parseOptimizer } from 'scree/optim';
 *
 * const { name, options } = parseOptimizer('sgd:lr=0.1,momentum=0.9');
 * console.log(name, options.lr, options.momentum);
 * ```
 * ```text
 * sgd 0.1 0.9
 * ```
 */
export function parseOptimizer(text: string): Optimizer {
  const [first, ...rest] = splitWrappers(text);
  const { definition, options } = readSpec('optimizer', first, optimizers);
  return rest.reduce<Optimizer>((inner, part) => {
    const wrapper = readSpec('wrapper', part, wrappers);
    return wrapper.definition.create(wrapper.options)(inner);
  }, definition.create(options));
}

/**
 * An optimiser or a deterministic method from text: `adam:lr=1e-3`, `lbfgs`, `gradientdescent:lineSearch=armijo`.
 * @throws ScreeError as parseOptimizer does, and for a wrapper around a method
 */
export function parseOptimizerOrMethod(text: string): Optimizer | Method {
  const [first, ...rest] = splitWrappers(text);
  const name = first.split(':')[0].trim();
  if (!Object.hasOwn(methods, name)) {
    if (!Object.hasOwn(optimizers, name)) {
      throw new ScreeError(
        unknownName('optimizer', name, [...Object.keys(optimizers), ...Object.keys(methods)]),
      );
    }
    return parseOptimizer(text);
  }
  if (rest.length > 0) {
    throw new ScreeError(`${name}: is no first-order optimizer; ${rest[0]} cannot go around it`);
  }
  const { definition, options } = readSpec('optimizer', first, methods);
  return definition.create(options);
}

/** What a run gives its schedule where the text does not. */
export interface ScheduleDefaults {
  /** Peak learning rate. */
  readonly lr: number;
  /** Steps of the whole run. */
  readonly steps: number;
}

/**
 * A schedule from text: `cosine:warmup=100` with the peak rate and the length of the run from `defaults`.
 * @throws ScreeError for an unknown name, or an option that is missing, unknown or out of range
 */
export function parseSchedule(text: string, defaults: ScheduleDefaults): Schedule {
  const { definition, options } = readSpec('schedule', text, schedules);
  const given = Object.entries(defaults).filter(([key]) =>
    definition.options.some((option) => option.name === key),
  );
  return definition.create({ ...Object.fromEntries(given), ...options });
}
