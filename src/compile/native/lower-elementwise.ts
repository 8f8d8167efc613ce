import { showShape, sizeOf, type Shape } from '../../graph/shape.js';
import { algorithm, argument, postOpOperand, propagation, scaleOf } from './binding/constants.js';
import { eltwise, isReference, type Layout, type PostOp } from './binding/engine.js';
import { keepsZero, spreadOf } from './elementwise.js';
import type { Place } from './layout.js';
import type { Arguments, Lowering } from './lowering.js';
import type { PostStep, Spread, Unit } from './units.js';

/** Post-ops for a primitive, and the arguments that they read. */
export interface Tail {
  readonly postOps: readonly PostOp[];
  readonly args: Arguments;
}

/**
 * Steps as post-ops on a result.
 * @param result its layout as the primitive sees it
 * @param operand brings a step's operand to where the primitive can read it
 */
export function postOps(
  steps: readonly PostStep[],
  operand: (step: PostStep & { kind: 'binary' }) => Place,
): Tail {
  const args: [number, Place][] = [];
  const list = steps.map((step, index): PostOp => {
    if (step.kind === 'eltwise') return step.op;
    const place = operand(step);
    args.push([postOpOperand(index), place]);
    return { kind: 'binary', algorithm: step.algorithm, operand: place.layout };
  });
  return { postOps: list, args };
}

/** Extents that divide memory into rows, for kernels that do not like one long axis. */
function rowsOf(elements: number): Shape {
  const rows = [64, 32, 16, 8, 4, 2].find((count) => elements % count === 0) ?? 1;
  return [rows, elements / rows];
}

/** How an elementwise unit sees memory. */
interface View {
  /** Of full operands and of the result. */
  readonly layout: Layout;
  /** The same memory as the primitive sees it. */
  readonly seen: Layout;
  readonly operand: (step: PostStep & { kind: 'binary' }) => Place;
}

/**
 * The layout in which a unit's full operands meet: that of the first which is not row-major, if all spreads allow it. Undefined
 * where the library does not know the spreads together.
 */
function viewOf(
  lowering: Lowering,
  full: readonly number[],
  steps: readonly PostStep[],
  shape: Shape,
): View | undefined {
  const { engine } = lowering;
  const binaries = steps.filter((step) => step.kind === 'binary');
  const spreads = new Set(binaries.map(({ spread }) => spread));
  const make = (layout: Layout, seen: Layout, narrow: (id: number, spread: Spread) => Place): View => ({
    layout,
    seen,
    operand: ({ operand, spread }) => {
      if (spread === 'scalar') return lowering.plain(operand, new Array<number>(seen.dims.length).fill(1));
      if (spread !== 'full') return narrow(operand, spread);
      return { buffer: lowering.in(operand, layout).buffer, layout: seen };
    },
  });
  if (spreads.has('row') || spreads.has('column')) {
    if (spreads.has('channel')) return undefined;
    return matrixView(lowering, binaries, shape, make);
  }
  const layout = meetingLayout(lowering, full, shape, spreads.has('channel')) ?? engine.plain(shape);
  if (spreads.has('channel')) {
    const channels = shape.map((extent, axis) => (axis === 1 ? extent : 1));
    return make(layout, layout, (id) => lowering.plain(id, channels));
  }
  const isOdd = layout.padded && !keepsZero(steps);
  const seen = isOdd ? layout : engine.plain(rowsOf(layout.bytes / 4));
  return make(layout, seen, (id) => lowering.plain(id));
}

/**
 * The layout, other than row-major, in which the least must be reordered for operands to meet; the first of several. Undefined
 * where all are row-major.
 * @param whole whether it must have the axes of the result
 */
function meetingLayout(
  lowering: Lowering,
  full: readonly number[],
  shape: Shape,
  whole: boolean,
): Layout | undefined {
  const { engine } = lowering;
  const known = full.map((id) => lowering.value(id).places.map(({ layout }) => layout));
  let best: Layout | undefined;
  let least = Infinity;
  for (const layout of known.flat()) {
    if (!layout.dense || (whole && layout.dims.join() !== shape.join())) continue;
    const lacking = known.filter((own) => !own.some((other) => engine.equal(other, layout))).length;
    const bytes = lacking * layout.bytes;
    if (bytes < least) [best, least] = [layout, bytes];
  }
  return best;
}

