/** What is this machine's matmul peak? The measure against which the other benchmarks print a share. */
import type { Contender } from './contender.js';
import { summarise, type Result } from './compare.js';
import { pythonPeer, scree } from './peers.js';

/** Operations of the 1024³ product that every contender makes, float32. */
export const matmulFlops = 2 * 1024 ** 3;

export function matmulContenders(threads: number): Contender[] {
  return [
    scree('scree-matmul.ts', [threads]),
    pythonPeer('PyTorch', 'matmul.py', [threads], { threads, name: 'PyTorch matmul' }),
  ];
}

/** The best GFLOP/s that any of the results reached; undefined when none was measured. */
export function peakGflops(results: readonly Result[]): number | undefined {
  const fastest = results.flatMap((result) => summarise(result)?.min ?? []);
  return fastest.length > 0 ? matmulFlops / Math.min(...fastest) / 1e6 : undefined;
}
