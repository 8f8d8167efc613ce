import { readFile } from 'node:fs/promises';
import { fromTorch, toTorch, type Initialised } from '../nn/index.js';
import type { ExportedModel } from './export-onnx.js';
import { fileError } from './file-errors.js';
import { decodeSafetensors, encodeSafetensors } from './safetensors.js';
import { screeVersion } from './version.js';

/**
 * The bytes of a safetensors file with a model's parameters and running statistics under PyTorch's names and in its layouts (see
 * `torchNames`): `load_state_dict(safetensors.torch.load_file(path))` of torchvision's ResNet takes it as it is.
 */
export function exportWeights({
  name,
  initial,
  weights,
}: Pick<ExportedModel, 'name' | 'initial' | 'weights'>): Uint8Array {
  return encodeSafetensors(toTorch(initial, weights), { format: 'pt', model: name, scree: screeVersion });
}

/**
 * What a model starts with, from a safetensors file with PyTorch's names and layouts, written by `exportWeights` or from a
 * `state_dict`.
 * @param initial what `model.init` gave: for its trees
 * @throws ScreeError (by rejection) when the file cannot be read, is damaged, or holds the weights of another model: listing what
 * is missing, unexpected or of another shape
 */
export async function loadWeights(path: string, initial: Initialised): Promise<Initialised> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw fileError('cannot read', path, error);
  });
  return fromTorch(initial, decodeSafetensors(bytes, path).tensors, path);
}
