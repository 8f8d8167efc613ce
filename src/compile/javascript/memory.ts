import { allocate, bytesPerElement, type DType, type TypedArray } from '../../graph/dtype.js';

/** Memory that is needed from one slot of a plan to another. */
export interface Request {
  readonly dtype: DType;
  readonly length: number;
  readonly first: number;
  readonly last: number;
}

/** A lifetime in slots, both ends included. */
export interface Lifetime {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

/** Arrays start on cache lines. */
const alignment = 64;

/**
 * Where each of the requests lies in one block of memory: those that are never needed at once share places (largest first,
 * each at the lowest place that is free for its lifetime).
 */
export function placeInBlock<R extends Lifetime>(
  requests: readonly R[],
): { starts: Map<R, number>; total: number } {
  const placed: { request: R; start: number; end: number }[] = [];
  const starts = new Map<R, number>();
  let total = 0;
  for (const request of [...requests].sort((a, b) => b.bytes - a.bytes)) {
    const size = Math.ceil(request.bytes / alignment) * alignment;
    let start = 0;
    // In the order of their places, so that the first gap that is wide enough is the lowest.
    for (const other of placed) {
      const together = other.request.first <= request.last && request.first <= other.request.last;
      if (!together) continue;
      if (start + size <= other.start) break;
      start = Math.max(start, other.end);
    }
    starts.set(request, start);
    const place = { request, start, end: start + size };
    const after = placed.findIndex((other) => other.start > start);
    placed.splice(after < 0 ? placed.length : after, 0, place);
    total = Math.max(total, place.end);
  }
  return { starts, total };
}

/** One block of memory for all requests. */
export function shareMemory(requests: readonly Request[]): TypedArray[] {
  const lifetimes = requests.map((request) => ({
    ...request,
    bytes: request.length * bytesPerElement[request.dtype],
  }));
  const { starts, total } = placeInBlock(lifetimes);
  const block = new ArrayBuffer(total);
  return lifetimes.map((request) => allocate(request.dtype, request.length, block, starts.get(request) ?? 0));
}
