import { describe, expect, test } from 'vitest';
import { availableBytes, describeShortage, type Frugality } from './memory.js';

/** A plan that grows with what a batch keeps; a third is left of what is computed again. */
const plannedBytes = ({ batchSize, accumulate, checkpointActivations }: Frugality) =>
  1e9 + (batchSize * 1e9) / accumulate / (checkpointActivations === undefined ? 1 : 3);

const now = { batchSize: 12, accumulate: 1, checkpointActivations: undefined };

async function said(available: number, plan: Frugality = now): Promise<string> {
  const needed = plannedBytes(plan);
  const fits = (frugality: Frugality) => Promise.resolve(plannedBytes(frugality) <= available);
  return (await describeShortage({ needed, available }, plan, fits)).message;
}

describe('a step that does not fit', () => {
  test('is told with each way in which it would', async () => {
    expect(await said(5e9)).toBe(
      'not enough memory: by its plan a step of batch 12 takes 13 GB, and 5 GB are to be had; ' +
        'it would fit with --checkpoint-activations sqrt, or --accumulate 3, or --batch 3',
    );
    expect(await said(4e9, { ...now, accumulate: 2 })).toContain(
      'it would fit with --checkpoint-activations sqrt, or --accumulate 4, or --batch 6',
    );
    expect(await said(2.5e9, { ...now, checkpointActivations: 'sqrt' })).toContain(
      'it would fit with --accumulate 3, or --batch 3',
    );
  });

  test('is told with ways together where no one is enough', async () => {
    expect(await said(1.5e9)).toContain('it would fit with --checkpoint-activations sqrt --accumulate 12');
    expect(await said(1.2e9)).toContain('take a smaller model');
  });

  test('is none on a machine that runs tests', () => {
    expect(availableBytes()).toBeGreaterThan(1e7);
  });
});
