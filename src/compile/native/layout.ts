import type { DType } from '../../graph/dtype.js';
import type { Layout } from './binding/engine.js';

/** Memory that is planned. */
export interface Buffer {
  readonly bytes: number;
  source: Source;
}

export type Source =
  /** A place in the arena for as long as it is used. */
  | { readonly kind: 'arena' }
  /** The array that a run is given for one of the graph's inputs or outputs. */
  | { readonly kind: 'input'; readonly index: number }
  | { readonly kind: 'output'; readonly index: number }
  /** Filled once, when the program is made. */
  | { readonly kind: 'constant'; readonly data: NodeJS.TypedArray };

/** A float32 tensor in memory. */
export interface Place {
  readonly buffer: Buffer;
  readonly layout: Layout;
}

/**
 * What is known of a node's value: the places where it lies. Reshapes of a node share its value, so the layouts' dims may be
 * any shape of so many elements.
 */
export interface Value {
  readonly dtype: DType;
  readonly size: number;
  /** Where it lies row-major, if anywhere. */
  plain?: Buffer;
  /** Where it lies otherwise, the place of its making first. */
  readonly places: Place[];
}
