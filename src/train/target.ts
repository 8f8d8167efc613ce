import type { CompileOptions } from '../compile/index.js';
import { ScreeError } from '../graph/errors.js';
import type { Graph } from '../graph/graph.js';
import { packageVersion } from './version.js';

/** The engines that a run may compute on. */
export const targets = ['onnx', 'native', 'javascript'] as const;

export type Target = (typeof targets)[number];

/** What may be asked for on the command line. */
export const engines = ['auto', 'onnx', 'native'] as const;

/** An engine, or `auto`: native where a oneDNN library is found and takes the model, else ONNX Runtime. */
export type Engine = Target | 'auto';

export interface TargetOptions {
  readonly threads: number;
  /** Of native: takes the same algorithms on every machine, not those that are quickest on this one. Default false. */
  readonly deterministic?: boolean;
  /** Of native: called while convolutions are measured, once on a machine: how many are done, of how many. */
  readonly onTune?: (done: number, total: number) => void;
}

/** An engine that is there, and how programs are compiled for it. */
export interface ChosenTarget {
  readonly target: Target;
  /** The engine behind the target, with its version. */
  readonly engine: string;
  readonly compile: CompileOptions;
  /** Where `auto` could not take the quickest: why, and what would be gained, in one line. */
  readonly hint?: string;
}

/** How a run's programs are compiled: the one place that knows the engines apart. */
export function compileOptions(
  target: Target,
  { threads, deterministic = false, onTune }: TargetOptions,
): CompileOptions {
  switch (target) {
    case 'javascript':
      return { target };
    case 'onnx':
      return { target, threads };
    case 'native':
      return { target, threads, deterministic, onTune };
  }
}

/**
 * Sees which engine a run is to compute on.
 * @param model the model's graph, asked for where it decides
 * @throws ScreeError for native where no library of oneDNN can be used, with the way to one
 */
export async function chooseTarget(
  asked: Engine,
  options: TargetOptions,
  model: () => Graph,
): Promise<ChosenTarget> {
  const chosen = (target: Target, engine: string) => ({
    target,
    engine,
    compile: compileOptions(target, options),
  });
  if (asked === 'javascript') return chosen(asked, `v8 ${process.versions.v8}`);
  const onnx = () => chosen('onnx', `onnxruntime ${packageVersion('onnxruntime-node')}`);
  if (asked === 'onnx') return onnx();
  // Loaded where it is wanted: it brings the means to call shared libraries.
  const { covers, findLibrary, showVersion } = await import('../compile/native/index.js');
  const search = findLibrary();
  if ('found' in search) {
    if (asked === 'auto' && !covers(model())) return onnx();
    return chosen('native', `onednn ${showVersion(search.found.library.version)}`);
  }
  if (asked === 'native') {
    throw new ScreeError(`the native engine cannot be used: ${search.reason} (or take the engine onnx)`);
  }
  return {
    ...onnx(),
    hint: `on ONNX Runtime: ${search.reason}; with oneDNN networks train about twice as fast`,
  };
}
