import { allocate, bytesPerElement, type DType, type TypedArray } from '../../graph/dtype.js';

/** Memory that is needed from one slot of a plan to another. */
export interface Request {
  readonly dtype: DType;
  readonly length: number;
  readonly first: number;
  readonly last: number;
}

/** Arrays start on cache lines. */
const alignment = 64;

/**
 * One block of memory for all requests: those that are never needed at once share places (largest first, each at the lowest
 * place that is free for its lifetime).
 */
export function shareMemory(requests: readonly Request[]): TypedArray[] {
  const bytes = (request: Request) =>
    Math.ceil((request.length * bytesPerElement[request.dtype]) / alignment) * alignment;
  const placed: { request: Request; start: number; end: number }[] = [];
  const starts = new Map<Request, number>();
  let total = 0;
  for (const request of [...requests].sort((a, b) => bytes(b) - bytes(a))) {
    const size = bytes(request);
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
  const block = new ArrayBuffer(total);
  return requests.map((request) => allocate(request.dtype, request.length, block, starts.get(request) ?? 0));
}
