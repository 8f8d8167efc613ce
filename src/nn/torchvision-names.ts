import type { NDArray } from '../graph/ndarray.js';
import type { Tree } from '../graph/tree.js';

/** Beginnings of paths and what PyTorch says instead; both end in a dot. */
export type Prefixes = readonly (readonly [from: string, to: string])[];

type Parts = Readonly<Record<string, Tree<NDArray>>>;

function partsOf(tree: Tree<NDArray> | undefined): Parts | undefined {
  if (tree === undefined || Array.isArray(tree) || 'dtype' in tree) return undefined;
  return tree as Parts;
}

function listOf(tree: Tree<NDArray> | undefined): readonly Tree<NDArray>[] | undefined {
  return Array.isArray(tree) ? (tree as readonly Tree<NDArray>[]) : undefined;
}

/** Axes of a layer's weights; undefined for what has none. */
function weightAxes(tree: Tree<NDArray> | undefined): number | undefined {
  const weight = partsOf(tree)?.weight;
  return weight !== undefined && 'dtype' in weight ? (weight as NDArray).shape.length : undefined;
}

const isEmpty = (tree: Tree<NDArray>) => listOf(tree)?.length === 0;

/** Convolutions and norms of a chain in order, with the places that they have in it. */
function convolutions(chain: readonly Tree<NDArray>[]): [place: number, name: string][] | undefined {
  const names: [number, string][] = [];
  let count = 0;
  for (const [place, part] of chain.entries()) {
    if (isEmpty(part)) continue;
    if (weightAxes(part) === 4) names.push([place, `conv${++count}`]);
    else if (partsOf(part)?.scale !== undefined && count > 0) names.push([place, `bn${count}`]);
    else return undefined;
  }
  return names;
}

/** Outputs of the first convolution of a block: the width of its stage. */
function widthOf(body: readonly Tree<NDArray>[]): number | undefined {
  const weight = partsOf(body[0])?.weight;
  return weight !== undefined && 'dtype' in weight ? (weight as NDArray).shape[0] : undefined;
}

/**
 * torchvision's names of a residual network, or undefined for another model: `conv1` and `bn1` of the stem, `layer2.0.conv1` of
 * the first block of the second stage (a stage is told by its width), `downsample.0` and `.1` of a shortcut, `fc`.
 */
export function residualNames(parameters: Tree<NDArray>): Prefixes | undefined {
  const chain = listOf(parameters);
  if (chain === undefined || weightAxes(chain[0]) !== 4 || weightAxes(chain.at(-1)) !== 2) return undefined;
  const prefixes: [string, string][] = [];
  let [stage, place, width] = [0, 0, 0];
  for (const [index, part] of chain.entries()) {
    const block = partsOf(part);
    const body = listOf(block?.body);
    if (isEmpty(part)) continue;
    if (index === 0) prefixes.push(['0.', 'conv1.']);
    else if (index === chain.length - 1) prefixes.push([`${index}.`, 'fc.']);
    else if (index === 1 && block?.scale !== undefined) prefixes.push(['1.', 'bn1.']);
    else if (body !== undefined) {
      const names = convolutions(body);
      const own = widthOf(body);
      if (names === undefined || own === undefined) return undefined;
      [stage, place, width] = own === width ? [stage, place + 1, width] : [stage + 1, 0, own];
      const name = `layer${stage}.${place}.`;
      for (const [at, what] of names) prefixes.push([`${index}.body.${at}.`, `${name}${what}.`]);
      prefixes.push([`${index}.shortcut.`, `${name}downsample.`]);
    } else return undefined;
  }
  return stage > 0 ? prefixes : undefined;
}

/**
 * Names of `transformerModel`'s parts, or undefined for another model: `embedding`, `positions`, `blocks.0.norm1`,
 * `blocks.0.attention.project` (queries, keys and values) and `.output`, `blocks.0.norm2`, `blocks.0.up` and `.down`, `norm`,
 * `head`.
 */
export function transformerNames(parameters: Tree<NDArray>): Prefixes | undefined {
  const chain = listOf(parameters) ?? [];
  const halves = chain.slice(2, -2).map((part) => listOf(partsOf(part)?.body));
  const isTransformer =
    halves.length > 0 &&
    halves.length % 2 === 0 &&
    halves.every((half, index) =>
      index % 2 === 0
        ? half?.length === 2 && partsOf(half[1])?.project !== undefined
        : half?.length === 4 && weightAxes(half[1]) === 2 && weightAxes(half[3]) === 2,
    );
  if (!isTransformer) return undefined;
  const blocks = halves.flatMap((_, index): [string, string][] => {
    const [from, to] = [`${index + 2}.body.`, `blocks.${index >> 1}.`];
    const parts = index % 2 === 0 ? { 0: 'norm1', 1: 'attention' } : { 0: 'norm2', 1: 'up', 3: 'down' };
    return Object.entries(parts).map(([at, name]) => [`${from}${at}.`, `${to}${name}.`]);
  });
  return [
    ['0.', 'embedding.'],
    ['1.', 'positions.'],
    ...blocks,
    [`${chain.length - 2}.`, 'norm.'],
    [`${chain.length - 1}.`, 'head.'],
  ];
}
