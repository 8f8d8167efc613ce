import { ScreeError } from '../../graph/errors.js';
import type { Values, Workspace } from './workspace.js';

/** Magnitudes that a cut is estimated from. */
const sampleSize = 16_384;

/** The smallest normal float32: zeros are never sent. */
const smallest = 2 ** -126;

/** What is chosen from: values, or what is kept of them after an optional momentum. */
export interface Source {
  readonly values: Values;
  /** Where the values are added to what was kept before. */
  readonly residual?: number;
  /** velocity = momentum · velocity + scale · values goes there in their place, and becomes 0 where something is sent. */
  readonly moved?: { readonly velocity: number; readonly momentum: number; readonly scale: number };
}

/**
 * Messages of a few values with their places: a count, the values (float32, or float16), and the gaps between their indices in
 * Golomb-Rice code (Golomb 1966), 1.5 bits above the entropy of places at random: about log2(n/k) + 2 bits each.
 */
export class SparseMessage {
  readonly #most: number;
  readonly #room: number;
  readonly #shift: number;
  readonly #indices: number;
  readonly #chosen: Values;
  readonly #sent: Values;
  readonly #sample: number;

  /**
   * @param length values of the bucket
   * @param ratio the largest share of them that is wanted in a message
   */
  constructor(
    private readonly codec: string,
    private readonly workspace: Workspace,
    private readonly length: number,
    ratio: number,
    private readonly half: boolean,
  ) {
    this.#most = Math.min(length, this.wanted(ratio));
    this.#shift = Math.max(0, Math.floor(Math.log2((0.69 * length) / Math.max(1, this.#most))));
    this.#room = this.estimate(this.#most).room;
    this.#indices = workspace.allocate(4 * this.#room);
    this.#chosen = workspace.allocateValues(this.#room);
    // Float16 is coded by sixteens.
    this.#sent = workspace.allocateValues(half ? Math.max(16, this.#most) : 0);
    this.#sample = workspace.allocate(8 * sampleSize);
  }

  private wanted(ratio: number): number {
    return Math.max(1, Math.round(ratio * this.length));
  }

  get maxBytes(): number {
    const bits = this.#most * (this.#shift + 2) + Math.floor(this.length / 2 ** this.#shift);
    return 4 + this.valueBytes(this.#most) + Math.ceil(bits / 8) + 8;
  }

  /** Room for values, rounded up so that what follows begins at a word. */
  private valueBytes(count: number): number {
    return this.half ? 4 * Math.ceil(count / 2) : 4 * count;
  }

  /** At which rank of a sample the cut is taken so that it leaves too few values in one of 30,000 cases, and for how many there is room. */
  private estimate(wanted: number): { stride: number; rank: number; room: number } {
    const { length } = this;
    // An odd stride meets all places of a row of weights.
    const stride = length <= sampleSize ? 1 : Math.floor(length / sampleSize) | 1;
    if (stride === 1) return { stride, rank: wanted, room: length };
    const margin = (rank: number) => rank + 4 * Math.sqrt(rank) + 4;
    const rank = Math.ceil(margin(wanted / stride));
    return { stride, rank, room: Math.min(length, Math.ceil(stride * margin(rank))) };
  }

  /**
   * The places of the `wanted` values of the largest magnitudes, or a few more: those from a threshold on, which is estimated from a sample.
   * What is kept is brought up to date on the way, in one pass over memory.
   * @returns how many
   */
  private candidates({ values, residual, moved }: Source, wanted: number): number {
    const { kernels } = this.workspace;
    const { offset, length } = values;
    const indices = this.#indices;
    const { stride, rank, room } = this.estimate(wanted);
    const { velocity = 0, momentum = 0, scale = 1 } = moved ?? {};
    const sample = this.#sample;
    const count = kernels.sampleAt(offset, velocity, residual ?? 0, length, stride, momentum, scale, sample);
    let threshold = Math.max(smallest, kernels.rankedAt(sample, count, rank, rank));
    const select = () => {
      if (residual === undefined) return kernels.selectAbove(offset, length, threshold, room, indices);
      if (moved === undefined) {
        return kernels.addAndSelect(offset, residual, length, threshold, room, indices);
      }
      return kernels.moveAndSelect(
        offset,
        velocity,
        residual,
        length,
        momentum,
        scale,
        threshold,
        room,
        indices,
      );
    };
    let found = select();
    if (found > room || (found < wanted && threshold > smallest)) {
      threshold = Math.max(smallest, kernels.rankedAt(residual ?? offset, length, wanted, room));
      found = kernels.selectAbove(residual ?? offset, length, threshold, room, indices);
    }
    return Math.min(found, room);
  }

  /**
   * Writes the values of the largest magnitudes, as many as the ratio says: fewer where the others are 0, the first ones where some are equal.
   * The residual becomes what the message lacks of them: 0, or their rounding to float16.
   * @returns bytes
   */
  encode(source: Source, ratio: number, out: number): number {
    const { kernels } = this.workspace;
    const { residual } = source;
    const { offset: chosen } = this.#chosen;
    const indices = this.#indices;
    const wanted = Math.min(this.#most, this.wanted(ratio));
    const found = this.candidates(source, wanted);
    kernels.gatherAt(residual ?? source.values.offset, indices, found, chosen);
    const threshold = found > wanted ? kernels.rankedAt(chosen, found, wanted, wanted) : 0;
    const count = kernels.keepAbove(chosen, indices, found, threshold, wanted);
    const places = out + 4 + this.valueBytes(count);
    this.countAt(out)[0] = count;
    if (this.half) kernels.fp16Encode(chosen, 0, this.#sent.offset, count, out + 4);
    else this.workspace.bytes(out + 4, 4 * count).set(this.workspace.bytes(chosen, 4 * count));
    if (residual !== undefined) {
      kernels.clearAt(residual, indices, count);
      if (this.half) {
        const sent = this.#sent.offset;
        kernels.fp16Decode(out + 4, count, sent, 0);
        kernels.subtract(chosen, sent, count);
        kernels.scatterAt(residual, indices, count, chosen);
      }
    }
    if (source.moved !== undefined) kernels.clearAt(source.moved.velocity, indices, count);
    return places - out + kernels.riceEncode(indices, count, this.#shift, places);
  }

  private countAt(message: number): Uint32Array {
    return new Uint32Array(this.workspace.bytes(0, 0).buffer, message, 1);
  }

  /** @throws ScreeError for a message that is none */
  decode(message: number, bytes: number, into: Values, adding: boolean): void {
    const { kernels } = this.workspace;
    const { offset: chosen } = this.#chosen;
    const indices = this.#indices;
    const count = bytes < 4 ? Infinity : this.countAt(message)[0];
    const places = 4 + this.valueBytes(count);
    const whole =
      count <= this.#most &&
      places <= bytes &&
      kernels.riceDecode(message + places, bytes - places, count, this.#shift, into.length, indices) !== 0;
    if (!whole) {
      throw new ScreeError(
        `${this.codec}: a message of ${bytes} bytes is not one of at most ${this.#most} of ${into.length} values; it is damaged, or of another codec`,
      );
    }
    if (this.half) kernels.fp16Decode(message + 4, count, chosen, 0);
    else this.workspace.bytes(chosen, 4 * count).set(this.workspace.bytes(message + 4, 4 * count));
    if (!adding) this.workspace.floats(into).fill(0);
    kernels.addAt(into.offset, indices, count, chosen);
  }
}
