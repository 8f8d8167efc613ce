import { showShape, sizeOf, type Shape } from '../../graph/shape.js';
import type { ConvAttributes } from '../../ops/conv.js';
import { algorithm, argument, propagation } from './binding/constants.js';
import { int64, isReference, type Description, type Engine, type Layout } from './binding/engine.js';
import type { Place } from './layout.js';
import { postOps } from './lower-elementwise.js';
import type { Lowering } from './lowering.js';
import type { Unit } from './units.js';

/** A convolution as the library is told of it, for its three directions. */
export interface Convolution {
  readonly source: Shape;
  /** With an axis of groups in front where there are several. */
  readonly weights: Shape;
  readonly destination: Shape;
  readonly attributes: ConvAttributes;
}

export function convolutionOf(x: Shape, w: Shape, y: Shape, attributes: ConvAttributes): Convolution {
  const { groups } = attributes;
  const weights = groups === 1 ? w : [groups, w[0] / groups, ...w.slice(1)];
  return { source: x, weights, destination: y, attributes };
}

export function describeConvolution({ source, weights, destination, attributes }: Convolution): string {
  const { strides, low } = attributes;
  return `${showShape(source)} * ${showShape(weights)} → ${showShape(destination)} stride ${strides.join('×')} pad ${low.join('×')}`;
}

/** Multiplications and additions of one direction. */
export function convolutionFlops({ weights, destination, attributes }: Convolution): number {
  return (2 * sizeOf(destination) * sizeOf(weights)) / (destination[1] * attributes.groups) / 1;
}

function windowOf({ attributes: { strides, dilation, low, high } }: Convolution) {
  return [int64(strides), int64(dilation.map((step) => step - 1)), int64(low), int64(high)] as const;
}

/**
 * Few channels of the input fill a block of sixteen badly, in memory and in time: such images lie with the channels last. Up to
 * four, such as colours, have kernels of their own.
 */
function isNarrow({ source: { length, 1: channels } }: Convolution): boolean {
  return length === 4 && channels > 4 && channels < 16 && channels % 8 !== 0;
}

/** The layout of a convolution's images: the primitive's choice, or channels last. */
function imageLayout(engine: Engine, convolution: Convolution, dims: Shape): Layout {
  return isNarrow(convolution) ? engine.channelsLast(dims) : engine.any(dims);
}

/** Takes the implementation that suits a convolution: for a narrow one not that of large matrix products. */
function suited(
  engine: Engine,
  convolution: Convolution,
  describe: () => Description,
  accept = (_implementation: string) => true,
): Description {
  if (!isNarrow(convolution)) return describe();
  return engine.accepted(
    describe,
    (name) => !name.startsWith('brgconv') && !name.includes('gemm') && !isReference(name) && accept(name),
  );
}

export interface ForwardOptions {
  readonly kind: number;
  readonly biased: boolean;
  readonly training: boolean;
  readonly attribute?: bigint;
  /** Layouts that are given rather than chosen. */
  readonly weights?: Layout;
  readonly source?: Layout;
}

/** The description of a convolution forwards; backward directions want one as a hint. */
export function describeForward(
  engine: Engine,
  convolution: Convolution,
  { kind, biased, training, attribute, weights, source }: ForwardOptions,
): Description {
  const { source: x, weights: w, destination: y } = convolution;
  const image = (dims: Shape) => imageLayout(engine, convolution, dims).pointer;
  return suited(engine, convolution, () =>
    engine.describe(
      'convolution_forward',
      `conv ${describeConvolution(convolution)}`,
      ...([training ? propagation.training : propagation.inference, kind] as const),
      ...([source?.pointer ?? image(x), (weights ?? engine.any(w)).pointer] as const),
      ...([biased ? engine.plain([y[1]]).pointer : null, image(y)] as const),
      ...windowOf(convolution),
      attribute ?? engine.attribute(),
    ),
  );
}

/** Describes a convolution by the chosen algorithm, or by the direct one where the library has no such convolution. */
function describeBy(engine: Engine, kind: number, describe: (kind: number) => Description): Description {
  const chosen = engine.attempt(() => describe(kind));
  return chosen ?? describe(algorithm.convolutionDirect);
}

function layoutOf(
  lowering: Lowering,
  description: Description,
  role: 'source' | 'weights' | 'destination' | 'diffSource' | 'diffDestination' | 'diffWeights',
  dims: Shape,
): Layout {
  return lowering.engine.layoutOf(description, role, dims) ?? lowering.engine.plain(dims);
}

export function lowerConv(lowering: Lowering, unit: Unit): boolean {
  const { engine, nodes } = lowering;
  const { node, result, bias, tail } = unit;
  const [x, w] = nodes[node].inputs;
  const attributes = nodes[node].attributes as ConvAttributes;
  const shape = lowering.shape(node);
  const convolution = convolutionOf(lowering.shape(x), lowering.shape(w), shape, attributes);
  const options = { biased: bias !== undefined, training: true };
  const chosen = lowering.choices.algorithm(convolution, 'forward');
  let kind = chosen;
  const bare = describeBy(engine, chosen, (one) => {
    kind = one;
    return describeForward(engine, convolution, { ...options, kind });
  });
  const layout = layoutOf(lowering, bare, 'destination', shape);
  const channels = shape.map((extent, axis) => (axis === 1 ? extent : 1));
  const { postOps: list, args } = postOps(tail, ({ operand, spread }) => {
    if (spread === 'full') return lowering.in(operand, layout);
    return lowering.plain(operand, spread === 'scalar' ? shape.map(() => 1) : channels);
  });
  const description =
    list.length === 0
      ? bare
      : engine.attempt(() =>
          describeForward(engine, convolution, { ...options, kind, attribute: engine.attribute(list) }),
        );
  if (description === undefined || description.implementation !== bare.implementation) {
    return lowerConvApart(lowering, unit);
  }
  const to = lowering.place(layoutOf(lowering, description, 'destination', shape));
  lowering.call(
    'conv',
    description,
    [
      [argument.source, lowering.in(x, layoutOf(lowering, description, 'source', convolution.source))],
      [argument.weights, lowering.in(w, layoutOf(lowering, description, 'weights', convolution.weights))],
      [argument.bias, bias === undefined ? undefined : lowering.plain(bias, [shape[1]])],
      [argument.destination, to],
      ...args,
    ],
    { what: describeConvolution(convolution), flops: convolutionFlops(convolution) },
  );
  lowering.define(result, to);
  return true;
}

