import { allocate, bytesPerElement, type TypedArray } from '../../graph/dtype.js';
import { ScreeError } from '../../graph/errors.js';
import type { Graph } from '../../graph/graph.js';
import type { NDArray } from '../../graph/ndarray.js';
import type { TensorType } from '../../graph/op.js';
import { sameShape, sizeOf } from '../../graph/shape.js';
import { checkArray } from '../program.js';
import { argument, argumentBytes } from './binding/constants.js';
import type { Engine, Layout } from './binding/engine.js';
import { addressOf, allocateBlock, viewOf, type Block } from './binding/memory.js';
import type { Buffer, Place, StateEntry } from './layout.js';
import { fewElements } from './fuse.js';
import type { Lowering } from './lowering.js';
import { usesOf } from './program.js';

/** Pairs of places among a graph's inputs and outputs: the output is the input of the next run. */
export type StatePairs = readonly (readonly [input: number, output: number])[];

/** The entries of a graph's state, all row-major. */
export function stateEntries({ nodes, inputs, outputs }: Graph, pairs: StatePairs): StateEntry[] {
  const seen = new Set<number>();
  return pairs.map(([from, to]) => {
    const [input, output] = [inputs[from], outputs[to]];
    if (input === undefined || output === undefined || seen.has(input)) {
      throw new ScreeError(
        `native: state [${from}, ${to}] does not name an input and an output; the graph has ${inputs.length} and ${outputs.length}, each to be named once`,
      );
    }
    seen.add(input);
    const { dtype, shape } = nodes[input];
    if (nodes[output].dtype !== dtype || !sameShape(nodes[output].shape, shape)) {
      throw new ScreeError(`native: state [${from}, ${to}]: the output is of another type than the input`);
    }
    return { input, output, buffer: stateBuffer(sizeOf(shape) * bytesPerElement[dtype]) };
  });
}

const stateBuffer = (bytes: number): Buffer => ({ bytes, source: { kind: 'state' } });

/** The entries in the layouts that a lowering would rather have had, or undefined where it was content. */
export function improvedEntries({ engine, state, wanted, nodes }: Lowering): StateEntry[] | undefined {
  let isChanged = false;
  const entries = state.map((entry): StateEntry => {
    // Few elements are updated by scripts, which want them row-major.
    const isFew = sizeOf(nodes[entry.input].shape) < fewElements;
    const layout = entry.layout === undefined && !isFew ? wanted.get(entry.buffer) : undefined;
    // A layout that cannot be read back, as of weights that are transformed, is none for state.
    const isReadable =
      layout !== undefined &&
      engine.attempt(() => engine.reorder(layout, engine.plain(layout.dims))) !== undefined;
    if (!isReadable) return { ...entry, buffer: stateBuffer(entry.buffer.bytes) };
    isChanged = true;
    return { ...entry, layout, buffer: stateBuffer(layout.bytes) };
  });
  return isChanged ? entries : undefined;
}

/**
 * Sees to it that each new value of the state is where it is kept when the run ends: made there, or brought there.
 * @returns buffers that lie in the state's own memory
 */
export function bindState(lowering: Lowering): Map<Buffer, Buffer> {
  const homes = new Map<Buffer, Buffer>();
  const copies: (() => void)[] = [];
  const made = lowering.state.map(({ output, layout, buffer }): Place => {
    const place = layout === undefined ? lowering.anyPlain(output) : lowering.in(output, layout);
    if (place.buffer.source.kind === 'arena' || place.buffer === buffer) return place;
    // An input or other state, which may be overwritten before it is read: a copy first.
    const copy = { ...place, buffer: lowering.buffer(place.buffer.bytes) };
    lowering.copy(output, place, copy);
    return copy;
  });
  const uses = new Map<Buffer, Use[]>();
  lowering.steps.forEach((step, at) => {
    for (const { buffer, writes } of usesOf(step)) {
      const known = uses.get(buffer);
      if (known === undefined) uses.set(buffer, [{ at, writes }]);
      else known.push({ at, writes });
    }
  });
  lowering.state.forEach((entry, index) => {
    const place = made[index];
    if (place.buffer === entry.buffer) return;
    if (!homes.has(place.buffer) && canLieIn(lowering, uses, place.buffer, entry)) {
      homes.set(place.buffer, entry.buffer);
    } else {
      copies.push(() => lowering.copy(entry.output, place, { ...place, buffer: entry.buffer }));
    }
  });
  for (const copy of copies) copy();
  return homes;
}

