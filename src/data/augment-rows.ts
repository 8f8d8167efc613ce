import { ScreeError } from '../graph/errors.js';
import { showShape, sizeOf, type Shape } from '../graph/shape.js';
import type { PhiloxKey } from '../random/philox.js';
import { multiplyHigh, philoxFill } from '../random/philox.js';
import type { Augmentation } from './augment.js';
import { channelsOf, type Normalisation } from './normalise.js';

/** Copies row `row` of the source to the place that starts at `to`, changed as it is in the epoch of `key`. */
export type RowWriter = (out: Float32Array, to: number, row: number, key: PhiloxKey) => void;

/** Numbers below which a word picks one, each as likely to 2⁻³² of `count`. */
function below(word: number, count: number): number {
  return multiplyHigh(word, count) >>> 0;
}

/** Lines from this length on are copied quicker as a block. */
const BLOCK = 64;

function copyLine(
  out: Float32Array,
  to: number,
  source: Float32Array,
  from: number,
  step: number,
  count: number,
): void {
  if (step === 1 && count >= BLOCK) {
    out.set(source.subarray(from, from + count), to);
  } else if (step === 1) {
    for (let index = 0; index < count; index++) out[to + index] = source[from + index];
  } else {
    for (let index = 0; index < count; index++) out[to + index] = source[from - index];
  }
}

/**
 * Writes the examples of a source one by one, mirrored, moved and covered in one pass. What happens to a row is a function of
 * the row's number and the epoch's key alone: words of Philox at a place of the row's own. So it is the same for a run that
 * went on, and for any size of batch.
 * @param source float32 [rows, ...inputShape], standardised
 * @param normalisation tells what black is; 0 without it
 * @throws ScreeError for examples that are no images, or smaller than they are moved
 */
export function rowWriter(
  source: Float32Array,
  inputShape: Shape,
  { flip, move, cutout }: Augmentation,
  normalisation?: Normalisation,
): RowWriter {
  if (!flip && !move && !cutout) {
    const width = sizeOf(inputShape);
    return (out, to, row) => out.set(source.subarray(row * width, (row + 1) * width), to);
  }
  if (inputShape.length !== 3) {
    throw new ScreeError(
      `augmentation: examples of shape ${showShape(inputShape)} are no images, [channels, height, width]; mixup alone suits them`,
    );
  }
  const [channels, height, width] = inputShape;
  const pixels = move?.pixels ?? 0;
  if (pixels >= Math.min(height, width)) {
    throw new ScreeError(`augmentation: images of ${height}×${width} cannot be moved by ${pixels} pixels`);
  }
  const size = channels * height * width;
  const black = Array.from({ length: channelsOf(inputShape) }, (_, channel) => {
    const { mean = [], std = [] } = normalisation ?? {};
    return mean.length === channels ? -mean[channel] / std[channel] : 0;
  });
  const edge = move?.fill === 'edge';
  const squares = cutout?.count ?? 0;
  const half = (cutout?.size ?? 0) >> 1;
  // Words 0 and 1: mirrored or not; 2 and 3: moved by; then two for each square.
  const wordsEach = 4 * Math.ceil((4 + 2 * squares) / 4);
  const words = new Uint32Array(wordsEach);
  return (out, to, row, key) => {
    philoxFill(words, key, (row * wordsEach) / 4);
    const mirrored = flip !== undefined && flip.axis !== 'vertical' && words[0] >>> 31 === 1;
    const overturned = flip !== undefined && flip.axis !== 'horizontal' && words[1] >>> 31 === 1;
    const right = below(words[2], 2 * pixels + 1) - pixels;
    const down = below(words[3], 2 * pixels + 1) - pixels;
    // Columns from `first` to `end` of the result have a source; the column of x is start + step · x.
    const first = Math.max(0, -right);
    const end = Math.min(width, width - right);
    const step = mirrored ? -1 : 1;
    const start = mirrored ? width - 1 - right : right;
    let place = to;
    for (let channel = 0; channel < channels; channel++) {
      const plane = row * size + channel * height * width;
      const outside = black[channel];
      for (let y = 0; y < height; y++) {
        let from = y + down;
        if (edge) from = from < 0 ? 0 : from >= height ? height - 1 : from;
        if (from < 0 || from >= height) {
          out.fill(outside, place, place + width);
        } else {
          const line = plane + (overturned ? height - 1 - from : from) * width;
          copyLine(out, place + first, source, line + start + step * first, step, end - first);
          if (first > 0) out.fill(edge ? out[place + first] : outside, place, place + first);
          if (end < width) out.fill(edge ? out[place + end - 1] : outside, place + end, place + width);
        }
        place += width;
      }
    }
    for (let square = 0; square < squares; square++) {
      const left = below(words[4 + 2 * square], width) - half;
      const top = below(words[5 + 2 * square], height) - half;
      const side = cutout?.size ?? 0;
      const [x0, x1] = [Math.max(0, left), Math.min(width, left + side)];
      for (let y = Math.max(0, top); y < Math.min(height, top + side); y++) {
        for (let channel = 0; channel < channels; channel++) {
          const line = to + (channel * height + y) * width;
          out.fill(0, line + x0, line + x1);
        }
      }
    }
  };
}
