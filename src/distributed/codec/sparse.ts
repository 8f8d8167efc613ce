import { ScreeError } from '../../graph/errors.js';
import type { Values, Workspace } from './workspace.js';

/** What a cut may leave, as shares of what is wanted (Lin et al. 2018 take a cut again outside of such bounds). */
const tooFew = 0.8;
const tooMany = 1.3;
const corrections = 10;

/** Magnitudes that a cut is estimated from: their quantile is off by a few percent. */
const sampleSize = 16_384;

/** The smallest normal float32: zeros are never sent. */
const smallest = 2 ** -126;
const largest = 3.4028234663852886e38;

/**
 * Messages of a few values with their places: a count, the values (float32, or float16), and the gaps between their indices in
 * Golomb-Rice code (Golomb 1966), 1.5 bits above the entropy of places at random: about log2(n/k) + 2 bits each.
 */
export class SparseMessage {
  readonly #most: number;
  readonly #shift: number;
  readonly #indices: number;
  readonly #chosen: Values;
  readonly #sent: Values;

  /**
   * @param length values of the bucket
   * @param ratio the share of them that is wanted in a message
   */
  constructor(
    private readonly codec: string,
    private readonly workspace: Workspace,
    private readonly length: number,
    ratio: number,
    private readonly half: boolean,
  ) {
    this.#most = Math.min(length, Math.ceil(tooMany * this.wanted(ratio)));
    this.#shift = Math.max(0, Math.floor(Math.log2((0.69 * length) / Math.max(1, this.#most))));
    this.#indices = workspace.allocate(4 * this.#most);
    this.#chosen = workspace.allocateValues(this.#most);
    this.#sent = workspace.allocateValues(half ? Math.max(16, this.#most) : 0);
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

  /** The magnitude from which on about so large a share of the values is: from a sample at even distances, then corrected. */
  cut(values: Values, ratio: number): number {
    const { kernels } = this.workspace;
    const wanted = this.wanted(ratio);
    const floats = this.workspace.floats(values);
    // An odd stride meets all places of a row of weights.
    const stride = Math.max(1, Math.floor(values.length / sampleSize)) | 1;
    const sample = Float32Array.from({ length: Math.ceil(values.length / stride) }, (_, index) =>
      Math.abs(floats[index * stride]),
    ).sort();
    const place = sample.length - 1 - Math.round((wanted / values.length) * sample.length);
    const estimate = sample[Math.max(0, place)];
    // NaN is sorted last: where it stands at the cut, what is not finite goes alone.
    let threshold = Number.isNaN(estimate) ? largest : Math.min(largest, Math.max(smallest, estimate));
    // Between a cut that takes too many and one that takes too few the next lies halfway: in a thin tail, fixed factors alone would jump
    // from the one to the other.
    let low = 0;
    let high = Infinity;
    for (let correction = 0; correction < corrections; correction++) {
      const count = kernels.countAbove(values.offset, values.length, threshold);
      if (count > tooMany * wanted) low = threshold;
      else if (count < tooFew * wanted && threshold > smallest) high = threshold;
      else break;
      if (low > 0 && high < Infinity) threshold = Math.sqrt(low * high);
      else threshold = low > 0 ? 1.3 * threshold : Math.max(smallest, 0.8 * threshold);
    }
    return Math.min(largest, threshold);
  }

  /**
   * Writes the values from a threshold on, at most as many as there is room for; the rest waits.
   * @param residual where they become what the message lacks of them: 0, or their rounding to float16
   * @param forgotten where they become 0
   * @returns bytes
   */
  encode(
    values: Values,
    threshold: number,
    out: number,
    { residual, forgotten }: { residual?: Values; forgotten?: Values } = {},
  ): number {
    const { kernels } = this.workspace;
    const { offset: chosen } = this.#chosen;
    const indices = this.#indices;
    const count = kernels.selectAbove(values.offset, values.length, threshold, this.#most, indices);
    kernels.gatherAt(values.offset, indices, count, chosen);
    const places = out + 4 + this.valueBytes(count);
    this.countAt(out)[0] = count;
    if (this.half) kernels.fp16Encode(chosen, 0, this.#sent.offset, count, out + 4);
    else this.workspace.bytes(out + 4, 4 * count).set(this.workspace.bytes(chosen, 4 * count));
    if (residual !== undefined) {
      kernels.clearAt(residual.offset, indices, count);
      if (this.half) {
        const sent = this.#sent.offset;
        kernels.fp16Decode(out + 4, count, sent, 0);
        kernels.subtract(chosen, sent, count);
        kernels.scatterAt(residual.offset, indices, count, chosen);
      }
    }
    if (forgotten !== undefined) kernels.clearAt(forgotten.offset, indices, count);
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
