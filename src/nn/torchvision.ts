import { allocate } from '../graph/dtype.js';
import { ScreeError } from '../graph/errors.js';
import type { NDArray } from '../graph/ndarray.js';
import { sameShape, showShape, type Shape } from '../graph/shape.js';
import { flattenTree, treePaths, unflattenTree, type Tree } from '../graph/tree.js';
import type { Initialised } from './layer.js';
import { residualNames, transformerNames } from './torchvision-names.js';

/** How PyTorch names and holds one array of a model. */
export interface TorchTensor {
  readonly name: string;
  readonly shape: Shape;
  /** Whether it is a dense layer's weights, which PyTorch holds as [outputs, inputs]. */
  readonly transposed: boolean;
}

/** Parameters and state of a model in the order of their trees' leaves. */
export interface TorchNames {
  readonly parameters: readonly TorchTensor[];
  readonly state: readonly TorchTensor[];
}

/** The last part of a path where PyTorch says it otherwise. */
const leafNames: Readonly<Record<string, string>> = {
  scale: 'weight',
  mean: 'running_mean',
  variance: 'running_var',
};

/** The arrays of a recurrent layer, which PyTorch tells apart by the number of the layer at the end. */
const cellNames: Readonly<Record<string, string>> = {
  inputWeight: 'weight_ih_l',
  hiddenWeight: 'weight_hh_l',
  inputBias: 'bias_ih_l',
  hiddenBias: 'bias_hh_l',
};

/** Of batch norms made by PyTorch; with a fixed momentum it has no effect. */
const ignored = /(^|\.)num_batches_tracked$/;

/**
 * What PyTorch calls the arrays of a model. Residual networks (`residualNetwork`, both stems) have torchvision's names
 * (`conv1.weight`, `layer1.0.bn1.running_mean`, `layer2.0.downsample.0.weight`, `fc.bias`), transformers names of GPT's parts
 * (`blocks.0.attention.project.weight`), and all others the paths of their trees, which for a chain are those of
 * `torch.nn.Sequential` over the same layers (`1.weight`, of a recurrent layer `1.weight_ih_l0`). Dense weights are [outputs, inputs], as `torch.nn.Linear` has them:
 * told by the bias beside them.
 */
export function torchNames({ parameters, state }: Pick<Initialised, 'parameters' | 'state'>): TorchNames {
  const prefixes = residualNames(parameters) ?? transformerNames(parameters) ?? [];
  const describe = (tree: Tree<NDArray>): TorchTensor[] => {
    const leaves = flattenTree(tree);
    const paths = treePaths(tree);
    const shapes = new Map(paths.map((path, index) => [path, leaves[index].shape]));
    return paths.map((path, index) => {
      const { shape } = leaves[index];
      const parent = path.slice(0, path.lastIndexOf('.') + 1);
      const last = path.slice(parent.length);
      if (Object.hasOwn(cellNames, last)) {
        const name = parent.replace(/(\d+)\.$/, (_, layer: string) => cellNames[last] + layer);
        const isWeight = shape.length === 2;
        return { name, shape: isWeight ? [shape[1], shape[0]] : shape, transposed: isWeight };
      }
      const bias = shapes.get(`${parent}bias`);
      const transposed =
        last === 'weight' && shape.length === 2 && bias !== undefined && sameShape(bias, [shape[1]]);
      const own = shapes.has(`${parent}weight`) ? last : (leafNames[last] ?? last);
      return {
        name: renamed(parent, prefixes) + own,
        shape: transposed ? [shape[1], shape[0]] : shape,
        transposed,
      };
    });
  };
  return { parameters: describe(parameters), state: describe(state) };
}

function renamed(path: string, prefixes: readonly (readonly [from: string, to: string])[]): string {
  const found = prefixes.find(([from]) => path.startsWith(from));
  return found === undefined ? path : found[1] + path.slice(found[0].length);
}

function transpose({ data, shape: [rows, columns], dtype }: NDArray): NDArray {
  const turned = allocate(dtype, data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      turned[column * rows + row] = data[row * columns + column];
  }
  return { data: turned, shape: [columns, rows], dtype };
}

/**
 * A model's arrays as PyTorch's `state_dict` has them.
 * @param initial the model's trees, with any values
 * @param weights values in the order of their leaves
 */
export function toTorch(
  initial: Pick<Initialised, 'parameters' | 'state'>,
  weights: { readonly parameters: readonly NDArray[]; readonly state: readonly NDArray[] },
): Record<string, NDArray> {
  const names = torchNames(initial);
  const named = (tensors: readonly TorchTensor[], arrays: readonly NDArray[]) =>
    tensors.map(({ name, transposed }, index): [string, NDArray] => [
      name,
      transposed ? transpose(arrays[index]) : arrays[index],
    ]);
  return Object.fromEntries([
    ...named(names.parameters, weights.parameters),
    ...named(names.state, weights.state),
  ]);
}

/** At most this many names in a message. */
const mostNamed = 6;

function listed(names: readonly string[]): string {
  const shown = names.slice(0, mostNamed).join(', ');
  return names.length > mostNamed ? `${shown} and ${names.length - mostNamed} more` : shown;
}

/**
 * What a model starts with, from arrays named and laid out as PyTorch has them (see `torchNames`); `num_batches_tracked` is
 * passed over, float64 rounded to float32.
 * @param initial what `model.init` gave: for its trees
 * @param source the file, for messages
 * @throws ScreeError listing what is missing, what the model has no place for, and what has another shape
 */
export function fromTorch(
  initial: Initialised,
  tensors: Readonly<Record<string, NDArray>>,
  source: string,
): Initialised {
  const names = torchNames(initial);
  const all = [...names.parameters, ...names.state];
  const known = new Set(all.map(({ name }) => name));
  const missing = all.filter(({ name }) => !Object.hasOwn(tensors, name)).map(({ name }) => name);
  const unexpected = Object.keys(tensors).filter((name) => !known.has(name) && !ignored.test(name));
  const misfits = all.flatMap(({ name, shape }) => {
    if (!Object.hasOwn(tensors, name)) return [];
    const found = tensors[name];
    const fits = sameShape(found.shape, shape) && (found.dtype === 'float32' || found.dtype === 'float64');
    return fits ? [] : [`${name} (${found.dtype}${showShape(found.shape)}, not float32${showShape(shape)})`];
  });
  const complaints = [
    ...(missing.length > 0 ? [`missing: ${listed(missing)}`] : []),
    ...(unexpected.length > 0 ? [`unexpected: ${listed(unexpected)}`] : []),
    ...(misfits.length > 0 ? [`of another shape: ${listed(misfits)}`] : []),
  ];
  if (complaints.length > 0) {
    throw new ScreeError(`'${source}' does not hold the weights of this model; ${complaints.join('; ')}`);
  }
  const take = ({ name, transposed }: TorchTensor): NDArray => {
    const { data, shape } = tensors[name];
    const array: NDArray = { data: Float32Array.from(data), shape, dtype: 'float32' };
    return transposed ? transpose(array) : array;
  };
  return {
    ...initial,
    parameters: unflattenTree(initial.parameters, names.parameters.map(take)),
    state: unflattenTree(initial.state, names.state.map(take)),
  };
}
