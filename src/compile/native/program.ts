import type { DType } from '../../graph/dtype.js';
import type { Kernel } from '../../graph/op.js';
import type { Pointer } from './binding/signatures.js';
import type { Buffer, Place } from './layout.js';

/** An argument of a primitive. */
export interface PrimitiveArgument {
  readonly index: number;
  readonly place: Place;
  readonly writes: boolean;
}

export interface PrimitiveStep {
  readonly kind: 'primitive';
  /** What it does, for reports: the op or `reorder`. */
  readonly name: string;
  readonly implementation: string;
  /** Shapes, in words. */
  readonly what: string;
  readonly flops: number;
  readonly primitive: Pointer;
  readonly args: PrimitiveArgument[];
  /** The result may lie where one of these operands lay, if nobody needs that any more. */
  readonly inPlace?: { readonly result: Buffer; readonly operands: readonly Buffer[] };
}

/** An array that a script or kernel works on. */
export interface Parameter {
  readonly buffer: Buffer;
  readonly dtype: DType;
  readonly length: number;
  readonly writes: boolean;
}

/** JavaScript as text, for another thread: a function of its parameters' arrays. */
export interface ScriptStep {
  readonly kind: 'script';
  readonly what: string;
  readonly source: string;
  /** What the text refers to by name; no functions. */
  readonly constants: ReadonlyMap<string, unknown>;
  readonly parameters: readonly Parameter[];
}

/** A JavaScript kernel for the calling thread: its output first. */
export interface HostStep {
  readonly kind: 'host';
  readonly what: string;
  readonly kernel: Kernel;
  readonly parameters: readonly Parameter[];
}

export type Step = PrimitiveStep | ScriptStep | HostStep;

/** What a step reads and writes. */
export function usesOf(step: Step): { buffer: Buffer; writes: boolean }[] {
  return step.kind === 'primitive'
    ? step.args.map(({ place, writes }) => ({ buffer: place.buffer, writes }))
    : [...step.parameters];
}
