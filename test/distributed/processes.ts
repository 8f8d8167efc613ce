import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { listCheckpoints, readRun } from '../../src/train/index.js';

/** The environment in which Open MPI starts ranks for root, too. */
export const withMpi = {
  ...process.env,
  OMPI_ALLOW_RUN_AS_ROOT: '1',
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
};

/** The processes that train in a run folder: not the launcher, nor the supervisor. */
export function ranksOf(run: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return words[0] === process.execPath && words.includes(run) && !words.includes('launch');
      } catch {
        return false;
      }
    });
}

export const newestStep = async (run: string): Promise<number> =>
  (await listCheckpoints(join(run, 'checkpoints'))).at(0)?.step ?? 0;

/** SHA-256 of the parameters that a finished run ended with. */
export async function parametersOf(run: string): Promise<unknown> {
  const { status, result } = await readRun(run);
  expect(status).toBe('finished');
  return result?.parametersSha256;
}
