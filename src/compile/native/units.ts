import type { Graph } from '../../graph/graph.js';
import type { PostOp } from './binding/engine.js';

/** Who runs a unit: the library, generated JavaScript in the worker, or the JavaScript kernels of ops, on the calling thread. */
export type Lane = 'primitive' | 'script' | 'host';

/**
 * How an operand's elements meet those of a result: one by one, one for all, one a channel (axis 1), one a place in a row (it
 * has the last axes alone), or one a row (it has the first axes alone).
 */
export type Spread = 'full' | 'scalar' | 'channel' | 'row' | 'column';

/** What is done to each element of a result before it is stored. */
export type PostStep =
  | { readonly kind: 'eltwise'; readonly op: PostOp & { kind: 'eltwise' } }
  | {
      readonly kind: 'binary';
      readonly algorithm: number;
      readonly operand: number;
      readonly spread: Spread;
    };

/** Part of a graph that is run as one. */
export interface Unit {
  readonly lane: Lane;
  readonly kind: UnitKind;
  /** The node that it begins with. */
  readonly node: number;
  /** The node whose value the primitive stores; after `node` by the steps of the tail. */
  readonly result: number;
  /** All nodes whose values it defines. */
  readonly outputs: readonly number[];
  readonly inputs: readonly number[];
  /** The graph's nodes that compute `result`, for a primitive that is refused. */
  readonly nodes: readonly number[];
  readonly tail: readonly PostStep[];
  /** What an elementwise unit's steps begin with. */
  readonly spine?: number;
  /** Added to each channel or column before the tail. */
  readonly bias?: number;
  readonly norm?: Norm;
  /** The input of a GELU, and for its gradient the output's cotangent. */
  readonly gelu?: { readonly x: number; readonly cotangent?: number };
  /** The sum of the output's cotangent, that a weight gradient makes beside its own. */
  readonly biasGradient?: number;
}

export type UnitKind =
  | 'conv'
  | 'convInputGradient'
  | 'convWeightGradient'
  | 'matmul'
  | 'maxPool'
  | 'maxPoolGradient'
  | 'sumPool'
  | 'sumPoolGradient'
  | 'norm'
  | 'normGradient'
  | 'softmax'
  | 'concat'
  | 'argmax'
  | 'reduce'
  | 'elementwise'
  | 'mask'
  | 'gelu'
  | 'geluGradient'
  | 'script'
  | 'host';

/** A batch norm or layer norm, and the nodes that its primitives make beside their results. */
export interface Norm {
  readonly kind: 'batch' | 'layer';
  /** The node of the forward op. */
  readonly forward: number;
  readonly mean?: number;
  readonly variance?: number;
  /** The ReLU that is its only reader. */
  readonly relu?: number;
  readonly gradients: readonly NormGradient[];
}

export interface NormGradient {
  readonly node: number;
  /** The output's cotangent, before the ReLU's mask where that is fused. */
  readonly cotangent: number;
  readonly masked: boolean;
  readonly scale?: number;
  readonly shift?: number;
}

/** A graph as the list of its units, each after those that it reads. */
export interface UnitGraph {
  readonly graph: Graph;
  readonly units: readonly Unit[];
}
