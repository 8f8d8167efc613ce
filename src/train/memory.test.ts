import { describe, expect, test } from 'vitest';
import { availableBytes, requireMemory } from './memory.js';

describe('memory of a step', () => {
  test('that is there is no matter', () => {
    expect(() => requireMemory({ state: 4, plan: 6 }, { batchSize: 8, accumulate: 1 }, 10)).not.toThrow();
  });

  test('that is not there is told with what would fit', () => {
    // 1 + 12 / 4 is the first that is not above 4.
    expect(() => requireMemory({ state: 1e9, plan: 12e9 }, { batchSize: 8, accumulate: 1 }, 4e9)).toThrow(
      'a step of batch 8 takes 13 GB, and 4 GB are to be had; in parts it would fit (--accumulate 4)',
    );
    expect(() => requireMemory({ state: 1e9, plan: 12e9 }, { batchSize: 16, accumulate: 2 }, 4e9)).toThrow(
      '(--accumulate 8)',
    );
  });

  test('that no cutting brings is told so', () => {
    expect(() => requireMemory({ state: 5e9, plan: 1e9 }, { batchSize: 8, accumulate: 1 }, 4e9)).toThrow(
      'take a smaller model',
    );
  });

  test('of this machine is more than what a test takes', () => {
    expect(availableBytes()).toBeGreaterThan(1e7);
  });
});
