import { ScreeError } from '../graph/errors.js';
import { showShape, type Shape } from '../graph/shape.js';
import type { RawNumbers } from './normalise.js';
import type { NpyNumbers } from './npy.js';

/** An array's numbers in one of the types that are standardised. */
export function rawNumbers(data: NpyNumbers): RawNumbers {
  if (data instanceof Uint8Array || data instanceof Float32Array || data instanceof Float64Array) return data;
  return Float64Array.from(data);
}

/** How an array's examples are taken. */
export interface Layout {
  readonly inputShape: Shape;
  readonly channelsLast: boolean;
  readonly groups: number;
  readonly notes: readonly string[];
}

/** Images are [rows, height, width], with channels before or (up to 4) behind; other arrays are taken as they are. */
export function layoutOf(source: string, [, ...example]: Shape): Layout {
  if (example.includes(0))
    throw new ScreeError(`${source}: examples of shape ${showShape(example)} hold no numbers`);
  const plain = { channelsLast: false, notes: [] };
  switch (example.length) {
    case 0:
      return { ...plain, inputShape: [1], groups: 1 };
    case 1:
      return { ...plain, inputShape: example, groups: example[0] };
    case 2:
      return { ...plain, inputShape: [1, ...example], groups: 1 };
    case 3: {
      const [height, width, channels] = example;
      if (channels <= 4) {
        const notes = [`images of ${height}×${width} with ${channels} channels, the last axis`];
        return { channelsLast: true, inputShape: [channels, height, width], groups: channels, notes };
      }
      return { ...plain, inputShape: example, groups: example[0] };
    }
    default:
      return { ...plain, inputShape: example, groups: 1 };
  }
}

/** [rows, height, width, channels] as [rows, channels, height, width]. */
export function toPlanes(data: RawNumbers, [channels, height, width]: Shape): RawNumbers {
  if (channels === 1) return data;
  const out = data.slice();
  const plane = height * width;
  const size = channels * plane;
  for (let start = 0; start < data.length; start += size) {
    for (let channel = 0; channel < channels; channel++) {
      const to = start + channel * plane;
      for (let place = 0; place < plane; place++) out[to + place] = data[start + place * channels + channel];
    }
  }
  return out;
}
