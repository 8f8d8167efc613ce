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

/** What there is a mean for. */
const statisticsOf = ({ kind }: Norm, { dims }: Layout) => dims[kind === 'batch' ? 1 : 0];

function describeForward(
  { engine }: Lowering,
  { kind }: Norm,
  layout: Layout,
  { epsilon, relu }: { epsilon: number; relu: boolean },
): Description {
  const { useScale, useShift, fuseRelu } = normalization;
  const flags = useScale | useShift | (relu ? fuseRelu : 0);
  const what = `${kind} norm of ${showShape(layout.dims)}`;
  const layouts = [propagation.training, layout.pointer, layout.pointer] as const;
  return kind === 'batch'
    ? engine.describe('batch_normalization_forward', what, ...layouts, epsilon, flags, engine.attribute())
    : engine.describe(
        'layer_normalization_forward',
        what,
        ...layouts,
        ...([engine.plain([layout.dims[0]]).pointer, epsilon, flags, engine.attribute()] as const),
      );
}

function describeBackward(
  { engine }: Lowering,
  { kind }: Norm,
  layout: Layout,
  { epsilon, relu, hint }: { epsilon: number; relu: boolean; hint: Description },
): Description {
  const { useScale, useShift, fuseRelu } = normalization;
  const flags = useScale | useShift | (relu ? fuseRelu : 0);
  const what = `${kind} norm gradient of ${showShape(layout.dims)}`;
  const layouts = [propagation.backward, layout.pointer, layout.pointer, layout.pointer] as const;
  const last = [epsilon, flags, hint.pointer, engine.attribute()] as const;
  return kind === 'batch'
    ? engine.describe('batch_normalization_backward', what, ...layouts, ...last)
    : engine.describe(
        'layer_normalization_backward',
        what,
        ...layouts,
        engine.plain([layout.dims[0]]).pointer,
        ...last,
      );
}

/** A norm's input: a layer norm sees a matrix whose rows it normalises. */
function inputOf(lowering: Lowering, norm: Norm, x: number): Place {
  const shape = lowering.shape(x);
  if (norm.kind === 'batch') return lowering.preferred(x, shape, ({ dense }) => dense);
  const axes = lowering.nodes[norm.forward].attributes.axes as number;
  const columns = sizeOf(shape.slice(shape.length - axes));
  return lowering.plain(x, [sizeOf(shape) / columns, columns]);
}

export function lowerNorm(lowering: Lowering, { norm, node, result, outputs }: Unit): boolean {
  const { engine, nodes } = lowering;
  if (norm === undefined) return false;
  const [x, scale, bias] = nodes[node].inputs;
  const epsilon = nodes[node].attributes.epsilon as number;
  const from = inputOf(lowering, norm, x);
  const { layout } = from;
  const relu = norm.relu !== undefined;
  const forward = describeForward(lowering, norm, layout, { epsilon, relu });
  const statistics = engine.plain([statisticsOf(norm, layout)]);
  const vector = [layout.dims[1]];
  const to = lowering.place(layout);
  const mean = lowering.place(statistics);
  const variance = lowering.place(statistics);
  const workspace = relu ? engine.opaque(forward, 'workspace') : undefined;
  const signs = workspace && lowering.place(workspace);
  lowering.call(
    `${norm.kind}Norm`,
    forward,
    [
      [argument.source, from],
      [argument.destination, to],
      [argument.scale, lowering.plain(scale, vector)],
      [argument.shift, lowering.plain(bias, vector)],
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
  if (norm === undefined || gradient === undefined || left === undefined) return false;
  const [x, scale] = nodes[node].inputs;
  const epsilon = nodes[node].attributes.epsilon as number;
  const { layout } = left;
  const masked = gradient.masked && left.signs !== undefined;
  const hint = masked ? left.forward : describeForward(lowering, norm, layout, { epsilon, relu: false });
  const description = describeBackward(lowering, norm, layout, { epsilon, relu: masked, hint });
  const vector = [layout.dims[1]];
  const places = engine.plain(vector);
  const to = lowering.place(layout);
  const from = lowering.in(gradient.cotangent, layout);
  const scaleGradient = lowering.place(places);
  const shiftGradient = lowering.place(places);
  lowering.call(
    `${norm.kind}NormGradient`,
    description,
    [
      [argument.source, lowering.in(x, layout)],
      [argument.mean, left.mean],
      [argument.variance, left.variance],
      [argument.diffDestination, from],
      [argument.scale, lowering.plain(scale, vector)],
      // Layer norm's primitive counts a shift among its operands, though it does not read it.
      [argument.shift, norm.kind === 'layer' ? lowering.plain(scale, vector) : undefined],
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
