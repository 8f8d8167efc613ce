import { showShape, sizeOf, type Shape } from '../../graph/shape.js';
import type { SumPoolGradientAttributes } from '../../ops/pool.js';
import type { Window } from '../../ops/window.js';
import { algorithm, argument, propagation } from './binding/constants.js';
import { eltwise, int64, isReference, type Description, type Layout, type PostOp } from './binding/engine.js';
import type { Place } from './layout.js';
import { postOps } from './lower-elementwise.js';
import type { Lowering } from './lowering.js';
import type { Unit } from './units.js';

/** The library counts what lies after the last window out; we count it in. */
function padding(
  { low, strides, kernel, dilation }: Window,
  source: Shape,
  destination: Shape,
): readonly number[] {
  return low.map((before, axis) => {
    const reach = (kernel[axis] - 1) * dilation[axis] + 1;
    const seen = (destination[axis + 2] - 1) * strides[axis] + reach;
    return Math.max(0, seen - source[axis + 2] - before);
  });
}

function windowOf(window: Window, source: Shape, destination: Shape) {
  const { strides, kernel, dilation, low } = window;
  return [
    int64(strides),
    int64(kernel),
    int64(dilation.map((step) => step - 1)),
    int64(low),
    int64(padding(window, source, destination)),
  ] as const;
}

interface Pool {
  readonly kind: number;
  readonly window: Window;
  readonly source: Layout;
  readonly destination: Shape;
}

function describeForward(
  { engine }: Lowering,
  { kind, window, source, destination }: Pool,
  list: readonly PostOp[] = [],
): Description {
  return engine.describe(
    'pooling_forward',
    `pooling of ${showShape(source.dims)}`,
    ...([propagation.training, kind, source.pointer, engine.any(destination).pointer] as const),
    ...windowOf(window, source.dims, destination),
    engine.attribute(list),
  );
}

/** Whether the last rows or columns are seen by no window: the library then wants a smaller input. */
function fits(window: Window, source: Shape, destination: Shape): boolean {
  return window.low.every((before, axis) => {
    const reach = (window.kernel[axis] - 1) * window.dilation[axis] + 1;
    return before < reach && destination[axis + 2] > 0 && source[axis + 2] > 0;
  });
}

export function lowerMaxPool(lowering: Lowering, unit: Unit): boolean {
  const { engine, nodes } = lowering;
  const { node, result, tail } = unit;
  const [x] = nodes[node].inputs;
  const window = nodes[node].attributes as Window;
  const shape = lowering.shape(node);
  const from = lowering.preferred(x);
  if (!fits(window, from.layout.dims, shape)) return false;
  const pool = { kind: algorithm.poolingMax, window, source: from.layout, destination: shape };
  const bare = engine.attempt(() => describeForward(lowering, pool));
  if (bare === undefined || isReference(bare.implementation)) return false;
  const layout = engine.layoutOf(bare, 'destination', shape) ?? engine.plain(shape);
  const channels = shape.map((extent, axis) => (axis === 1 ? extent : 1));
  const { postOps: list, args } = postOps(tail, ({ operand, spread }) => {
    if (spread === 'full') return lowering.in(operand, layout);
    return lowering.plain(operand, spread === 'scalar' ? shape.map(() => 1) : channels);
  });
  const fused = list.length === 0 ? bare : engine.attempt(() => describeForward(lowering, pool, list));
  const apart = fused === undefined || isReference(fused.implementation);
  const description = apart ? bare : fused;
  const to = lowering.place(layout);
  const workspace = engine.opaque(description, 'workspace');
  const winners = workspace && lowering.place(workspace);
  lowering.call(
    'maxPool',
    description,
    [
      [argument.source, from],
      [argument.destination, to],
      [argument.workspace, winners],
      ...(apart ? [] : args),
    ],
    {
      what: `${showShape(from.layout.dims)} → ${showShape(shape)}`,
      flops: sizeOf(shape) * sizeOf(window.kernel),
    },
  );
  lowering.remember(poolKey(x, window), { forward: bare, winners, layout });
  if (apart && tail.length > 0) {
    lowering.define(node, to);
    lowering.runApart(unit.nodes.slice(1));
  } else {
    lowering.define(result, to);
  }
  return true;
}

function poolKey(x: number, window: Window): string {
  return `maxPool ${x} ${JSON.stringify(window)}`;
}

/** What a max pool leaves for its gradient. */
interface Winners {
  readonly forward: Description;
  readonly winners: Place | undefined;
  readonly layout: Layout;
}

