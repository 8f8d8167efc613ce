import { deserialize, serialize } from 'node:v8';
import type { Collective } from './collective/collective.js';

/** Tag of messages that are collected by rank 0; exchanges count theirs from 0. */
const tag = 2 ** 14 - 1;

const lengthOf = (bytes: Uint8Array): Uint8Array => new Uint8Array(Float64Array.of(bytes.length).buffer);
const asLength = (bytes: Uint8Array): number => new Float64Array(bytes.slice().buffer)[0];

/** Rank 0's value becomes everyone's. Typed arrays in it must not be of shared memory. */
export async function broadcastObject<T>(collective: Collective, value: T): Promise<T> {
  if (collective.size === 1) return value;
  const own = collective.rank === 0 ? serialize(value) : new Uint8Array(0);
  const length = lengthOf(own);
  await collective.broadcast(length, 0);
  if (collective.rank === 0) {
    await collective.broadcast(own, 0);
    return value;
  }
  const bytes = new Uint8Array(asLength(length));
  await collective.broadcast(bytes, 0);
  return deserialize(bytes) as T;
}

/** The values of all ranks, on all ranks. */
export async function gatherObjects<T>(collective: Collective, value: T): Promise<T[]> {
  const { size, rank } = collective;
  const own = serialize(value);
  const lengths = new Uint8Array(8 * size);
  await collective.allGather(lengthOf(own), lengths, new Array<number>(size).fill(8));
  const counts = Array.from({ length: size }, (_, index) =>
    asLength(lengths.subarray(8 * index, 8 * index + 8)),
  );
  const all = new Uint8Array(counts.reduce((sum, count) => sum + count, 0));
  await collective.allGather(own, all, counts);
  let start = 0;
  return counts.map((count, index) => {
    const bytes = all.subarray(start, (start += count));
    return index === rank ? value : (deserialize(bytes) as T);
  });
}

/** The values of all ranks, on rank 0 only; none on the others. */
export async function collectObjects<T>(collective: Collective, value: T): Promise<T[]> {
  const { size, rank } = collective;
  if (rank > 0) {
    const own = serialize(value);
    await collective.send(lengthOf(own), 0, tag);
    await collective.send(own, 0, tag);
    return [];
  }
  const values = [value];
  for (let from = 1; from < size; from++) {
    const length = new Uint8Array(8);
    await collective.receive(length, from, tag);
    const bytes = new Uint8Array(asLength(length));
    await collective.receive(bytes, from, tag);
    values.push(deserialize(bytes) as T);
  }
  return values;
}

type News<T> = { readonly kind: 'working' } | { readonly kind: 'done'; readonly value: T };

/**
 * Does a work on rank 0, whose result is everyone's. It may take longer than ranks wait for each other: rank 0 gives signs of life.
 * @param heartbeatMs how often, in milliseconds
 */
export async function shareWork<T>(
  collective: Collective,
  work: () => Promise<T>,
  heartbeatMs = 5000,
): Promise<T> {
  const result =
    collective.rank === 0 ? work().then((value): News<T> => ({ kind: 'done', value })) : undefined;
  for (;;) {
    let timer: NodeJS.Timeout | undefined;
    const later = new Promise<News<T>>((resolve) => {
      timer = setTimeout(() => resolve({ kind: 'working' }), heartbeatMs);
    });
    const news: News<T> = result === undefined ? { kind: 'working' } : await Promise.race([result, later]);
    clearTimeout(timer);
    const told = await broadcastObject(collective, news);
    if (told.kind === 'done') return told.value;
  }
}
