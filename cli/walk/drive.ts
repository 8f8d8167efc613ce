import { setImmediate } from 'node:timers/promises';
import type { Walk, Walker } from '../../src/landscape/walk.js';
import { formatCount, formatNumber } from '../terminal/format.js';
import { startLive, type Live } from '../terminal/live.js';

/** A walk that takes longer is shown while it goes. */
const shownAfterMs = 400;

/** Where that is no terminal, so often. */
const lineEveryMs = 2000;

/** One line on how far a walk has come. */
function progressLine({ path }: Walker, name: string, steps: number): string {
  const row = path.length - 1;
  const fields = [`step ${formatCount(Math.max(0, row))} of ${formatCount(steps)}`];
  if (row >= 0)
    fields.push(`f ${formatNumber(path.value(row))}`, `gradient ${formatNumber(path.gradientNorm(row))}`);
  return [name, ...fields].join('  ');
}

/**
 * Walks to the end, or until `signal`: what was walked so far is the result then. Gives other events their turn as it goes.
 * @param stream where progress is told
 */
export async function drive(
  walker: Walker,
  name: string,
  steps: number,
  { signal, stream }: { signal: AbortSignal; stream: NodeJS.WriteStream },
): Promise<Walk> {
  const began = performance.now();
  let live: Live | undefined;
  try {
    while (walker.advance()) {
      await setImmediate();
      if (signal.aborted) break;
      if (live !== undefined || performance.now() - began < shownAfterMs) continue;
      const line = () => progressLine(walker, name, steps);
      live = startLive({ stream, view: () => [line()], line, lineEveryMs });
    }
  } finally {
    live?.stop({ clear: true });
  }
  return walker.finish();
}
