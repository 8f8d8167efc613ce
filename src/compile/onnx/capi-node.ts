import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import koffi, { type KoffiFunc } from 'koffi';
import { ScreeError } from '../../graph/errors.js';

/** An address in C. */
export type Pointer = bigint;
/** Null is success. */
export type Status = Pointer | null;
/** A C out-parameter: an array of one element, which the call overwrites. */
export type Out<T> = [T | null];

/** Memory that the callee reads or writes: one of ours, or an address. */
type Memory = NodeJS.TypedArray | Pointer | null;

/** The version of the function table to ask for: its layout is fixed for ever, and later runtimes still serve it. */
const apiVersion = 17;

const libraryNames: Readonly<Record<string, string>> = {
  linux: 'libonnxruntime.so.1',
  darwin: 'libonnxruntime.1.dylib',
  win32: 'onnxruntime.dll',
};

/** The shared library inside the onnxruntime-node package, in bin/napi-v6/linux/x64 for instance. */
function libraryPath(): string {
  const root = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  const [version] = readdirSync(join(root, 'bin')).filter((name) => name.startsWith('napi-v'));
  return join(root, 'bin', version, process.platform, process.arch, libraryNames[process.platform]);
}

/** The part of OrtApi that we use; the numbers are places in the table of onnxruntime_c_api.h, all of its version 5 or earlier. */
function readTable(table: Pointer) {
  const pointer = 'void*';
  const outPointer = koffi.out(koffi.pointer(pointer));
  const outSize = koffi.out(koffi.pointer('size_t'));
  const outInt = koffi.out(koffi.pointer('int'));
  const pathString = process.platform === 'win32' ? 'str16' : 'str';
  type Types = (string | typeof outPointer)[];
  const at = <F extends (...args: never[]) => unknown>(place: number, result: string, types: Types) => {
    const address = koffi.decode(table, place * 8, pointer) as Pointer;
    return koffi.decode(address, koffi.proto(result, types)) as KoffiFunc<F>;
  };
  type ReleaseFunction = (object: Pointer) => void;
  type GetTypeInfo = (session: Pointer, index: number, info: Out<Pointer>) => Status;
  type GetName = (session: Pointer, index: number, allocator: Pointer, name: Out<Pointer>) => Status;
  type Count = (session: Pointer, count: Out<number>) => Status;
  return {
    getErrorMessage: at<(status: Pointer) => string>(2, 'str', [pointer]),
    createEnv: at<(level: number, id: string, env: Out<Pointer>) => Status>(3, pointer, [
      'int',
      'str',
      outPointer,
    ]),
    createSessionFromArray: at<
      (env: Pointer, model: Uint8Array, bytes: number, options: Pointer, session: Out<Pointer>) => Status
    >(8, pointer, [pointer, pointer, 'size_t', pointer, outPointer]),
    run: at<
      (
        session: Pointer,
        options: null,
        inputNames: Memory,
        inputs: Memory,
        inputCount: number,
        outputNames: Memory,
        outputCount: number,
        outputs: Memory,
      ) => Status
    >(9, pointer, [pointer, pointer, pointer, pointer, 'size_t', pointer, 'size_t', pointer]),
    disableMemPattern: at<(options: Pointer) => Status>(17, pointer, [pointer]),
    createSessionOptions: at<(options: Out<Pointer>) => Status>(10, pointer, [outPointer]),
    enableProfiling: at<(options: Pointer, prefix: string) => Status>(14, pointer, [pointer, pathString]),
    setIntraOpNumThreads: at<(options: Pointer, threads: number) => Status>(24, pointer, [pointer, 'int']),
    sessionGetInputCount: at<Count>(30, pointer, [pointer, outSize]),
    sessionGetOutputCount: at<Count>(31, pointer, [pointer, outSize]),
    sessionGetInputTypeInfo: at<GetTypeInfo>(33, pointer, [pointer, 'size_t', outPointer]),
    sessionGetOutputTypeInfo: at<GetTypeInfo>(34, pointer, [pointer, 'size_t', outPointer]),
    sessionGetInputName: at<GetName>(36, pointer, [pointer, 'size_t', pointer, outPointer]),
    sessionGetOutputName: at<GetName>(37, pointer, [pointer, 'size_t', pointer, outPointer]),
    createTensorWithData: at<
      (
        info: Pointer,
        data: Memory,
        bytes: number,
        shape: Memory,
        rank: number,
        type: number,
        value: Out<Pointer>,
      ) => Status
    >(49, pointer, [pointer, pointer, 'size_t', pointer, 'size_t', 'int', outPointer]),
    castTypeInfoToTensorInfo: at<(info: Pointer, tensor: Out<Pointer>) => Status>(55, pointer, [
      pointer,
      outPointer,
    ]),
    getTensorElementType: at<(tensor: Pointer, type: Out<number>) => Status>(60, pointer, [pointer, outInt]),
    getDimensionsCount: at<(tensor: Pointer, count: Out<number>) => Status>(61, pointer, [pointer, outSize]),
    getDimensions: at<(tensor: Pointer, extents: BigInt64Array, count: number) => Status>(62, pointer, [
      pointer,
      pointer,
      'size_t',
    ]),
    createCpuMemoryInfo: at<(allocator: number, memory: number, info: Out<Pointer>) => Status>(69, pointer, [
      'int',
      'int',
      outPointer,
    ]),
    allocatorFree: at<(allocator: Pointer, memory: Pointer) => Status>(76, pointer, [pointer, pointer]),
    getAllocatorWithDefaultOptions: at<(allocator: Out<Pointer>) => Status>(78, pointer, [outPointer]),
    releaseStatus: at<ReleaseFunction>(93, 'void', [pointer]),
    releaseSession: at<ReleaseFunction>(95, 'void', [pointer]),
    releaseValue: at<ReleaseFunction>(96, 'void', [pointer]),
    releaseTypeInfo: at<ReleaseFunction>(98, 'void', [pointer]),
    releaseSessionOptions: at<ReleaseFunction>(100, 'void', [pointer]),
    addSessionConfigEntry: at<(options: Pointer, key: string, value: string) => Status>(130, pointer, [
      pointer,
      'str',
      'str',
    ]),
  };
}

