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
  /** Memory of the program that keeps its contents from run to run. */
  | { readonly kind: 'state' }
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

/** A part of a graph's state: an input whose value for the next run is an output. */
export interface StateEntry {
  /** Nodes of the graph. */
  readonly input: number;
  readonly output: number;
  readonly buffer: Buffer;
  /** How it is kept; row-major where it has none. */
  readonly layout?: Layout;
}
