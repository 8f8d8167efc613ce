import { ScreeError } from '../graph/errors.js';
import { showShape, type Shape } from '../graph/shape.js';

/** How a window moves over the spatial axes: one number an axis. */
export type Window = {
  /** Extents of the window. */
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  /** Zeros (for maxima: −∞) before and after each axis. */
  readonly low: readonly number[];
  readonly high: readonly number[];
  /** Distance between neighbouring taps. */
  readonly dilation: readonly number[];
};

export interface WindowOptions {
  /** One number for all axes or one an axis; 1 by default (for pooling: the window's own extent). */
  readonly strides?: number | readonly number[];
  /** Zeros on both sides, one number for all axes or one an axis; 0 by default. */
  readonly padding?: number | readonly number[];
  readonly dilation?: number | readonly number[];
}

/** One value for each axis, from one number for all or one an axis. */
export function perAxis(
  operation: string,
  name: string,
  value: number | readonly number[],
  rank: number,
  least: number,
) {
  const values = typeof value === 'number' ? new Array<number>(rank).fill(value) : value;
  if (values.length !== rank || !values.every((v) => Number.isInteger(v) && v >= least)) {
    throw new ScreeError(
      `${operation}: ${name} ${JSON.stringify(value)} must be an integer ≥ ${least}, or ${rank} of them`,
    );
  }
  return values;
}

export function makeWindow(operation: string, kernel: Shape, options: WindowOptions, stride: Shape): Window {
  const rank = kernel.length;
  const padding = perAxis(operation, 'padding', options.padding ?? 0, rank, 0);
  return {
    kernel,
    strides: perAxis(operation, 'strides', options.strides ?? stride, rank, 1),
    low: padding,
    high: padding,
    dilation: perAxis(operation, 'dilation', options.dilation ?? 1, rank, 1),
  };
}

/** Extents after a window has moved over `spatial`. Throws where the window is larger than the padded input. */
export function windowedExtents(operation: string, spatial: Shape, window: Window): number[] {
  return spatial.map((extent, axis) => {
    const reach = (window.kernel[axis] - 1) * window.dilation[axis] + 1;
    const room = extent + window.low[axis] + window.high[axis] - reach;
    if (room < 0) {
      throw new ScreeError(
        `${operation}: a window of ${showShape(window.kernel)} does not fit into ${showShape(spatial)} padded by ${showShape(window.low)} and ${showShape(window.high)}`,
      );
    }
    return Math.floor(room / window.strides[axis]) + 1;
  });
}

/** One tap of the window: its index along each axis, and the outputs for which it lies inside the input. */
export interface Tap {
  /** Place in the kernel, row-major. */
  readonly place: number;
  readonly index: readonly number[];
  /** Outputs `from ≤ o < to` along each axis read input `o · stride + shift`. */
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly shift: readonly number[];
}

/** The taps of a window in row-major order, with the outputs that each of them serves. */
export function windowTaps(spatial: Shape, output: Shape, { kernel, strides, low, dilation }: Window): Tap[] {
  const taps: Tap[] = [];
  const count = kernel.reduce((product, extent) => product * extent, 1);
  for (let place = 0; place < count; place++) {
    const index = new Array<number>(kernel.length);
    let rest = place;
    for (let axis = kernel.length - 1; axis >= 0; axis--) {
      index[axis] = rest % kernel[axis];
      rest = Math.floor(rest / kernel[axis]);
    }
    const shift = index.map((k, axis) => k * dilation[axis] - low[axis]);
    const from = shift.map((s, axis) => Math.max(0, Math.ceil(-s / strides[axis])));
    const to = shift.map((s, axis) =>
      Math.max(from[axis], Math.min(output[axis], Math.floor((spatial[axis] - 1 - s) / strides[axis]) + 1)),
    );
    taps.push({ place, index, from, to, shift });
  }
  return taps;
}

/**
 * Calls `visit(outputOffset, inputOffset)` for the outputs that a tap serves, for one image plane of up to three axes; made
 * once, it allocates nothing when called.
 */
export function planeWalk(
  spatial: Shape,
  output: Shape,
  tap: Tap,
  strides: readonly number[],
): (visit: (outputOffset: number, inputOffset: number) => void) => void {
  const lead = <T>(values: readonly T[], filler: T): T[] => [
    ...new Array<T>(3 - values.length).fill(filler),
    ...values,
  ];
  const [fz, fy, fx] = lead(tap.from, 0);
  const [tz, ty, tx] = lead(tap.to, 1);
  const [sz, sy, sx] = lead(strides, 1);
  const [dz, dy, dx] = lead(tap.shift, 0);
  const [, inputY, inputX] = lead(spatial, 1);
  const [, outputY, outputX] = lead(output, 1);
  return (visit) => {
    for (let z = fz; z < tz; z++) {
      for (let y = fy; y < ty; y++) {
        const out = (z * outputY + y) * outputX;
        const into = ((z * sz + dz) * inputY + y * sy + dy) * inputX + dx;
        for (let x = fx; x < tx; x++) visit(out + x, into + x * sx);
      }
    }
  };
}

/** The slice of a (padded) input that a tap sees: starts, ends and steps along the spatial axes. */
export function tapSlice(output: Shape, { index }: Tap, { strides, dilation }: Window) {
  const starts = index.map((k, axis) => k * dilation[axis]);
  return {
    starts,
    ends: starts.map((start, axis) => start + (output[axis] - 1) * strides[axis] + 1),
    steps: strides,
  };
}
