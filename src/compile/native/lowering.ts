import { bytesPerElement } from '../../graph/dtype.js';
import { ScreeError } from '../../graph/errors.js';
import { constantValue, type Graph, type Node } from '../../graph/graph.js';
import { sameShape, showShape, sizeOf, type Shape } from '../../graph/shape.js';
import { barrierOp } from '../../ops/barrier.js';
import { reshapeOp, transposeOp } from '../../ops/shape-ops.js';
import { argument } from './binding/constants.js';
import type { Description, Engine, Layout } from './binding/engine.js';
import { isView } from './fuse.js';
import type { Buffer, Place, StateEntry, Value } from './layout.js';
import type { Convolution } from './lower-conv.js';
import type { Parameter, PrimitiveArgument, Step } from './program.js';

/** What a primitive reads or writes: an argument's number and where it lies. */
export type Arguments = readonly (readonly [index: number, place: Place | undefined])[];

export type Direction = 'forward' | 'inputGradient' | 'weightGradient';

/** Decides between algorithms that compute the same. */
export interface Choices {
  algorithm(convolution: Convolution, direction: Direction): number;
}

export interface CallOptions {
  readonly what?: string;
  readonly flops?: number;
  /** Operands in whose memory the first result may be written. */
  readonly inPlace?: readonly Place[];
}

/**
 * Writes a program: values of nodes, the places where they lie, and the steps that make them. Whatever layout a step wants of a
 * value, a reorder brings it there once.
 */
export class Lowering {
  readonly steps: Step[] = [];
  readonly nodes: readonly Node[];
  private readonly values = new Map<number, Value>();
  private readonly views = new Map<number, Value>();
  private readonly numbers = new Map<string, Place>();

  /** Layouts that state was reordered to, the first one for each. */
  readonly wanted = new Map<Buffer, Layout>();

  /** Places of the outputs that have been brought to where they are wanted. */
  readonly bound = new Set<number>();

  /** What units leave for others that come later. */
  private readonly notes = new Map<string, unknown>();

  /**
   * @param choices which algorithm a convolution takes
   * @param runApart runs nodes that were to be a primitive's post-ops
   * @param state inputs that the program keeps from run to run
   */
  constructor(
    readonly engine: Engine,
    readonly graph: Graph,
    readonly choices: Choices,
    readonly runApart: (nodes: readonly number[]) => void,
    readonly state: readonly StateEntry[] = [],
  ) {
    this.nodes = graph.nodes;
    const kept = new Map(state.map((entry) => [entry.input, entry]));
    for (const [id, { buffer, layout }] of kept) {
      const { dtype, shape } = this.nodes[id];
      const value: Value = { dtype, size: sizeOf(shape), places: [] };
      if (layout === undefined) value.plain = buffer;
      else value.places.push({ buffer, layout });
      this.values.set(id, value);
    }
    const given = graph.inputs.filter((id) => !kept.has(id));
    given.forEach((id, index) => {
      const { dtype, shape } = this.nodes[id];
      const size = sizeOf(shape);
      const buffer = { bytes: size * bytesPerElement[dtype], source: { kind: 'input', index } } as const;
      this.values.set(id, { dtype, size, plain: buffer, places: [] });
    });
  }

  remember(key: string, note: object): void {
    this.notes.set(key, note);
  }

  remembered(key: string): unknown {
    return this.notes.get(key);
  }

  shape(id: number): Shape {
    return this.nodes[id].shape;
  }

  buffer(bytes: number): Buffer {
    return { bytes, source: { kind: 'arena' } };
  }

  /** Memory for a result in a layout. */
  place(layout: Layout): Place {
    return { buffer: this.buffer(layout.bytes), layout };
  }

  value(id: number): Value {
    const node = this.nodes[id];
    const known = this.values.get(id) ?? this.views.get(id);
    if (known !== undefined) return known;
    const constant = constantValue(node);
    if (constant !== undefined) {
      const { data, dtype } = constant;
      const plain: Buffer = { bytes: data.byteLength, source: { kind: 'constant', data } };
      const value = { dtype, size: data.length, plain, places: [] };
      this.values.set(id, value);
      return value;
    }
    if (!isView(node)) throw new ScreeError(`native: node ${id}, ${node.op.name}, is read before it is made`);
    const isSame = node.op === reshapeOp || (node.op as object) === barrierOp;
    const view = isSame ? this.value(node.inputs[0]) : this.viewed(node);
    this.views.set(id, view);
    return view;
  }

  /** A transposed or sliced tensor over the memory of its operand. */
  private viewed({ op, inputs: [input], attributes, shape, dtype }: Node): Value {
    const place = this.preferred(input, this.shape(input));
    const axes = (name: string) => attributes[name] as readonly number[];
    const layout =
      op === transposeOp
        ? this.engine.transposed(place.layout, axes('permutation'))
        : this.engine.part(place.layout, axes('starts'), shape);
    const value: Value = { dtype, size: sizeOf(shape), places: [] };
    if (layout.plain) value.plain = place.buffer;
    else value.places.push({ buffer: place.buffer, layout });
    return value;
  }

  /** Defines a node's value by where it lies. */
  define(id: number, { buffer, layout }: Place): void {
    const { dtype, shape } = this.nodes[id];
    const value: Value = { dtype, size: sizeOf(shape), places: [] };
    if (layout.plain) value.plain = buffer;
    else value.places.push({ buffer, layout });
    this.values.set(id, value);
  }

  /** Memory in which a node's value will lie row-major. */
  definePlain(id: number): Buffer {
    const { dtype, shape } = this.nodes[id];
    const size = sizeOf(shape);
    const plain = this.buffer(size * bytesPerElement[dtype]);
    this.values.set(id, { dtype, size, plain, places: [] });
    return plain;
  }