/** Memory as a matrix, with operands that are a row or a column of it. */
function matrixView(
  lowering: Lowering,
  binaries: readonly (PostStep & { kind: 'binary' })[],
  shape: Shape,
  make: (layout: Layout, seen: Layout, narrow: (id: number, spread: Spread) => Place) => View,
): View | undefined {
  const { engine } = lowering;
  const size = sizeOf(shape);
  const extents = binaries.flatMap(({ operand, spread }) => {
    const own = sizeOf(lowering.shape(operand));
    if (spread === 'row') return [own];
    return spread === 'column' ? [size / own] : [];
  });
  const [columns] = extents;
  if (extents.some((extent) => extent !== columns)) return undefined;
  const rows = size / columns;
  const isWide = binaries.some(({ spread }) => spread === 'column');
  // The library knows an operand for each channel, and for each place in a row: rows are then channels of one image.
  const seen = engine.plain(isWide ? [1, rows, columns] : [rows, columns]);
  return make(engine.plain(shape), seen, (id, spread) => {
    if (spread === 'column') return lowering.plain(id, [1, rows, 1]);
    return lowering.plain(id, isWide ? [1, 1, columns] : [1, columns]);
  });
}

/** How a chain begins: an elementwise function, or an operation on two operands, one of them perhaps times a number. */
type Beginning =
  /** The operand times 1. */
  | { readonly kind: 'same' }
  | { readonly kind: 'eltwise'; readonly step: PostStep & { kind: 'eltwise' } }
  | {
      readonly kind: 'binary';
      readonly algorithm: number;
      /** The spine is the second operand. */
      readonly swapped: boolean;
      readonly step: PostStep & { kind: 'binary' };
      /** What the spine is multiplied by: a number, or the node of one. */
      readonly factor?: { readonly value: number } | { readonly node: number };
    };

/**
 * Takes a chain's first steps together: a factor before a sum or difference needs no step of its own, which the library's
 * binary kernels do quicker than its elementwise ones.
 */
function beginningOf(steps: readonly PostStep[]): { beginning: Beginning; rest: readonly PostStep[] } {
  let value = 1;
  let node: number | undefined;
  for (let place = 0; place < steps.length; place++) {
    const step = steps[place];
    if (step.kind === 'eltwise') {
      if (step.op.algorithm !== algorithm.linear || step.op.beta !== 0) break;
      value *= step.op.alpha;
    } else if (step.spread === 'scalar' && step.algorithm === algorithm.mul && node === undefined) {
      node = step.operand;
    } else {
      const isSum = step.algorithm === algorithm.add || step.algorithm === algorithm.sub;
      const isSigned = node === undefined || Math.abs(value) === 1;
      if (place === 0 || !isSum || step.spread !== 'full' || !isSigned) break;
      // −a·x + y is y − a·x; the sign cannot go into a factor that comes later.
      const swapped = node !== undefined && value < 0 && step.algorithm === algorithm.add;
      if (node !== undefined && value < 0 && !swapped) break;
      const factor = node === undefined ? { value } : { node };
      const kind = swapped ? algorithm.sub : step.algorithm;
      const beginning = { kind: 'binary', algorithm: kind, swapped, step, factor } as const;
      return { beginning, rest: steps.slice(place + 1) };
    }
  }
  const [first, ...rest] = steps;
  if (first.kind === 'eltwise') {
    // Elementwise kernels take nothing after them; those of two operands do.
    const beginning =
      rest.length === 0 ? ({ kind: 'eltwise', step: first } as const) : ({ kind: 'same' } as const);
    return { beginning, rest: rest.length === 0 ? rest : steps };
  }
  return { beginning: { kind: 'binary', algorithm: first.algorithm, swapped: false, step: first }, rest };
}

