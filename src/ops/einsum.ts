import { ScreeError } from '../graph/errors.js';
import { showShape, sizeOf } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { diagonal } from './arrange.js';
import { unify, type TensorLike } from './define.js';
import { parseEquation, type Labels } from './einsum-parse.js';
import { matmul } from './matmul.js';

/** A tensor with a name for each of its axes, all different once it is `prepared`. */
interface Labelled {
  readonly tensor: Tensor;
  readonly labels: Labels;
}

/** Names for the axes that '…' stands for, counted from the last one, so that operands of different rank align. */
function withoutRest(labels: Labels, count: number): string[] {
  return labels.flatMap((label) =>
    label === '…' ? Array.from({ length: count }, (_, k) => `…${count - k}`) : [label],
  );
}

function named(equation: string, tensor: Tensor, labels: Labels): Labelled {
  const unnamed = tensor.rank - labels.filter((label) => label !== '…').length;
  if (labels.includes('…') ? unnamed < 0 : unnamed !== 0) {
    throw new ScreeError(
      `einsum: '${equation}': the operand '${labels.join('').replace('…', '...')}' does not name the ${tensor.rank} axes of ${showShape(tensor.shape)}`,
    );
  }
  return { tensor, labels: withoutRest(labels, unnamed) };
}

/** The extent of each label. Unnamed axes broadcast; named ones must agree. */
function extentsOf(equation: string, operands: readonly Labelled[]): Map<string, number> {
  const extents = new Map<string, number>();
  for (const { tensor, labels } of operands) {
    labels.forEach((label, axis) => {
      const extent = tensor.shape[axis];
      const known = extents.get(label);
      if (known === undefined || (known === 1 && label.startsWith('…'))) extents.set(label, extent);
      else if (known !== extent && !(extent === 1 && label.startsWith('…'))) {
        const name = label.startsWith('…') ? "an axis of '...'" : `axis '${label}'`;
        throw new ScreeError(`einsum: '${equation}': ${name} has extent ${known} and extent ${extent}`);
      }
    });
  }
  return extents;
}

/** Takes diagonals where a label stands twice, and broadcasts unnamed axes to their extent. */
function prepared({ tensor, labels }: Labelled, extents: ReadonlyMap<string, number>): Labelled {
  const full = tensor.broadcastTo(labels.map((label, axis) => extents.get(label) ?? tensor.shape[axis]));
  const second = labels.findIndex((label, axis) => labels.indexOf(label) < axis);
  if (second < 0) return { tensor: full, labels };
  const label = labels[second];
  const once = {
    tensor: diagonal(full, { axis1: labels.indexOf(label), axis2: second }),
    labels: [
      ...labels.filter((other) => other !== label),
      ...labels.filter((other) => other === label).slice(1),
    ],
  };
  return prepared(once, extents);
}

/** Sums over the labels that nobody needs any more. */
function summed({ tensor, labels }: Labelled, needed: ReadonlySet<string>): Labelled {
  const axes = labels.flatMap((label, axis) => (needed.has(label) ? [] : [axis]));
  return { tensor: tensor.sum({ axes }), labels: labels.filter((label) => needed.has(label)) };
}

function ordered({ tensor, labels }: Labelled, order: Labels): Tensor {
  return tensor.transpose(order.map((label) => labels.indexOf(label)));
}

/** The product of two operands, summed over the labels that both have and nobody else needs. */
function contract(a: Labelled, b: Labelled, needed: ReadonlySet<string>): Labelled {
  const x = summed(a, new Set([...needed, ...b.labels]));
  const y = summed(b, new Set([...needed, ...a.labels]));
  const shared = x.labels.filter((label) => y.labels.includes(label));
  const batch = shared.filter((label) => needed.has(label));
  const inner = shared.filter((label) => !needed.has(label));
  const left = x.labels.filter((label) => !shared.includes(label));
  const right = y.labels.filter((label) => !shared.includes(label));
  const extents = (source: Labelled, labels: Labels) =>
    labels.map((label) => source.tensor.shape[source.labels.indexOf(label)]);
  const labels = [...batch, ...left, ...right];
  const shape = [...extents(x, batch), ...extents(x, left), ...extents(y, right)];
  const [lead, rows, columns] = [extents(x, batch), extents(x, left), extents(y, right)].map(sizeOf);
  const depth = sizeOf(extents(x, inner));
  const first = ordered(x, [...batch, ...left, ...inner]).reshape([lead, rows, depth]);
  const second = ordered(y, [...batch, ...inner, ...right]).reshape([lead, depth, columns]);
  // Where nothing is summed a product of broadcast elements says it without a matrix product of depth 1.
  const product = inner.length === 0 ? first.mul(second) : matmul(first, second);
  return { tensor: product.reshape(shape), labels };
}

/**
 * Sums of products by Einstein's convention, as numpy.einsum: `einsum('bij,bjk->bik', x, y)`. A letter names an axis; letters
 * that the result lacks are summed over; a letter twice in one operand takes its diagonal; '...' stands for the axes not named,
 * which broadcast. Without '->' the result has the letters that occur once, in alphabetical order. Operands are multiplied from
 * left to right, each pair by one matrix product.
 * @throws ScreeError that shows the place where the equation does not parse, or names the axis that does not fit.
 * @example
 * ```ts
 * import { compile, einsum, float64, type Tensor } from 'scree';
 *
 * const product = compile((x: Tensor, y: Tensor) => einsum('ij,jk->ik', x, y), [float64(2, 2), float64(2, 1)]);
 * console.log(product.run([[1, 2], [3, 4]], [[1], [10]]).data);
 * ```
 * ```text
 * Float64Array(2) [ 21, 43 ]
 * ```
 */
export function einsum(equation: string, ...operands: readonly TensorLike[]): Tensor {
  const { operands: labels, output } = parseEquation(equation);
  if (labels.length !== operands.length) {
    throw new ScreeError(
      `einsum: '${equation}' names ${labels.length} operand(s), but ${operands.length} are given`,
    );
  }
  const all = unify('einsum', operands).map((tensor, k) => named(equation, tensor, labels[k]));
  const extents = extentsOf(equation, all);
  const unnamed = [...extents.keys()].filter((label) => label.startsWith('…')).length;
  const wanted = withoutRest(output, unnamed);
  const terms = all.map((term) => prepared(term, extents));
  const total = terms.reduce((product, term, k) => {
    const later = terms.slice(k + 1).flatMap((other) => other.labels);
    return contract(product, term, new Set([...wanted, ...later]));
  });
  return ordered(summed(total, new Set(wanted)), wanted);
}

/** All products of an element of x with one of y: [...s] and [...t] give [...s, ...t]. */
export function outer(x: TensorLike, y: TensorLike): Tensor {
  const [a, b] = unify('outer', [x, y]);
  return a.reshape([...a.shape, ...b.shape.map(() => 1)]).mul(b);
}

/** The scalar product of two vectors [n]. Throws for anything else. */
export function dot(x: TensorLike, y: TensorLike): Tensor {
  const [a, b] = unify('dot', [x, y]);
  if (a.rank !== 1 || b.rank !== 1 || a.size !== b.size) {
    throw new ScreeError(
      `dot: ${showShape(a.shape)} and ${showShape(b.shape)} must be two vectors of one length`,
    );
  }
  return matmul(a, b);
}
