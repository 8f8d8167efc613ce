import { spawn, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ended, scree, temporaryFolder } from '../support/cli.js';

/* The command line on threads and on processes of each MPI that is here. */

const folder = temporaryFolder();
afterAll(folder.remove);

const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const program = fileURLToPath(new URL('../../cli/scree.ts', import.meta.url));
const rank = [process.execPath, '--import', loader, program];
const env = { ...process.env, OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' };

const run =
  'train lenet --engine onnx --threads 1 --steps 12 --batch 32 --compress int8 --feedback --json'.split(' ');
const reportSchema = z.object({
  parametersSha256: z.string(),
  wire: z.object({
    ranks: z.literal(2),
    exchange: z.literal('two-phase'),
    codec: z.literal('int8'),
    bytesPerStep: z.number(),
    rawBytesPerStep: z.number(),
    ratio: z.number(),
    computeMs: z.number(),
    codecMs: z.number(),
    wireMs: z.number(),
    hiddenMs: z.number(),
  }),
});

const onThreads = scree([...run, '--workers', '2', '--out', join(folder.path, 'threads')]);

test('threads: one result on standard output, with what was sent', async () => {
  const { code, stdout } = await onThreads;
  expect(code).toBe(0);
  const { wire } = reportSchema.parse(JSON.parse(stdout));
  // A byte a value and a scale a group, two messages of half the values each; 24 bytes of a step are its loss.
  expect(wire.ratio).toBeGreaterThan(3.8);
  expect(wire.ratio).toBeLessThan(4);
});

test('options that do not go together are refused in one line', async () => {
  const [alone, unknown] = await Promise.all([
    scree(['train', '--compress', 'fp16']),
    scree(['train', '--workers', '2', '--compress', 'fp17', '--out', join(folder.path, 'unknown')]),
  ]);
  expect(alone.code).toBe(1);
  expect(alone.stderr).toBe(
    'error: --compress is for training on several ranks: add --workers, or start with mpirun\n',
  );
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toContain('unknown codec "fp17"; did you mean "fp16"?');
});

test('a library that is not there is named', async () => {
  const { code, stderr } = await scree(['train', '--out', join(folder.path, 'missing')], {
    env: { ...process.env, PMI_RANK: '0', SCREE_MPI: 'libnothing.so.1' },
  });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^error: mpi: libnothing\.so\.1 cannot be loaded; install Open MPI or MPICH/);
});

test('a library that is no MPI is named', async () => {
  const { code, stderr } = await scree(['train', '--out', join(folder.path, 'other')], {
    env: { ...process.env, PMI_RANK: '0', SCREE_MPI: 'libm.so.6' },
  });
  expect(code).toBe(1);
  expect(stderr).toBe('error: mpi: libm.so.6 is no MPI library: it has no MPI_Get_library_version\n');
});

describe.each([
  { name: 'Open MPI', command: 'mpirun.openmpi', args: ['--oversubscribe', '--bind-to', 'none'] },
  { name: 'MPICH', command: 'mpirun.mpich', args: [] },
])('$name', ({ name, command, args }) => {
  const here = spawnSync(command, ['--version']).error === undefined;

  test.skipIf(!here)('the bits are those of threads, and rank 0 alone tells', async () => {
    const out = join(folder.path, name.replace(' ', '-'));
    const { code, stdout } = await ended(
      spawn(command, [...args, '-n', '2', ...rank, ...run, '--out', out], { env }),
    );
    expect(code).toBe(0);
    const { parametersSha256 } = reportSchema.parse(JSON.parse(stdout));
    expect(parametersSha256).toBe(reportSchema.parse(JSON.parse((await onThreads).stdout)).parametersSha256);
  });

  test.skipIf(!here)('threads in each process: hosts exchange codes, threads sums', async () => {
    const out = join(folder.path, `${command}-threads`);
    const two = ['-n', '2', ...rank, ...run, '--workers', '2', '--out', out];
    const { code, stdout } = await ended(spawn(command, [...args, ...two], { env }));
    expect(code).toBe(0);
    const { wire } = z
      .object({ wire: z.object({ ranks: z.number(), exchange: z.string(), ratio: z.number() }) })
      .parse(JSON.parse(stdout));
    expect(wire).toMatchObject({ ranks: 4, exchange: 'hierarchical' });
    // Of two hosts each sends what one of two ranks would, where float32 on a ring of four takes 1.5 times as much as of two.
    expect(wire.ratio).toBeGreaterThan(5.5);
    expect(wire.ratio).toBeLessThan(6);
  });

  test.skipIf(!here)('a rank with other options is named, and all end', async () => {
    const own = [...rank, ...run, '--out', join(folder.path, `${command}-other`)];
    const { code, stderr } = await ended(
      spawn(command, [...args, '-n', '1', ...own, ':', '-n', '1', ...own, '--seed', '7'], { env }),
    );
    expect(code).not.toBe(0);
    expect(stderr).toContain('error: train: rank 1 was started with seed 7, rank 0 with 0');
  });
});