/** An elementwise chain: one primitive, the rest of the chain as its post-ops. False where the library has none but slow ones. */
export function lowerElementwise(lowering: Lowering, unit: Unit): boolean {
  const { engine } = lowering;
  const { spine, tail, result, nodes } = unit;
  if (spine === undefined) return false;
  const shape = lowering.shape(result);
  const full = [
    spine,
    ...tail.flatMap((step) => (step.kind === 'binary' && step.spread === 'full' ? [step.operand] : [])),
  ];
  const view = viewOf(lowering, full, tail, shape);
  if (view === undefined) return false;
  const { seen, layout } = view;
  const source = { buffer: lowering.in(spine, layout).buffer, layout: seen };
  const { beginning, rest } = beginningOf(tail);
  const { postOps: list, args } = postOps(rest, view.operand);
  const what = showShape(shape);
  const to = lowering.place(layout);
  const operands: [number, Place][] = [];
  const description = engine.attempt(() => {
    if (beginning.kind === 'eltwise') {
      const { op } = beginning.step;
      operands.push([argument.source, source]);
      return engine.describe(
        'eltwise_forward',
        what,
        ...([propagation.inference, op.algorithm, seen.pointer, seen.pointer] as const),
        ...([op.alpha, op.beta, engine.attribute(list)] as const),
      );
    }
    if (beginning.kind === 'same') {
      const one = { ...lowering.number(1), layout: engine.plain(seen.dims.map(() => 1)) };
      operands.push([argument.source, source], [argument.source1, one]);
      return engine.describe(
        'binary',
        what,
        ...([algorithm.mul, seen.pointer, one.layout.pointer, seen.pointer] as const),
        engine.attribute(list),
      );
    }
    const { swapped, factor } = beginning;
    const other = view.operand(beginning.step);
    const [left, right] = swapped ? [other, source] : [source, other];
    operands.push([argument.source, left], [argument.source1, right]);
    const scaled = swapped ? argument.source1 : argument.source;
    if (factor !== undefined) {
      operands.push([
        scaleOf(scaled),
        'node' in factor ? lowering.plain(factor.node, [1]) : lowering.number(factor.value),
      ]);
    }
    return engine.describe(
      'binary',
      what,
      ...([beginning.algorithm, left.layout.pointer, right.layout.pointer, seen.pointer] as const),
      engine.attribute(list, factor === undefined ? undefined : scaled),
    );
  });
  if (description === undefined) return false;
  // A slow primitive is better than none, where there are no parts to run instead.
  if (nodes.length > 0 && isReference(description.implementation)) return false;
  lowering.call(
    'elementwise',
    description,
    [...operands, [argument.destination, { buffer: to.buffer, layout: seen }], ...args],
    {
      what,
      flops: tail.length * sizeOf(shape),
      inPlace: full.map((id) => lowering.in(id, layout)),
    },
  );
  lowering.define(result, to);
  return true;
}

/** What a backward primitive of an elementwise function is made with. */
interface Backward {
  readonly name: string;
  readonly result: number;
  readonly algorithm: number;
  /** The operand that the derivative is taken at: the function's input or, for ReLU, its output. */
  readonly at: readonly [argument: number, id: number];
  readonly cotangent: number;
  /** Whether there are parts to run in place of a slow primitive. */
  readonly hasParts: boolean;
}

function lowerBackward(
  lowering: Lowering,
  { name, result, algorithm, at, cotangent, hasParts }: Backward,
): boolean {
  const { engine } = lowering;
  const shape = lowering.shape(result);
  const view = viewOf(lowering, [at[1], cotangent], [], shape);
  if (view === undefined) return false;
  const { layout, seen } = view;
  const what = showShape(shape);
  const attribute = engine.attribute();
  const description = engine.attempt(() => {
    const forward = engine.describe(
      'eltwise_forward',
      what,
      ...([propagation.training, algorithm, seen.pointer, seen.pointer, 0, 0, attribute] as const),
    );
    return engine.describe(
      'eltwise_backward',
      what,
      ...([algorithm, seen.pointer, seen.pointer, seen.pointer, 0, 0, forward.pointer, attribute] as const),
    );
  });
  if (description === undefined || (hasParts && isReference(description.implementation))) return false;
  const from = lowering.in(cotangent, layout);
  const to = lowering.place(layout);
  lowering.call(
    name,
    description,
    [
      [at[0], { buffer: lowering.in(at[1], layout).buffer, layout: seen }],
      [argument.diffDestination, { buffer: from.buffer, layout: seen }],
      [argument.diffSource, { buffer: to.buffer, layout: seen }],
    ],
    { what, flops: sizeOf(shape), inPlace: [from] },
  );
  lowering.define(result, to);
  return true;
}

/** The cotangent where ReLU's output is positive: ReLU's backward primitive, which reads that output. */
export function lowerMask(lowering: Lowering, { node, result }: Unit): boolean {
  const [cotangent, output] = lowering.nodes[node].inputs;
  if (spreadOf(lowering.shape(cotangent), lowering.shape(result)) !== 'full') return false;
  const at = [argument.destination, output] as const;
  return lowerBackward(lowering, {
    name: 'reluGradient',
    result,
    algorithm: algorithm.reluFromOutput,
    at,
    cotangent,
    hasParts: true,
  });
}

export function lowerGelu(lowering: Lowering, { gelu, result }: Unit): boolean {
  if (gelu === undefined) return false;
  const tail = [{ kind: 'eltwise', op: eltwise('geluErf') }] as const;
  return lowerElementwise(lowering, {
    lane: 'primitive',
    kind: 'elementwise',
    node: result,
    result,
    outputs: [result],
    inputs: [gelu.x],
    nodes: [],
    tail,
    spine: gelu.x,
  });
}

export function lowerGeluGradient(lowering: Lowering, { gelu, result }: Unit): boolean {
  if (gelu?.cotangent === undefined) return false;
  return lowerBackward(lowering, {
    name: 'geluGradient',
    result,
    algorithm: algorithm.geluErf,
    at: [argument.source, gelu.x],
    cotangent: gelu.cotangent,
    hasParts: false,
  });
}