/** The convolution alone, and then what would have been its post-ops. */
function lowerConvApart(lowering: Lowering, unit: Unit): boolean {
  const { node, nodes, bias } = unit;
  if (unit.tail.length === 0) return false;
  const kept = bias === undefined ? 1 : 2;
  const result = nodes[kept - 1];
  lowerConv(lowering, { ...unit, node, result, outputs: [result], tail: [] });
  lowering.runApart(nodes.slice(kept));
  return true;
}

export function lowerConvInputGradient(lowering: Lowering, { node, result }: Unit): boolean {
  const { engine, nodes } = lowering;
  const [dy, w] = nodes[node].inputs;
  const attributes = nodes[node].attributes as ConvAttributes;
  const shape = lowering.shape(node);
  const convolution = convolutionOf(shape, lowering.shape(w), lowering.shape(dy), attributes);
  const kind = lowering.choices.algorithm(convolution, 'inputGradient');
  const description = describeBy(engine, kind, (one) => describeInputGradient(engine, convolution, one));
  const to = lowering.place(layoutOf(lowering, description, 'diffSource', shape));
  const { destination, weights } = convolution;
  lowering.call(
    'convInputGradient',
    description,
    [
      [
        argument.diffDestination,
        lowering.in(dy, layoutOf(lowering, description, 'diffDestination', destination)),
      ],
      [argument.weights, lowering.in(w, layoutOf(lowering, description, 'weights', weights))],
      [argument.diffSource, to],
    ],
    { what: describeConvolution(convolution), flops: convolutionFlops(convolution) },
  );
  lowering.define(result, to);
  return true;
}

export function describeInputGradient(engine: Engine, convolution: Convolution, kind: number): Description {
  const { source, weights, destination } = convolution;
  const hint = describeForward(engine, convolution, { kind, biased: false, training: true });
  const image = (dims: Shape) => imageLayout(engine, convolution, dims).pointer;
  return suited(
    engine,
    convolution,
    () =>
      engine.describe(
        'convolution_backward_data',
        `conv input gradient ${describeConvolution(convolution)}`,
        kind,
        ...([image(source), engine.any(weights).pointer, image(destination)] as const),
        ...windowOf(convolution),
        ...([hint.pointer, engine.attribute()] as const),
      ),
    // Up to eight channels are made quicker by vectors of eight.
    (name) => source[1] > 8 || name.includes('avx2'),
  );
}

export function describeWeightGradient(
  engine: Engine,
  convolution: Convolution,
  { kind, biased }: { kind: number; biased: boolean },
): Description {
  const { source, weights, destination } = convolution;
  const hint = describeForward(engine, convolution, { kind, biased, training: true });
  const image = (dims: Shape) => imageLayout(engine, convolution, dims).pointer;
  return suited(engine, convolution, () =>
    engine.describe(
      'convolution_backward_weights',
      `conv weight gradient ${describeConvolution(convolution)}`,
      kind,
      ...([image(source), engine.any(weights).pointer] as const),
      ...([biased ? engine.plain([destination[1]]).pointer : null, image(destination)] as const),
      ...windowOf(convolution),
      ...([hint.pointer, engine.attribute()] as const),
    ),
  );
}

export function lowerConvWeightGradient(lowering: Lowering, { node, result, biasGradient }: Unit): boolean {
  const { engine, nodes } = lowering;
  const [x, dy] = nodes[node].inputs;
  const attributes = nodes[node].attributes as ConvAttributes;
  const convolution = convolutionOf(lowering.shape(x), lowering.shape(node), lowering.shape(dy), attributes);
  const { source, weights, destination } = convolution;
  const kind = lowering.choices.algorithm(convolution, 'weightGradient');
  const biased = biasGradient !== undefined;
  const description = describeBy(engine, kind, (one) =>
    describeWeightGradient(engine, convolution, { kind: one, biased }),
  );
  const to = lowering.place(layoutOf(lowering, description, 'diffWeights', weights));
  let bias: Place | undefined;
  if (biasGradient !== undefined) {
    bias = lowering.place(lowering.engine.plain([destination[1]]));
    lowering.define(biasGradient, bias);
  }
  lowering.call(
    'convWeightGradient',
    description,
    [
      [argument.source, lowering.in(x, layoutOf(lowering, description, 'source', source))],
      [
        argument.diffDestination,
        lowering.in(dy, layoutOf(lowering, description, 'diffDestination', destination)),
      ],
      [argument.diffWeights, to],
      [argument.diffBias, bias],
    ],
    { what: describeConvolution(convolution), flops: convolutionFlops(convolution) },
  );
  lowering.define(result, to);
  return true;
}
