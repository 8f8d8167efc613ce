import type { PointKind } from '../point/critical-point.js';
import type { SingularKind } from './settle.js';

export interface BoxPoint {
  readonly point: number[];
  readonly value: number;
  readonly kind: PointKind;
  /** Arnold's name: A1 where the Hessian decides. */
  readonly singularity?: string;
  /** Of the Hessian at the point, ascending. */
  readonly eigenvalues: number[];
  /** Proven: exactly one critical point lies in the enclosure, and its kind is as said. */
  readonly certified: boolean;
  readonly enclosure: [number, number][];
  /** It lies on a side of the box, or too near to tell. */
  readonly onBoundary: boolean;
}

export interface SingularPlace {
  readonly box: [number, number][];
  readonly kind: SingularKind;
  /** The boxes that `box` is the smallest box around, where they are several. */
  readonly parts: [number, number][][];
}

export interface BoxSurvey {
  readonly box: [number, number][];
  readonly variables: readonly string[];
  /** `interval`: with proof, nothing is missed but what is undecided. `multistart`: from many starts, without any proof. */
  readonly method: 'interval' | 'multistart';
  /** The lowest first. */
  readonly points: BoxPoint[];
  /** How many points there are; more than `points` where the list would be too long. */
  readonly count: number;
  /** Boxes that may hold more critical points: elsewhere there are none. */
  readonly undecided: [number, number][][];
  /** Where the function or its gradient is not smooth. */
  readonly poles: SingularPlace[];
  /** The least value of the box lies between; `lower` is −∞ where nothing bounds it. `point` has the value `upper`. */
  readonly minimum: { readonly lower: number; readonly upper: number; readonly point: number[] | undefined };
  /** False where the survey was ended before its time or has spent its boxes. */
  readonly complete: boolean;
  readonly evidence: string[];
}
