import { readFileSync } from 'node:fs';

/** The JSON file test/golden/NAME, whose shape the caller knows; the file says with which script it was made. */
export function readGolden(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../golden/${name}`, import.meta.url), 'utf8'));
}

/** The closed-form fill of scripts/golden/common.py: a number in [0, 1) from a flat index and a stream. */
export function fill(index: number, stream: number): number {
  let hash = (index + Math.imul(stream, 0x9e3779b9)) | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** The same in [−bound, bound). */
export function symmetric(index: number, stream: number, bound: number): number {
  return (2 * fill(index, stream) - 1) * bound;
}