export function lowerMaxPoolGradient(lowering: Lowering, unit: Unit): boolean {
  const { engine, nodes } = lowering;
  const { node, result } = unit;
  const [x, dy] = nodes[node].inputs;
  const window = nodes[node].attributes as Window;
  const left = lowering.remembered(poolKey(x, window)) as Winners | undefined;
  // Without the forward pass of the same window its choice is not known.
  if (left === undefined) return false;
  const shape = lowering.shape(node);
  const source = lowering.preferred(x).layout;
  const description = engine.attempt(() =>
    engine.describe(
      'pooling_backward',
      `max pool gradient of ${showShape(shape)}`,
      ...([algorithm.poolingMax, source.pointer, left.layout.pointer] as const),
      ...windowOf(window, shape, lowering.shape(dy)),
      ...([left.forward.pointer, engine.attribute()] as const),
    ),
  );
  if (description === undefined || isReference(description.implementation)) return false;
  const to = lowering.place(source);
  lowering.call(
    'maxPoolGradient',
    description,
    [
      [argument.diffDestination, lowering.in(dy, left.layout)],
      [argument.diffSource, to],
      [argument.workspace, left.winners],
    ],
    { what: `${showShape(lowering.shape(dy))} → ${showShape(shape)}`, flops: sizeOf(shape) },
  );
  lowering.define(result, to);
  return true;
}

/** A sum over each window is its mean, padding counted as zeros, times its size. */
export function lowerSumPool(lowering: Lowering, { node, result }: Unit): boolean {
  const { nodes } = lowering;
  const [x] = nodes[node].inputs;
  const window = nodes[node].attributes as Window;
  return sumWindows(lowering, { x, window, result, destination: lowering.shape(node), name: 'sumPool' });
}

export function sumWindows(
  lowering: Lowering,
  {
    x,
    window,
    result,
    destination,
    name,
  }: { x: number; window: Window; result: number; destination: Shape; name: string },
): boolean {
  const { engine } = lowering;
  const from = lowering.preferred(x);
  if (!fits(window, from.layout.dims, destination)) return false;
  const pool = {
    kind: algorithm.poolingAverageIncludePadding,
    window,
    source: from.layout,
    destination,
  };
  const description = engine.attempt(() =>
    describeForward(lowering, pool, [eltwise('linear', sizeOf(window.kernel))]),
  );
  if (description === undefined || isReference(description.implementation)) return false;
  const to = lowering.place(
    engine.layoutOf(description, 'destination', destination) ?? engine.plain(destination),
  );
  lowering.call(
    name,
    description,
    [
      [argument.source, from],
      [argument.destination, to],
    ],
    { what: `${showShape(from.layout.dims)} → ${showShape(destination)}`, flops: sizeOf(from.layout.dims) },
  );
  lowering.define(result, to);
  return true;
}

export function lowerSumPoolGradient(lowering: Lowering, { node, result }: Unit): boolean {
  const { engine, nodes } = lowering;
  const [dy] = nodes[node].inputs;
  const window = nodes[node].attributes as SumPoolGradientAttributes;
  const shape = lowering.shape(node);
  // The library wants the layouts named, and there is none but the row-major one to go by.
  const from = lowering.plain(dy);
  const layout = engine.plain(shape);
  const { dims } = from.layout;
  if (!fits(window, shape, dims)) return false;
  const kind = algorithm.poolingAverageIncludePadding;
  const backward = engine.attempt(() => {
    const hint = engine.describe(
      'pooling_forward',
      'sum pool',
      ...([propagation.training, kind, layout.pointer, from.layout.pointer] as const),
      ...windowOf(window, shape, dims),
      engine.attribute(),
    );
    return engine.describe(
      'pooling_backward',
      `sum pool gradient of ${showShape(shape)}`,
      ...([kind, layout.pointer, from.layout.pointer] as const),
      ...windowOf(window, shape, dims),
      ...([hint.pointer, engine.attribute()] as const),
    );
  });
  if (backward === undefined || isReference(backward.implementation)) return false;
  const mean = lowering.place(layout);
  const what = `${showShape(dims)} → ${showShape(shape)}`;
  lowering.call(
    'sumPoolGradient',
    backward,
    [
      [argument.diffDestination, from],
      [argument.diffSource, mean],
    ],
    { what, flops: sizeOf(shape) },
  );
  const scaled = lowering.place(layout);
  const scale = eltwise('linear', sizeOf(window.kernel));
  const description = engine.describe(
    'eltwise_forward',
    what,
    ...([propagation.inference, scale.algorithm, layout.pointer, layout.pointer] as const),
    ...([scale.alpha, scale.beta, engine.attribute()] as const),
  );
  lowering.call(
    'elementwise',
    description,
    [
      [argument.source, mean],
      [argument.destination, scaled],
    ],
    { what, inPlace: [mean] },
  );
  lowering.define(result, scaled);
  return true;
}
