import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { extname, resolve } from 'node:path';
import { createJiti } from 'jiti';
import { z } from 'zod';
import { ScreeError } from '../graph/errors.js';
import type { Shape } from '../graph/shape.js';
import type { Layer, Model } from '../nn/index.js';
import { fileError } from './file-errors.js';

/** A model of the user's own, from a file. */
export interface ModelModule {
  /** From the root. */
  readonly path: string;
  /** SHA-256 of the file; what it imports is not in it. */
  readonly sha256: string;
  /**
   * @param outputs how many numbers the task needs for an example
   * @throws ScreeError naming the file, and the line where there is one, when no layer comes of it
   */
  build(input: Shape, outputs: number): Layer;
}

const extensions = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'];

/** Whether a model is given by the path of its file rather than by its name. */
export function isModelPath(model: string): boolean {
  return /[\\/]/.test(model) || extensions.includes(extname(model));
}

const right = 'a Layer, a function (input, outputs) => Layer, or a Model';

/**
 * Loads a TypeScript or JavaScript module whose default export is a {@link Layer}, a function of the shape of an example and the
 * count of outputs that gives one, or a {@link Model}. What it imports from `scree` and `scree/…` is this very package, wherever
 * the file lies.
 * @throws ScreeError naming file and line when it cannot be read, does not parse, throws, or exports no model
 */
export async function loadModelModule(given: string): Promise<ModelModule> {
  const path = resolve(given);
  const source = await readFile(path).catch((error: unknown) => {
    throw fileError('cannot read model', path, error);
  });
  const exported = await load(path);
  const build = builderOf(exported);
  if (build === undefined) throw new ScreeError(`${path} exports no model: ${complaint(exported)}`);
  return {
    path,
    sha256: createHash('sha256').update(source).digest('hex'),
    build(input, outputs) {
      let layer: unknown;
      try {
        layer = build(input, outputs);
      } catch (error) {
        throw errorIn(path, error);
      }
      if (isLayer(layer)) return placed(path, layer);
      throw new ScreeError(`${path} gives ${show(layer)} for a model; its default export must be ${right}`);
    },
  };
}

async function load(path: string): Promise<object> {
  const virtualModules = await ownRooms();
  // Nothing is cached: the file is what it is now, and no folder of somebody else's is written to.
  const options = { fsCache: false, moduleCache: false, interopDefault: false, virtualModules };
  try {
    const module: unknown = await createJiti(path, options).import(path);
    return typeof module === 'object' && module !== null ? module : { default: module };
  } catch (error) {
    throw errorIn(path, error);
  }
}

const packageSchema = z.object({ exports: z.record(z.string(), z.unknown()) });

/**
 * The rooms of this package by what a user calls them. One that does not load on this machine, for want of something native, is
 * missed only where it is asked for.
 */
async function ownRooms(): Promise<Record<string, unknown>> {
  const file = createRequire(import.meta.url).resolve('scree/package.json');
  const { exports } = packageSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  const names = Object.keys(exports).filter((name) => !name.endsWith('.json'));
  const rooms = await Promise.allSettled(
    names.map(async (name): Promise<[string, unknown]> => {
      const url = new URL(`..${name.slice(1)}/index.js`, import.meta.url);
      return [`scree${name.slice(1)}`, await import(url.href)];
    }),
  );
  return Object.fromEntries(rooms.flatMap((room) => (room.status === 'fulfilled' ? [room.value] : [])));
}

type Builder = (input: Shape, outputs: number) => unknown;

function builderOf(exported: object): Builder | undefined {
  const value: unknown = 'default' in exported ? exported.default : undefined;
  if (isFunction(value)) return value;
  if (isLayer(value)) return () => value;
  return isModel(value) ? (input, outputs) => value.build(input, outputs) : undefined;
}

function isFunction(value: unknown): value is Builder {
  return typeof value === 'function';
}

function has(value: unknown, ...names: readonly string[]): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    names.every((name) => typeof (value as Readonly<Record<string, unknown>>)[name] === 'function')
  );
}

function isLayer(value: unknown): value is Layer {
  return has(value, 'init', 'apply');
}

function isModel(value: unknown): value is Pick<Model, 'build'> {
  return has(value, 'build');
}

/** The layer, with the place in the user's file in what it throws, and with a name where it has forgotten its own. */
function placed(path: string, layer: Layer): Layer {
  const tell = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw errorIn(path, error);
    }
  };
  return {
    ...layer,
    name: typeof layer.name === 'string' ? layer.name : 'model',
    init: (...args) => tell(() => layer.init(...args)),
    apply: (...args) => tell(() => layer.apply(...args)),
  };
}

function complaint(exported: object): string {
  const value: unknown = 'default' in exported ? exported.default : undefined;
  const others = Object.keys(exported).filter((name) => name !== 'default');
  if (value !== undefined) return `its default export is ${show(value)}; it must be ${right}`;
  const instead = others.length > 0 ? ` (it exports ${others.join(', ')})` : '';
  return `its default export must be ${right}${instead}`;
}

function show(value: unknown): string {
  if (value instanceof Promise) return 'a promise';
  if (typeof value === 'object' && value !== null) {
    const keys = Object.keys(value).slice(0, 5);
    return keys.length > 0 ? `an object with ${keys.join(', ')}` : 'an empty object';
  }
  return value === undefined ? 'nothing' : `the ${typeof value} ${JSON.stringify(value)}`;
}

/**
 * What a user's file threw, in one line with the place in the file. The compiler writes `ParseError: what` and the place below it; all
 * else has the place in its stack.
 */
function errorIn(path: string, error: unknown): ScreeError {
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const [, line] = [...placesIn(message, path), ...placesIn(stack, path)][0] ?? [];
  const at = line === undefined ? path : `${path}, line ${line}`;
  const what = message
    .split('\n')
    .filter((text) => !text.includes(path) || text === message)
    .join(' ')
    .replace(/\s*Require stack:\s*$/, '')
    // How a compiled module calls what it imported.
    .replaceAll(/\(0 ?, ?\w+\.(\w+)\)/g, '$1')
    .replace(/^ParseError: /, '')
    .trim();
  return new ScreeError(`${at}: ${what}`, { cause: error });
}

function placesIn(text: string, path: string): RegExpMatchArray[] {
  const escaped = path.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return [...text.matchAll(new RegExp(`${escaped}:(\\d+)`, 'g'))];
}
