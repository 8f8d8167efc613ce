import { statSync } from 'node:fs';
import type { LibraryHandle } from 'koffi';
import { inspectLibrary, type SharedObject } from './elf.js';
import { koffi, NativeUnavailable } from './koffi.js';
import { koffiTypes, signatures, type FunctionName, type Functions, type Pointer } from './signatures.js';

export { NativeUnavailable };

/** Versions of oneDNN that the binding is made for. */
const supportedVersions = { major: 3, leastMinor: 1, mostMinor: 13 } as const;

export interface LibraryVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** What runs its threads: sequential, OpenMP, TBB or a thread pool of the caller. */
  readonly runtime: 'sequential' | 'OpenMP' | 'TBB' | 'thread pool' | 'unknown';
}

export interface Library {
  readonly path: string;
  readonly version: LibraryVersion;
  readonly functions: Functions;
  /** Sets how many threads the calls of this thread use; gives the number before. */
  setThreads(threads: number): number;
}

const libc = 'libc.so.6';
const openMp = 'libgomp.so.1';
/** RTLD_NOW | RTLD_NODELETE. */
const pinned = 0x1002;
/** Turns that an OpenMP thread waits for work before it sleeps: enough to bridge from one primitive to the next. */
const spinCount = '10000';

/**
 * Loads the library for good: koffi unloads what it loaded when it ends, and threads of OpenMP that were still waiting would
 * wake in memory that is gone.
 */
function pin(path: string): void {
  const dlopen = koffi().load(libc).func('dlopen', 'void*', ['str', 'int']) as (
    path: string,
    mode: number,
  ) => Pointer | null;
  const chosen = process.env.GOMP_SPINCOUNT ?? process.env.OMP_WAIT_POLICY;
  // The runtime reads its environment once, when it is loaded; children of this process shall not see it.
  if (chosen === undefined) process.env.GOMP_SPINCOUNT = spinCount;
  try {
    dlopen(openMp, pinned);
    dlopen(path, pinned);
  } finally {
    if (chosen === undefined) delete process.env.GOMP_SPINCOUNT;
  }
}

const runtimes: Readonly<Record<number, LibraryVersion['runtime']>> = {
  1: 'sequential',
  2: 'OpenMP',
  4: 'TBB',
  8: 'thread pool',
};

/** dnnl_version_t: three ints, a string at 16, the CPU's and the GPU's runtime at 24. */
function readVersion(version: Pointer): LibraryVersion {
  const [major, minor, patch] = koffi().decode(version, 'int', 3) as Int32Array;
  const runtime = koffi().decode(version, 24, 'unsigned int') as number;
  return { major, minor, patch, runtime: runtimes[runtime] ?? 'unknown' };
}

export function showVersion({ major, minor, patch }: LibraryVersion): string {
  return `${major}.${minor}.${patch}`;
}

function loadFailure(path: string, error: unknown): NativeUnavailable {
  const said = (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, ' ');
  return new NativeUnavailable(`'${path}' cannot be loaded as a shared library: ${said}`);
}

/** Says more clearly than the loader does what is wrong with a file. */
function checkFile(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new NativeUnavailable(`'${path}' is no file; give the path of a libdnnl.so.3`);
  }
  let about: SharedObject;
  try {
    about = inspectLibrary(path);
  } catch (error) {
    throw loadFailure(path, error);
  }
  if (about.kind === 'other') throw loadFailure(path, 'it is no ELF file');
  if (about.architecture !== process.arch) {
    throw new NativeUnavailable(
      `'${path}' is a library for ${about.architecture}, and this is ${process.arch}`,
    );
  }
  if (about.isCutOff) throw loadFailure(path, 'it is cut off');
}

function bind(path: string): Library {
  if (process.platform !== 'linux') {
    throw new NativeUnavailable(
      `the native target runs on Linux only so far, not on ${process.platform}; use the target onnx`,
    );
  }
  // A name without a folder is the system loader's to find.
  if (path.includes('/')) checkFile(path);
  const { load } = koffi();
  let library: LibraryHandle;
  try {
    pin(path);
    library = load(path);
  } catch (error) {
    throw loadFailure(path, error);
  }
  const find = (name: FunctionName) => {
    const [result, ...parameters] = signatures[name];
    try {
      return library.func(
        name,
        koffiTypes[result],
        parameters.map((kind) => koffiTypes[kind]),
      );
    } catch {
      return undefined;
    }
  };
  const version = find('dnnl_version') as Functions['dnnl_version'] | undefined;
  const pointer = version?.();
  if (pointer == null) {
    throw new NativeUnavailable(`'${path}' is another library: it has no dnnl_version`);
  }
  const found = readVersion(pointer);
  const { major, leastMinor, mostMinor } = supportedVersions;
  if (found.major !== major || found.minor < leastMinor || found.minor > mostMinor) {
    throw new NativeUnavailable(
      `'${path}' is oneDNN ${showVersion(found)}; versions ${major}.${leastMinor} to ${major}.${mostMinor} are supported`,
    );
  }
  const functions: Record<string, unknown> = {};
  const missing: string[] = [];
  for (const name of Object.keys(signatures) as FunctionName[]) {
    const found = find(name);
    if (found === undefined) missing.push(name);
    else functions[name] = found;
  }
  if (missing.length > 0) {
    throw new NativeUnavailable(
      `'${path}' (oneDNN ${showVersion(found)}) lacks ${missing.slice(0, 3).join(', ')}${missing.length > 3 ? ` and ${missing.length - 3} more` : ''}`,
    );
  }
  return { path, version: found, functions: functions as Functions, setThreads: bindThreads(found) };
}

function bindThreads({ runtime }: LibraryVersion): Library['setThreads'] {
  if (runtime !== 'OpenMP') return () => 1;
  const library = koffi().load(openMp);
  const set = library.func('omp_set_num_threads', 'void', ['int']) as (count: number) => void;
  const get = library.func('omp_get_max_threads', 'int', []) as () => number;
  return (threads) => {
    const before = get();
    set(threads);
    return before;
  };
}

const opened = new Map<string, Library>();

/**
 * Loads a oneDNN library; it stays for the life of the process.
 * @throws NativeUnavailable for a path without a file, a file that is no library or another one, a version that is not
 * supported, missing functions
 */
export function openLibrary(path: string): Library {
  const known = opened.get(path);
  if (known !== undefined) return known;
  const library = bind(path);
  opened.set(path, library);
  return library;
}