function open() {
  const path = libraryPath();
  const library = koffi.load(path);
  const base = library.func('OrtGetApiBase', 'void*', [])() as Pointer;
  const getApi = koffi.decode(
    koffi.decode(base, 0, 'void*'),
    koffi.proto('void*', ['uint32_t']),
  ) as KoffiFunc<(version: number) => Pointer | null>;
  const table = getApi(apiVersion);
  if (table === null) throw new Error(`${path} serves no version ${apiVersion} of its API`);
  const functions = readTable(table);

  /** Throws what a call reports. */
  const check = (operation: string, status: Status): void => {
    if (status === null) return;
    const message = functions
      .getErrorMessage(status)
      .trim()
      .replace(/\s*\n\s*/g, ' ');
    functions.releaseStatus(status);
    throw new ScreeError(`${operation}: ONNX Runtime says: ${message}`);
  };
  /** The value that a call hands out by its last parameter. */
  const handedOut = <T>(operation: string, call: (out: Out<T>) => Status): T => {
    const out: Out<T> = [null];
    check(operation, call(out));
    return out[0] as T;
  };
  // One environment for the process: the runtime counts references to it, and it is never released.
  const fatal = 4;
  const env = handedOut<Pointer>('CreateEnv', (out) => functions.createEnv(fatal, 'scree', out));
  const memoryInfo = handedOut<Pointer>('CreateCpuMemoryInfo', (out) =>
    functions.createCpuMemoryInfo(1, 0, out),
  );
  const allocator = handedOut<Pointer>(
    'GetAllocatorWithDefaultOptions',
    functions.getAllocatorWithDefaultOptions,
  );
  // The library is held too: were it collected, it would be unloaded.
  return { ...functions, library, env, memoryInfo, allocator, check, handedOut };
}

let opened: ReturnType<typeof open> | undefined;

/**
 * ONNX Runtime's C API, from the shared library that the onnxruntime-node package brings.
 * @throws whatever keeps it from loading.
 */
export function openCApi(): ReturnType<typeof open> {
  opened ??= open();
  return opened;
}

/** A call on a thread of libuv's pool, so that the event loop stays free. */
export function inBackground<A extends unknown[], R>(
  f: KoffiFunc<(...args: A) => R>,
  ...args: A
): Promise<R> {
  return new Promise((resolve, reject) => {
    f.async(...args, (error: Error | null, result: R) => {
      if (error) reject(error);
      else resolve(result);
    });
  });
}
