import { Worker } from 'node:worker_threads';
import type { KoffiFunc } from 'koffi';
import { ScreeError } from '../../graph/errors.js';

/** What differs between the two families of MPI libraries: how handles are passed and how large a request is. */
export interface MpiLibrary {
  readonly name: 'Open MPI' | 'MPICH';
  readonly rank: number;
  readonly size: number;
  /** Starts a send; the memory must stay until `test` says that it is done. */
  send(data: Uint8Array, to: number, tag: number): MpiRequest;
  receive(into: Uint8Array, from: number | 'any', tag: number): MpiRequest;
  /** Whether a message is done; if it is a received one, from whom it came and how long it was. */
  test(request: MpiRequest): { readonly from: number; readonly bytes: number } | undefined;
  abort(code: number): void;
  finalize(): void;
}

export type MpiRequest = BigInt64Array | Int32Array;

type Environment = Readonly<Record<string, string | undefined>>;

/** How a launcher tells its processes of each other, and the library it speaks to. */
const launchers = [
  { variable: 'OMPI_COMM_WORLD_SIZE', library: 'libmpi.so.40' },
  { variable: 'PMIX_RANK', library: 'libmpi.so.40' },
  { variable: 'PMI_RANK', library: 'libmpich.so.12' },
  { variable: 'PMI_FD', library: 'libmpich.so.12' },
];

/** The MPI library of the launcher that started this process (`SCREE_MPI` names another file), or undefined without one. */
export function launcherLibrary(environment: Environment): string | undefined {
  const launcher = launchers.find(({ variable }) => environment[variable] !== undefined);
  return launcher === undefined ? undefined : (environment.SCREE_MPI ?? launcher.library);
}

/** dlopen: resolve now, for all, and never unload: Node would crash at exit in a destructor of an unloaded library. */
const pinned = 0x2 | 0x100 | 0x1000;

const mpichHandles = { world: 0x44000000, byte: 0x4c00010d };

/** Run in a thread of its own: ends the process, and with it the launcher's others, unless it is told in time not to. */
const watch = `
  const { writeSync } = require('node:fs');
  const { workerData: { flag, limitMs } } = require('node:worker_threads');
  if (Atomics.wait(flag, 0, 0, limitMs) === 'timed-out') {
    writeSync(2, 'error: mpi: not all ranks have started after ' + limitMs / 1000 + ' s: one hangs, or its link is down\\n');
    process.kill(process.pid, 'SIGKILL');
  }`;

/** The library waits in MPI_Init until all ranks have called it, and this thread with it. */
function limited(limitMs: number, start: () => number): number {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const watchdog = new Worker(watch, { eval: true, workerData: { flag, limitMs } });
  watchdog.unref();
  try {
    return start();
  } finally {
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
  }
}

/**
 * Loads and starts an MPI library. Call it once in a process, and only under a launcher.
 * @param limitMs how long other ranks have to start theirs
 * @throws ScreeError when koffi or the library is missing, or it is of an unknown kind
 */