  /** The value row-major, as a tensor of the given extents. */
  plain(id: number, dims: Shape = this.shape(id)): Place {
    return { buffer: this.plainBuffer(id), layout: this.engine.plain(dims) };
  }

  private plainBuffer(id: number): Buffer {
    const value = this.value(id);
    if (value.plain !== undefined) return value.plain;
    const [from] = value.places;
    const to = this.place(this.engine.plain(from.layout.dims));
    this.reorder(from, to);
    value.plain = to.buffer;
    return to.buffer;
  }

  /** The value in the layout of its making, if that is one of these extents; row-major otherwise. */
  preferred(
    id: number,
    dims: Shape = this.shape(id),
    accept: (layout: Layout) => boolean = () => true,
  ): Place {
    const { places, plain } = this.value(id);
    const found = places.find(({ layout }) => sameShape(layout.dims, dims) && accept(layout));
    return (
      found ?? (plain === undefined ? this.reshaped(id, dims, accept) : undefined) ?? this.plain(id, dims)
    );
  }

  /** The value where it lies by strides, seen with other axes. */
  private reshaped(id: number, dims: Shape, accept: (layout: Layout) => boolean): Place | undefined {
    for (const { buffer, layout } of this.value(id).places) {
      const seen = layout.blocked ? undefined : this.engine.reshaped(layout, dims);
      if (seen !== undefined && accept(seen)) return { buffer, layout: seen };
    }
    return undefined;
  }

  /** The value in a layout. */
  in(id: number, layout: Layout): Place {
    const value = this.value(id);
    if (layout.plain) return this.plain(id, layout.dims);
    const known = value.places.find((place) => this.engine.equal(place.layout, layout));
    if (known !== undefined) return known;
    const to = this.place(layout);
    const from = this.preferred(id, layout.dims);
    if (from.buffer.source.kind === 'state' && layout.dense && !this.wanted.has(from.buffer)) {
      this.wanted.set(from.buffer, layout);
    }
    this.reorder(from, to);
    value.places.push(to);
    return to;
  }

  /** A value of any element type row-major; the layout counts for float32 alone. */
  anyPlain(id: number): Place {
    return { buffer: this.plainBuffer(id), layout: this.engine.plain(this.shape(id)) };
  }

  /** Copies a node's value between places of one layout. */
  copy(id: number, from: Place, to: Place): void {
    const { dtype, shape } = this.nodes[id];
    if (dtype === 'float32' && sizeOf(shape) > 0) {
      this.reorder(from, to);
      return;
    }
    const length = sizeOf(shape);
    this.steps.push({
      kind: 'script',
      what: 'copy',
      source: '(x, y) => y.set(x)',
      constants: new Map(),
      parameters: [
        { buffer: from.buffer, dtype, length, writes: false },
        { buffer: to.buffer, dtype, length, writes: true },
      ],
    });
  }

  reorder(from: Place, to: Place): void {
    const description = this.engine.reorder(from.layout, to.layout);
    this.call(
      'reorder',
      description,
      [
        [argument.source, from],
        [argument.destination, to],
      ],
      { what: showShape(from.layout.dims) },
    );
  }

  /** A float32 number known beforehand. */
  number(value: number, count = 1): Place {
    const key = `${value} ${count}`;
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    const data = new Float32Array(count).fill(value);
    const buffer: Buffer = { bytes: data.byteLength, source: { kind: 'constant', data } };
    const place = { buffer, layout: this.engine.plain([count]) };
    this.numbers.set(key, place);
    return place;
  }

  /** Adds a primitive. Arguments that are missing are left out; scratch memory is added. */
  call(name: string, description: Description, args: Arguments, options: CallOptions = {}): void {
    const { what = '', flops = 0, inPlace = [] } = options;
    const all: PrimitiveArgument[] = args.flatMap(([index, place]) =>
      place === undefined ? [] : [{ index, place, writes: isResult(index, name) }],
    );
    const scratch = this.engine.opaque(description, 'scratchpad');
    if (scratch !== undefined) {
      all.push({ index: argument.scratchpad, place: this.place(scratch), writes: true });
    }
    const result = all.find(({ writes }) => writes)?.place.buffer;
    this.steps.push({
      kind: 'primitive',
      name,
      what,
      flops,
      implementation: description.implementation,
      primitive: this.engine.primitive(description),
      args: all,
      ...(result !== undefined &&
        inPlace.length > 0 && { inPlace: { result, operands: inPlace.map(({ buffer }) => buffer) } }),
    });
  }

  /** Whether a node's value fills a buffer from its first byte to its last. */
  isWhole(buffer: Buffer, id: number): boolean {
    const { dtype, shape } = this.nodes[id];
    return buffer.bytes === sizeOf(shape) * bytesPerElement[dtype];
  }

  parameter(id: number, writes = false): Parameter {
    const { dtype, shape } = this.nodes[id];
    const buffer = writes ? this.definePlain(id) : this.plainBuffer(id);
    return { buffer, dtype, length: sizeOf(shape), writes };
  }
}

const results: readonly number[] = [
  argument.destination,
  argument.diffSource,
  argument.diffWeights,
  argument.diffBias,
  argument.diffScale,
  argument.diffShift,
];

/** Whether a primitive writes an argument: statistics and workspaces only forwards. */
function isResult(index: number, name: string): boolean {
  if (results.includes(index)) {
    // The output of the forward pass is read by some backward ones.
    return index !== argument.destination || !name.endsWith('Gradient');
  }
  const made: readonly number[] = [argument.mean, argument.variance, argument.workspace];
  return made.includes(index) && !name.endsWith('Gradient');
}
