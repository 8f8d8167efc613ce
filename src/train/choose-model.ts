import { basename, extname } from 'node:path';
import { outputSize, type Dataset } from '../data/index.js';
import { ScreeError } from '../graph/errors.js';
import { showShape } from '../graph/shape.js';
import { unknownName } from '../graph/suggest.js';
import { models, type Layer } from '../nn/index.js';
import { isModelPath, loadModelModule } from './model-module.js';

/** A model that fits a task. */
export interface ChosenModel {
  readonly model: Layer;
  /** By its name, or that of its file without the ending. */
  readonly name: string;
  /** Where it is a module of the user's own: its path from the root, and the SHA-256 of its file. */
  readonly file?: { readonly path: string; readonly sha256: string };
}

/** What a model must fit. */
export type ModelPurpose = Pick<Dataset, 'name' | 'inputShape' | 'task'>;

/**
 * A model by name, by the path of a module, or as it is given.
 * @throws ScreeError when there is none, or it cannot take what the data give
 */
export async function chooseModel(given: string | Layer, purpose: ModelPurpose): Promise<ChosenModel> {
  const chosen = await find(given, purpose);
  checkInput(chosen, purpose);
  return chosen;
}

async function find(given: string | Layer, { inputShape, task }: ModelPurpose): Promise<ChosenModel> {
  if (typeof given !== 'string') return { model: given, name: given.name };
  const outputs = outputSize(task);
  if (isModelPath(given)) {
    const module = await loadModelModule(given);
    const { path, sha256 } = module;
    return {
      model: module.build(inputShape, outputs),
      name: basename(path, extname(path)),
      file: { path, sha256 },
    };
  }
  if (!Object.hasOwn(models, given)) throw unknownModel(given);
  const model = models[given];
  if (task.kind === 'characters' && model.usual.input.length !== 1) throw needsSequences(given);
  return { model: model.build(inputShape, outputs), name: given };
}

/** The error for what is neither the name of a model nor the path of a module. */
export function unknownModel(given: string): ScreeError {
  const unknown = unknownName('model', given, Object.keys(models));
  return new ScreeError(`${unknown}; a module of your own is given by its path, ./model.ts`);
}

function needsSequences(name: string): ScreeError {
  const others = Object.values(models).filter(({ usual }) => usual.input.length === 1);
  return new ScreeError(
    `${name} takes numbers, and characters are none; take ${others.map((model) => model.name).join(', ')}, or a model that begins with an embedding`,
  );
}

function checkInput({ model, name }: ChosenModel, { name: data, inputShape, task }: ModelPurpose): void {
  const takesCharacters = model.takes === 'int32';
  if (takesCharacters === (task.kind === 'characters')) return;
  if (!takesCharacters) throw needsSequences(name);
  throw new ScreeError(
    `${name} takes sequences of characters; ${data} gives numbers of shape ${showShape(inputShape)}: take another model`,
  );
}
