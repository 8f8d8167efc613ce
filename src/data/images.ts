import type { Sharp, SharpOptions } from 'sharp';
import { ScreeError } from '../graph/errors.js';

/** What is read of every image. */
export interface ImageShape {
  readonly channels: 1 | 3;
  readonly height: number;
  readonly width: number;
}

/** What an image's file says about it, turned as it is shown. */
export interface ImageHeader {
  readonly path: string;
  readonly height: number;
  readonly width: number;
  readonly grey: boolean;
}

/** A hundred million pixels: the largest photograph is smaller, and a file that promises more is a trap. */
const MOST_PIXELS = 1e8;

/** Files that are read at the same time; decoding itself runs on the threads of the library. */
const AT_ONCE = 4;

/** Loaded where images are read only: it is a native library. */
async function openImage(path: string): Promise<Sharp> {
  const { default: sharp } = await import('sharp');
  const options: SharpOptions = { limitInputPixels: MOST_PIXELS, failOn: 'warning', sequentialRead: true };
  // Kept open files and decoded images of other reads would only take memory: every file is read once.
  sharp.cache(false);
  return sharp(path, options);
}

function damaged(path: string, error: unknown): ScreeError {
  if (error instanceof ScreeError) return error;
  const reason = (error instanceof Error ? error.message : String(error)).trim().split('\n')[0];
  return new ScreeError(`${path} cannot be read as an image (${reason})`, { cause: error });
}

/**
 * The header of a PNG or JPEG file; no pixel is decoded.
 * @throws ScreeError naming the file when it is damaged, another format, or has more than 100 million pixels
 */
export async function readImageHeader(path: string): Promise<ImageHeader> {
  try {
    const { format, width, height, autoOrient, space } = await (await openImage(path)).metadata();
    if (format !== 'png' && format !== 'jpeg') {
      throw new ScreeError(`${path} is a ${format} file; PNG and JPEG images are read`);
    }
    if (width * height > MOST_PIXELS) {
      throw new ScreeError(`${path}: ${width}×${height} pixels, more than the ${MOST_PIXELS} that are read`);
    }
    const grey = space === 'b-w' || space === 'grey16';
    return { path, width: autoOrient.width, height: autoOrient.height, grey };
  } catch (error) {
    throw damaged(path, error);
  }
}

/** Decodes one image into its place: [channels, height, width] bytes. */
async function decodeInto(
  out: Uint8Array,
  path: string,
  { channels, height, width }: ImageShape,
): Promise<void> {
  try {
    const image = (await openImage(path)).autoOrient();
    const { data, info } = await image
      .removeAlpha()
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .resize({ width, height, fit: 'cover' })
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    if (info.width !== width || info.height !== height || info.channels !== channels) {
      throw new ScreeError(`${path} gives ${info.width}×${info.height} pixels of ${info.channels} channels`);
    }
    const plane = height * width;
    for (let channel = 0; channel < channels; channel++) {
      const start = channel * plane;
      for (let place = 0; place < plane; place++) out[start + place] = data[place * channels + channel];
    }
  } catch (error) {
    throw damaged(path, error);
  }
}

/** Calls `work` for all items, a few at a time, in their order of starting. */
export async function eachAtOnce<T>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      await work(items[index], index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
}

/**
 * Decodes PNG and JPEG images to bytes [count, channels, height, width]: turned as their EXIF data say, without transparency,
 * 16 bits cut to 8. Images of another shape are resized: the largest middle part of the shape is taken, so that nothing is
 * stretched.
 * @throws ScreeError naming the first file that is damaged
 */
export async function decodeImages(paths: readonly string[], shape: ImageShape): Promise<Uint8Array> {
  const size = shape.channels * shape.height * shape.width;
  const out = new Uint8Array(paths.length * size);
  await eachAtOnce(paths, (path, index) =>
    decodeInto(out.subarray(index * size, (index + 1) * size), path, shape),
  );
  return out;
}
