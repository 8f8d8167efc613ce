import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const program = fileURLToPath(new URL('collective-program.ts', import.meta.url));

const launchers = [
  { name: 'Open MPI', command: 'mpirun.openmpi', args: ['--oversubscribe', '--bind-to', 'none'] },
  { name: 'MPICH', command: 'mpirun.mpich', args: [] },
];

/** Runs the program on so many ranks. */
function launch({ command, args }: (typeof launchers)[number], ranks: number, mode = 'exercise') {
  const run = spawnSync(
    command,
    [...args, '-n', String(ranks), process.execPath, '--import', 'tsx', program, mode],
    {
      encoding: 'utf8',
      timeout: 60_000,
      env: { ...process.env, OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' },
    },
  );
  return { status: run.status, output: run.stdout + run.stderr };
}

describe.each(launchers)('$name', (launcher) => {
  const isHere = spawnSync(launcher.command, ['--version']).error === undefined;

  test.skipIf(!isHere)(
    'every collective gives what its definition says, on 3 ranks',
    { timeout: 60_000 },
    () => {
      const { status, output } = launch(launcher, 3);
      expect(
        output
          .split('\n')
          .filter((line) => line.endsWith('is done'))
          .sort(),
      ).toEqual(['rank 0 of 3 is done', 'rank 1 of 3 is done', 'rank 2 of 3 is done']);
      expect(status).toBe(0);
    },
  );

  test.skipIf(!isHere)('a rank that never arrives ends the run, and is named', { timeout: 60_000 }, () => {
    const { status, output } = launch(launcher, 2, 'hang');
    expect(output).toContain('error: rank 0 waited 1.5 s');
    expect(output).toContain('rank 1: it hangs, or its link is down');
    expect(status).not.toBe(0);
  });

  test.skipIf(!isHere)('a rank that does not even start ends the run', { timeout: 60_000 }, () => {
    const { status, output } = launch(launcher, 2, 'absent');
    expect(output).toContain('error: mpi: not all ranks have started after 4 s');
    expect(status).not.toBe(0);
  });

  test.skipIf(!isHere)('a rank that gives up ends all', { timeout: 60_000 }, () => {
    const { status, output } = launch(launcher, 3, 'abort');
    expect(output).toContain('error: rank 1 gives up');
    expect(status).not.toBe(0);
  });
});