/** Whether a value may be written over the state that it replaces: nobody reads that after, nor while it is written. */
function canLieIn(
  { steps }: Lowering,
  uses: ReadonlyMap<Buffer, readonly Use[]>,
  made: Buffer,
  { buffer }: StateEntry,
): boolean {
  if (made.bytes !== buffer.bytes) return false;
  const writer = uses.get(made)?.find(({ writes }) => writes)?.at ?? -1;
  return (uses.get(buffer) ?? []).every(({ at }) => {
    if (at < writer) return true;
    const step = steps[at];
    if (at > writer || step.kind !== 'primitive') return false;
    return step.inPlace?.result === made && step.inPlace.operands.includes(buffer);
  });
}

/** By the place of the step that uses a buffer. */
interface Use {
  readonly at: number;
  readonly writes: boolean;
}

/** State in a program's memory: as an array where it lies row-major, else brought from and to an array's memory. */
type Kept =
  | { readonly array: TypedArray }
  | {
      readonly write: (data: NodeJS.TypedArray) => void;
      readonly read: (data: NodeJS.TypedArray) => void;
    };

/** Whether all bits are zero. */
function isZero({ buffer, byteOffset, byteLength }: NodeJS.TypedArray): boolean {
  if (byteLength % 4 !== 0) return false;
  // A loop: hundreds of megabytes are looked at.
  const words = new Int32Array(buffer, byteOffset, byteLength / 4);
  for (let i = 0; i < words.length; i++) if (words[i] !== 0) return false;
  return true;
}

/** Carries state into a program's memory and out of it. */
export class StateMemory {
  /** For the arguments of a reorder. */
  private readonly staging: Block;
  private readonly view: ArrayBuffer;
  /** Whether all is still zero, as memory comes from the system. */
  private isFresh = true;
  private readonly kept: readonly Kept[];

  constructor(
    private readonly engine: Engine,
    entries: readonly StateEntry[],
    private readonly types: readonly TensorType[],
    private readonly memory: { address: bigint; view: ArrayBuffer; offsetOf: (buffer: Buffer) => number },
  ) {
    this.staging = allocateBlock(2 * argumentBytes);
    this.view = viewOf(this.staging.address, this.staging.bytes);
    this.kept = entries.map((entry, index) => this.keep(entry, types[index]));
  }

  private keep(entry: StateEntry, { dtype, shape }: TensorType): Kept {
    const offset = this.memory.offsetOf(entry.buffer);
    if (entry.layout === undefined) {
      return { array: allocate(dtype, sizeOf(shape), this.memory.view, offset) };
    }
    const { layout } = entry;
    const plain = this.engine.plain(layout.dims);
    const inside = this.engine.memory(layout, this.memory.address + BigInt(offset));
    const outside = this.engine.memory(plain, 0n);
    const write = this.reorder(plain, layout, outside, inside);
    const read = this.reorder(layout, plain, inside, outside);
    const at = (data: NodeJS.TypedArray) => this.engine.moveMemory(outside, addressOf(data));
    return {
      write: (data) => {
        at(data);
        write();
      },
      read: (data) => {
        at(data);
        read();
      },
    };
  }

  private reorder(from: Layout, to: Layout, source: bigint, target: bigint): () => void {
    const description = this.engine.reorder(from, to);
    const primitive = this.engine.primitive(description);
    return () => {
      const data = new DataView(this.view);
      [source, target].forEach((memory, place) => {
        data.setInt32(argumentBytes * place, place === 0 ? argument.source : argument.destination, true);
        data.setBigInt64(argumentBytes * place + 8, memory, true);
      });
      this.engine.execute(primitive, 2, this.staging.address);
    };
  }

  private check(arrays: readonly NDArray[]): void {
    if (arrays.length !== this.kept.length) {
      throw new ScreeError(`state: the program keeps ${this.kept.length} arrays, got ${arrays.length}`);
    }
    this.types.forEach((type, index) => checkArray('state', index, type, arrays[index]));
  }

  /** Takes over values, in the order of the pairs. */
  write(arrays: readonly NDArray[]): void {
    this.check(arrays);
    this.kept.forEach((kept, index) => {
      const { data } = arrays[index];
      if (this.isFresh && isZero(data)) return;
      if ('array' in kept) kept.array.set(data);
      else kept.write(data);
    });
    this.isFresh = false;
  }

  /** A run moves it. */
  moves(): void {
    this.isFresh = false;
  }

  /** Writes the values into arrays. */
  read(arrays: readonly NDArray[]): void {
    this.check(arrays);
    this.kept.forEach((kept, index) => {
      const { data } = arrays[index];
      if ('array' in kept) data.set(kept.array);
      else kept.read(data);
    });
  }

  free(): void {
    this.staging.free();
  }
}
