import type { KeptState } from '../compile/index.js';
import { allocate, bytesPerElement, type DType } from '../graph/dtype.js';
import { ScreeError } from '../graph/errors.js';
import type { NDArray } from '../graph/ndarray.js';
import type { TensorType } from '../graph/op.js';
import { sameShape, showShape, sizeOf, type Shape } from '../graph/shape.js';

/** One tensor of a training state: how a checkpoint names and shapes it, and how the compiled step sees it. */
export interface StateEntry {
  /** `model.0.weight`, `state.1.mean`, `optimizer.m.0.weight`. */
  readonly name: string;
  readonly shape: Shape;
  /** The step works on flat parameters; that is its shape for them. */
  readonly inStep: TensorType;
}

/** Every tensor starts at a multiple of this many bytes: a cache line, and the widest vector register. */
const alignment = 64;

function layout(entries: readonly StateEntry[]): { offsets: number[]; bytes: number } {
  const offsets: number[] = [];
  let bytes = 0;
  for (const { inStep } of entries) {
    offsets.push(bytes);
    const end = bytes + sizeOf(inStep.shape) * bytesPerElement[inStep.dtype];
    bytes = Math.ceil(end / alignment) * alignment;
  }
  return { offsets, bytes };
}

/**
 * All tensors that a training step reads and writes anew. They lie in two flat buffers that take turns: a step reads views of one
 * and writes views of the other, so nothing is copied between steps. Or a program keeps them in memory of its own from step to
 * step: then there are buffers only from when somebody looks until the step after that.
 */
export class TrainingState {
  #current: readonly NDArray[] | undefined;
  #next: readonly NDArray[] | undefined;
  #keeper: KeptState | undefined;
  /** Whether the keeper has the current values. */
  #isKept = false;
  readonly #offsets: readonly number[];
  readonly #sideBytes: number;

  /** @param initial the first values, in the order of the entries */
  constructor(
    readonly entries: readonly StateEntry[],
    initial: readonly NDArray[],
  ) {
    const { offsets, bytes } = layout(entries);
    this.#offsets = offsets;
    this.#sideBytes = bytes;
    this.#current = this.#side();
    initial.forEach(({ data }, index) => this.current[index].data.set(data));
  }

  #side(): readonly NDArray[] {
    const buffer = new ArrayBuffer(this.#sideBytes);
    return this.entries.map(({ inStep: { shape, dtype } }, index) => ({
      data: allocate(dtype, sizeOf(shape), buffer, this.#offsets[index]),
      shape,
      dtype,
    }));
  }

  /** Of the buffers at most. */
  get bytes(): number {
    return this.#keeper === undefined ? 2 * this.#sideBytes : this.#sideBytes;
  }

  /**
   * What the next step reads; it stays untouched until the step after it. Not to be asked for while a step is taken.
   * @throws ScreeError where a program keeps the state and lost it in a step that failed half way
   */
  get current(): readonly NDArray[] {
    if (this.#current === undefined) {
      const side = this.#side();
      this.#keeper?.read(side);
      this.#current = side;
    }
    return this.#current;
  }

  /** What the next step writes. */
  get next(): readonly NDArray[] {
    this.#next ??= this.#side();
    return this.#next;
  }

  /** What was written is read from now on. */
  swap(): void {
    [this.#current, this.#next] = [this.next, this.current];
  }

  /** Names the program that keeps the state from now on. What is wanted of it must be read before the program is closed. */
  keepIn(keeper: KeptState): void {
    this.#keeper = keeper;
    this.#next = undefined;
  }

  /** Sees that the keeper has the current values, as the next step wants them. */
  hand(): void {
    if (!this.#isKept) this.#keeper?.write(this.current);
    this.#isKept = true;
  }

  /** The keeper has new values. */
  moved(): void {
    this.#current = undefined;
  }

  /** The current tensors were written into. */
  changed(): void {
    this.#isKept = false;
  }

  /** The current tensors by name, in their own shapes: views, to be copied before the step after the next. */
  tensors(): Record<string, NDArray> {
    return Object.fromEntries(
      this.entries.map(({ name, shape }, index) => {
        const { data, dtype } = this.current[index];
        return [name, { data, shape, dtype }];
      }),
    );
  }

  /**
   * Takes over the tensors of a checkpoint.
   * @param source the checkpoint, for messages
   * @throws ScreeError when they are not those of this model and optimiser; nothing is changed then
   */
  load(tensors: Readonly<Record<string, NDArray>>, source: string): void {
    const loaded = this.entries.map(({ name, shape, inStep: { dtype } }) => {
      const found = Object.hasOwn(tensors, name) ? tensors[name] : undefined;
      if (found === undefined)
        throw new ScreeError(`'${source}' holds no ${name}, which this model and optimizer have`);
      if (!sameShape(found.shape, shape) || found.dtype !== dtype) {
        throw new ScreeError(
          `'${source}': ${name} is ${found.dtype}${showShape(found.shape)}; this model and optimizer have ${dtype}${showShape(shape)}`,
        );
      }
      return found.data;
    });
    this.#current ??= this.#side();
    loaded.forEach((data, index) => this.current[index].data.set(data));
    this.changed();
  }

  /** The first tensor that holds a NaN or an infinity. */
  firstNonFinite(): string | undefined {
    return this.entries.find((_, index) => !isFinite(this.current[index]))?.name;
  }
}

const floats: ReadonlySet<DType> = new Set(['float32', 'float64']);

function isFinite({ data, dtype }: NDArray): boolean {
  if (!floats.has(dtype)) return true;
  // A sum is finite only if its terms are: one pass without a branch; an overflow of finite terms is looked at again.
  let sum = 0;
  for (let index = 0; index < data.length; index++) sum += data[index];
  return Number.isFinite(sum) || data.every((value) => Number.isFinite(value));
}
