import type { CoderRequest } from './codec.js';

/** Seeds for the messages of one rank: 32 bits that differ by run, rank and message. */
export function drawSeed({ seed, rank }: CoderRequest): (draw: number) => number {
  // Odd multipliers spread the counters over the words; the kernel's hash mixes them.
  const start = Math.imul(seed, 0x9e3779b1) ^ Math.imul(rank + 1, 0x85ebca6b);
  return (draw) => start ^ Math.imul(draw, 0xc2b2ae35);
}
