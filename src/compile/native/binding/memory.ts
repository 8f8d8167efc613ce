import { NotEnoughMemory } from '../../program.js';
import { koffi } from './koffi.js';
import type { Pointer } from './signatures.js';

const pageBytes = 4096;
const hugePageBytes = 2 ** 21;

type Map = (
  hint: null,
  bytes: number,
  protection: number,
  flags: number,
  file: number,
  offset: number,
) => Pointer;

function bind() {
  const libc = koffi().load('libc.so.6');
  return {
    mmap: libc.func('mmap', 'void*', ['void*', 'size_t', 'int', 'int', 'int', 'long']) as Map,
    munmap: libc.func('munmap', 'int', ['void*', 'size_t']) as (start: Pointer, bytes: number) => number,
    madvise: libc.func('madvise', 'int', ['void*', 'size_t', 'int']) as (
      start: Pointer,
      bytes: number,
      advice: number,
    ) => number,
  };
}

let bound: ReturnType<typeof bind> | undefined;

/** Memory outside JavaScript's heap, zeroed, at an address that does not move; seen by every thread of the process. */
export interface Block {
  readonly address: Pointer;
  readonly bytes: number;
  free(): void;
}

/** @throws NotEnoughMemory when there is not enough memory */
export function allocateBlock(bytes: number): Block {
  bound ??= bind();
  const { mmap, munmap, madvise } = bound;
  const readWrite = 3;
  const privateAnonymous = 0x22;
  const huge = bytes >= hugePageBytes;
  const size = Math.ceil(Math.max(1, bytes) / pageBytes) * pageBytes;
  // Room to begin on a border of huge pages, where the processor finds addresses with fewer look-ups.
  const whole = huge ? size + hugePageBytes : size;
  const start = mmap(null, whole, readWrite, privateAnonymous, -1, 0);
  if (BigInt.asIntN(64, start) === -1n) {
    throw new NotEnoughMemory(`native: ${Math.ceil(bytes / 1e6)} MB of memory cannot be had`, bytes);
  }
  const border = BigInt(hugePageBytes);
  const address = huge ? ((start + border - 1n) / border) * border : start;
  const adviseHuge = 14;
  if (huge) madvise(address, size, adviseHuge);
  return { address, bytes: size, free: () => void munmap(start, whole) };
}

/** Memory at an address as JavaScript sees it. */
export function viewOf(address: Pointer, bytes: number): ArrayBuffer {
  return koffi().view(address, bytes);
}

/** Where an array's elements lie. */
export function addressOf(array: NodeJS.TypedArray): Pointer {
  // A small array lies on the heap, where it may move, until its buffer is asked for. The array itself is asked for its address: koffi
  // knows none of shared memory's buffers.
  void array.buffer;
  return koffi().address(array);
}