export async function startMpi(path: string, limitMs: number): Promise<MpiLibrary> {
  const { default: koffi } = await import('koffi').catch(() => {
    throw new ScreeError('mpi: the package koffi is not installed, through which the MPI library is called');
  });
  const open = koffi.load(null).func('dlopen', 'void*', ['str', 'int']) as KoffiFunc<
    (path: string, flags: number) => bigint | null
  >;
  if (open(path, pinned) === null) {
    throw new ScreeError(
      `mpi: ${path} cannot be loaded; install Open MPI or MPICH (on Debian: openmpi-bin or mpich), or set SCREE_MPI to the library of your launcher`,
    );
  }
  const library = koffi.load(path);
  const bind = <F extends (...args: never[]) => unknown>(name: string, types: string[], result = 'int') =>
    library.func(name, result, types) as KoffiFunc<F>;
  const text = Buffer.alloc(8192);
  const length = new Int32Array(1);
  let version: string;
  try {
    bind<(text: Buffer, length: Int32Array) => number>('MPI_Get_library_version', ['void*', 'void*'])(
      text,
      length,
    );
    version = text.toString('latin1', 0, length[0]);
  } catch {
    throw new ScreeError(`mpi: ${path} is no MPI library: it has no MPI_Get_library_version`);
  }
  const open4 = version.includes('Open MPI');
  if (!open4 && !version.includes('MPICH')) {
    throw new ScreeError(
      `mpi: ${path} is of an unknown kind ('${version.split('\n')[0].trim()}'); Open MPI and MPICH are known`,
    );
  }
  // Open MPI passes handles as addresses, MPICH as ints.
  type Handle = bigint | number;
  const handle = open4 ? 'void*' : 'int';
  const symbol = (name: string): Handle => koffi.address(library.symbol(name));
  const world = open4 ? symbol('ompi_mpi_comm_world') : mpichHandles.world;
  const byte = open4 ? symbol('ompi_mpi_byte') : mpichHandles.byte;
  const anySource = open4 ? -1 : -2;
  const check = (name: string, code: number): void => {
    if (code !== 0) throw new ScreeError(`mpi: ${name} failed with code ${code}`);
  };
  type Message = (
    data: Uint8Array,
    bytes: number,
    type: Handle,
    rank: number,
    tag: number,
    world: Handle,
    request: MpiRequest,
  ) => number;
  const messageTypes = ['void*', 'int', handle, 'int', 'int', handle, 'void*'];
  const isend = bind<Message>('MPI_Isend', messageTypes);
  const irecv = bind<Message>('MPI_Irecv', messageTypes);
  const test = bind<(request: MpiRequest, flag: Int32Array, status: Int32Array) => number>('MPI_Test', [
    'void*',
    'void*',
    'void*',
  ]);
  const getCount = bind<(status: Int32Array, type: Handle, count: Int32Array) => number>('MPI_Get_count', [
    'void*',
    handle,
    'void*',
  ]);
  const abort = bind<(world: Handle, code: number) => number>('MPI_Abort', [handle, 'int']);
  const finalize = bind<() => number>('MPI_Finalize', []);
  const number = new Int32Array(1);
  const ask = (name: string): number => {
    const call = bind<(world: Handle, out: Int32Array) => number>(name, [handle, 'void*']);
    check(name, call(world, number));
    return number[0];
  };
  const initialise = bind<(argc: null, argv: null, level: number, given: Int32Array) => number>(
    'MPI_Init_thread',
    ['void*', 'void*', 'int', 'void*'],
  );
  // Level 1, funneled: all calls come from this thread, other threads of the process make none.
  check(
    'MPI_Init_thread',
    limited(limitMs, () => initialise(null, null, 1, number)),
  );
  const flag = new Int32Array(1);
  const status = new Int32Array(16);
  const sourceAt = open4 ? 0 : 2;
  const makeRequest = (): MpiRequest => (open4 ? new BigInt64Array(1) : new Int32Array(1));
  const start = (name: string, call: KoffiFunc<Message>, data: Uint8Array, rank: number, tag: number) => {
    const request = makeRequest();
    check(name, call(data, data.length, byte, rank, tag, world, request));
    return request;
  };
  return {
    name: open4 ? 'Open MPI' : 'MPICH',
    rank: ask('MPI_Comm_rank'),
    size: ask('MPI_Comm_size'),
    send: (data, to, tag) => start('MPI_Isend', isend, data, to, tag),
    receive: (into, from, tag) => start('MPI_Irecv', irecv, into, from === 'any' ? anySource : from, tag),
    test(request) {
      check('MPI_Test', test(request, flag, status));
      if (flag[0] === 0) return undefined;
      check('MPI_Get_count', getCount(status, byte, number));
      return { from: status[sourceAt], bytes: number[0] };
    },
    abort: (code) => void abort(world, code),
    finalize: () => check('MPI_Finalize', finalize()),
  };
}
