import { showShape, sizeOf } from '../../graph/shape.js';
import { argument, normalization, propagation } from './binding/constants.js';
import type { Description, Layout } from './binding/engine.js';
import type { Place } from './layout.js';
import type { Lowering } from './lowering.js';
import type { Norm, Unit } from './units.js';

/** What a batch norm leaves for its gradient. */
interface Statistics {
  readonly forward: Description;
  readonly layout: Layout;
  readonly mean: Place;
  readonly variance: Place;
  readonly signs: Place | undefined;
}

const key = ({ forward }: Norm) => `norm ${forward}`;

function describeForward({ engine }: Lowering, layout: Layout, epsilon: number, relu: boolean): Description {
  const { useScale, useShift, fuseRelu } = normalization;
  return engine.describe(
    'batch_normalization_forward',
    `batch norm of ${showShape(layout.dims)}`,
    ...([propagation.training, layout.pointer, layout.pointer, epsilon] as const),
    ...([useScale | useShift | (relu ? fuseRelu : 0), engine.attribute()] as const),
  );
}

export function lowerNorm(lowering: Lowering, { norm, node, result, outputs }: Unit): boolean {
  const { engine, nodes } = lowering;
  if (norm === undefined) return false;
  const [x, scale, bias] = nodes[node].inputs;
  const epsilon = nodes[node].attributes.epsilon as number;
  const from = lowering.preferred(x, lowering.shape(x), ({ dense }) => dense);
  const { layout } = from;
  const relu = norm.relu !== undefined;
  const forward = describeForward(lowering, layout, epsilon, relu);
  const channels = engine.plain([lowering.shape(node)[1]]);
  const to = lowering.place(layout);
  const mean = lowering.place(channels);
  const variance = lowering.place(channels);
  const workspace = relu ? engine.opaque(forward, 'workspace') : undefined;
  const signs = workspace && lowering.place(workspace);
  lowering.call(
    'batchNorm',
    forward,
    [
      [argument.source, from],
      [argument.destination, to],
      [argument.scale, lowering.plain(scale)],
      [argument.shift, lowering.plain(bias)],
      [argument.mean, mean],
      [argument.variance, variance],
      [argument.workspace, signs],
    ],
    { what: showShape(layout.dims), flops: 7 * sizeOf(layout.dims) },
  );
  lowering.define(result, to);
  for (const [id, place] of [
    [norm.mean, mean],
    [norm.variance, variance],
  ] as const) {
    if (id !== undefined && outputs.includes(id)) lowering.define(id, place);
  }
  lowering.remember(key(norm), { forward, layout, mean, variance, signs } satisfies Statistics);
  return true;
}

export function lowerNormGradient(lowering: Lowering, { norm, node, result, outputs }: Unit): boolean {
  const { engine, nodes } = lowering;
  const gradient = norm?.gradients.find((candidate) => candidate.node === node);
  const left = norm && (lowering.remembered(key(norm)) as Statistics | undefined);
  if (gradient === undefined || left === undefined) return false;
  const [x, scale] = nodes[node].inputs;
  const epsilon = nodes[node].attributes.epsilon as number;
  const { layout } = left;
  const masked = gradient.masked && left.signs !== undefined;
  const hint = masked ? left.forward : describeForward(lowering, layout, epsilon, false);
  const { useScale, useShift, fuseRelu } = normalization;
  const description = engine.describe(
    'batch_normalization_backward',
    `batch norm gradient of ${showShape(layout.dims)}`,
    ...([propagation.backward, layout.pointer, layout.pointer, layout.pointer, epsilon] as const),
    ...([useScale | useShift | (masked ? fuseRelu : 0), hint.pointer, engine.attribute()] as const),
  );
  const channels = engine.plain([layout.dims[1]]);
  const to = lowering.place(layout);
  const from = lowering.in(gradient.cotangent, layout);
  const scaleGradient = lowering.place(channels);
  const shiftGradient = lowering.place(channels);
  lowering.call(
    'batchNormGradient',
    description,
    [
      [argument.source, lowering.in(x, layout)],
      [argument.mean, left.mean],
      [argument.variance, left.variance],
      [argument.diffDestination, from],
      [argument.scale, lowering.plain(scale)],
      [argument.workspace, masked ? left.signs : undefined],
      [argument.diffSource, to],
      [argument.diffScale, scaleGradient],
      [argument.diffShift, shiftGradient],
    ],
    { what: showShape(layout.dims), flops: 12 * sizeOf(layout.dims), inPlace: [from] },
  );
  lowering.define(result, to);
  for (const [id, place] of [
    [gradient.scale, scaleGradient],
    [gradient.shift, shiftGradient],
  ] as const) {
    if (id !== undefined && outputs.includes(id)) lowering.define(id, place);
  }
  return true;
}
