import { expect, test } from 'vitest';
import { lanczos, missedShare } from '../../src/curvature/lanczos.js';
import { Generator } from '../../src/random/index.js';

/**
 * The spectrum that is worst for the bound: one eigenvalue at 1, the others where (1 − e − λ)·p(λ)² is largest for the polynomial
 * that the proof takes, alike in number. There about 0.6·δ of the starts fail.
 */
function worstSpectrum(size: number, steps: number, share: number): Float64Array {
  // The bounds' slack is share/(1 − 2·share) of the spread that is seen: a hair more than that, of what is then seen.
  const gap = (1.001 * share) / (1 - share);
  return Float64Array.from({ length: size }, (_, k) => {
    if (k === 0) return 1;
    const z = Math.cos(((k % steps) * Math.PI) / (2 * steps - 1));
    return (1 - gap) * (1 - z * z);
  });
}

test.each([
  [50, 12, 0.2],
  [200, 12, 0.3],
  [300, 16, 0.05],
])(
  'order %i, %i steps: of 1,000 starts on the worst spectrum the bounds fail for no more than δ = %f',
  async (size, steps, failure) => {
    // Both ends share δ.
    const spectrum = worstSpectrum(size, steps, missedShare(size, steps, failure / 2));
    let failures = 0;
    for (let seed = 0; seed < 1000; seed++) {
      const { bounds } = await lanczos(
        {
          size,
          multiply(v, out) {
            for (let i = 0; i < size; i++) out[i] = spectrum[i] * v[i];
          },
        },
        { generator: new Generator(seed), maxSteps: steps, tolerance: 0, failure },
      );
      if (bounds.upper < 1 || bounds.lower > 0) failures++;
    }
    // Three standard deviations of a count with that mean; and not none, or the spectrum would not be the worst.
    const most = 1000 * failure;
    expect(failures).toBeLessThanOrEqual(most + 3 * Math.sqrt(most));
    expect(failures).toBeGreaterThan(0);
  },
);
