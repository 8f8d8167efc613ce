import { ScreeError } from '../graph/errors.js';
import { showShape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { flattenTree, unflattenTree, type Tree } from '../graph/tree.js';
import { resultLeaves, type Traceable } from '../ops/trace.js';
import { dependents } from './reverse.js';

type Args = readonly Tree<Tensor>[];

export interface VmapOptions {
  /** For each argument: whether its tensors carry the batch axis in front. All do by default. */
  readonly batched?: readonly boolean[];
}

/**
 * `f`, written for one example, over a leading batch axis of its arguments; results get the axis in front.
 * @throws ScreeError when the batch extents differ, or an op has no batching rule.
 * @example
 * ```ts
 * import { compile, dot, float64, vmap, type Tensor } from 'scree';
 *
 * const products = vmap((x: Tensor, y: Tensor) => dot(x, y), { batched: [true, false] });
 * console.log(compile(products, [float64(2, 2), float64(2)]).run([[1, 2], [3, 4]], [1, 10]).data);
 * ```
 * ```text
 * Float64Array(2) [ 21, 43 ]
 * ```
 */
export function vmap<A extends Args, R extends Tree<Tensor>>(
  f: Traceable<A, R>,
  { batched }: VmapOptions = {},
): (...args: A) => R {
  return (...args) => {
    const isBatched = args.map((_, index) => batched?.[index] ?? true);
    const mapped = args.flatMap((arg, index) => (isBatched[index] ? flattenTree(arg) : []));
    if (mapped.length === 0) throw new ScreeError('vmap: no argument is batched');
    for (const { shape } of mapped) {
      if (shape.length === 0 || shape[0] !== mapped[0].shape[0]) {
        throw new ScreeError(
          `vmap: batch axes differ: ${mapped.map((tensor) => showShape(tensor.shape)).join(', ')} must share their first extent`,
        );
      }
    }
    const { builder } = mapped[0];
    const start = builder.nodes.length;
    const examples = mapped.map(({ shape, dtype }) => builder.input({ shape: shape.slice(1), dtype }));
    let next = 0;
    const perExample = args.map((arg, index) =>
      isBatched[index]
        ? unflattenTree(
            arg,
            flattenTree(arg).map(() => examples[next++]),
          )
        : arg,
    );
    const result = f(...(perExample as Args as A));
    const outputs = resultLeaves('vmap', result);
    const depends = dependents(builder, start, examples);
    const end = builder.nodes.length;
    const images = new Map<number, Tensor>();
    examples.forEach((example, index) => images.set(example.id, mapped[index]));
    for (let id = start; id < end; id++) {
      if (!depends[id - start] || images.has(id)) continue;
      images.set(id, batchNode(builder.tensor(id), images));
    }
    const size = mapped[0].shape[0];
    const leaves = outputs.map(
      (output) => images.get(output.id) ?? output.broadcastTo([size, ...output.shape]),
    );
    return unflattenTree<Tensor, Tensor>(result, leaves) as R;
  };
}

function batchNode({ builder, id }: Tensor, images: ReadonlyMap<number, Tensor>): Tensor {
  const { op, inputs, attributes } = builder.nodes[id];
  const batched = inputs.map((input) => images.has(input));
  const tensors = inputs.map((input) => images.get(input) ?? builder.tensor(input));
  if (op.batch !== undefined) return op.batch(tensors, batched, attributes);
  if (op.decompose === undefined) throw new ScreeError(`${op.name}: has no batching rule (vmap)`);
  const decompose = op.decompose.bind(op);
  return vmap((...parts: Tensor[]) => decompose(parts, attributes), { batched })(...tensors);
}
