import type { DType } from '../../graph/dtype.js';
import type { Pointer } from './binding/signatures.js';

/** What the worker is made with. */
export interface WorkerSetup {
  readonly library: string;
  readonly threads: number;
  /** A counter that rises with every message: what the worker sleeps on. */
  readonly bell: SharedArrayBuffer;
}

/** An array of a script: in the program's block, or one that the run is given. */
export interface ScriptParameter {
  readonly external?: number;
  readonly offset: number;
  readonly dtype: DType;
  readonly length: number;
}

/** A step, and the groups of outputs that are complete after it. */
export type WorkerStep = { readonly completes?: readonly number[] } & (
  | {
      readonly kind: 'primitive';
      /** The op and its shapes, for messages. */
      readonly what: string;
      readonly primitive: Pointer;
      readonly count: number;
      readonly args: Pointer;
    }
  | {
      readonly kind: 'script';
      readonly source: string;
      readonly constants: ReadonlyMap<string, unknown>;
      readonly parameters: readonly ScriptParameter[];
    }
);

/** A program as the worker sees it. */
export interface WorkerProgram {
  readonly id: number;
  readonly stream: Pointer;
  readonly address: Pointer;
  readonly bytes: number;
  /** For each array that a run is given: the library's views of it, and its size. */
  readonly externals: readonly { readonly memories: readonly Pointer[]; readonly bytes: number }[];
  /** Where those arrays lie in the run to come. */
  readonly addresses: SharedArrayBuffer;
  readonly segments: readonly (readonly WorkerStep[])[];
}

export type Message =
  | { readonly kind: 'load'; readonly program: WorkerProgram }
  | { readonly kind: 'run'; readonly program: number; readonly segment: number; readonly timed: boolean }
  | { readonly kind: 'forget'; readonly program: number }
  | { readonly kind: 'stop' };

/** What comes back of a run. */
export interface Reply {
  readonly program: number;
  /** Complete, while the run goes on. */
  readonly group?: number;
  readonly failure?: string;
  /** Milliseconds of each step, where they were asked for. */
  readonly times?: readonly number[];
}
