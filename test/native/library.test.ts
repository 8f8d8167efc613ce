import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compile } from '../../src/compile/index.js';
import { findLibrary, installedLibrary, NativeUnavailable } from '../../src/compile/native/index.js';
import type { NDArray, Tensor } from '../../src/graph/index.js';
import { crossEntropy } from '../../src/nn/index.js';
import { ended, scree } from '../support/cli.js';
import { describeNative } from './support.js';

const type = { shape: [256, 256], dtype: 'float32' } as const;
const square = (x: Tensor) => x.matmul(x);

describe.runIf(process.platform === 'linux')('a library that cannot be used', () => {
  let folder: string;
  const before = process.env.SCREE_ONEDNN;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'scree-test-'))));
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
    if (before === undefined) delete process.env.SCREE_ONEDNN;
    else process.env.SCREE_ONEDNN = before;
  });

  async function refusal(path: string): Promise<string> {
    process.env.SCREE_ONEDNN = path;
    const search = findLibrary();
    expect(search).toHaveProperty('reason');
    const failure = compile(square, [type], { target: 'native' });
    await expect(failure).rejects.toBeInstanceOf(NativeUnavailable);
    const { message } = (await failure.catch((error: unknown) => error)) as Error;
    expect(message.split('\n')).toHaveLength(1);
    return message;
  }

  test('is named with what is wrong', async () => {
    expect(await refusal(join(folder, 'nothing.so'))).toContain('is no file');
    expect(await refusal(folder)).toContain('is no file');
    writeFileSync(join(folder, 'text.so'), 'no library');
    expect(await refusal(join(folder, 'text.so'))).toContain('cannot be loaded');
    writeFileSync(join(folder, 'empty.so'), '');
    expect(await refusal(join(folder, 'empty.so'))).toContain('cannot be loaded');
  });

  test('is another library', async () => {
    const other = readdirSync('/lib/x86_64-linux-gnu').find((name) =>
      /^libz\.so\.1$|^libm\.so\.6$/.test(name),
    );
    if (other === undefined) return;
    expect(await refusal(join('/lib/x86_64-linux-gnu', other))).toContain('is another library');
  });

  const old = '/usr/lib/x86_64-linux-gnu/libdnnl.so.2';
  test.runIf(existsSync(old))('is of a version before', async () => {
    expect(await refusal(old)).toMatch(/oneDNN 2\.\d+\.\d+; versions 3\.1 to 3\.13/);
  });

  test('is told by the command line, and the exit code', async () => {
    const env = { ...process.env, SCREE_ONEDNN: join(folder, 'nothing.so') };
    const told = await scree(['native'], { env });
    expect(told.code).toBe(1);
    expect(told.stdout).toContain('is no file');
    expect(JSON.parse((await scree(['native', '--json'], { env })).stdout)).toMatchObject({ found: false });
  });
});

describeNative('with a library', () => {
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const index = fileURLToPath(new URL('../../src/compile/index.ts', import.meta.url));
  const ops = fileURLToPath(new URL('../../src/ops/index.ts', import.meta.url));
  const run = (body: string) => {
    const code = `import ${JSON.stringify(ops)};
      import { compile } from ${JSON.stringify(index)};
      const type = { shape: [512, 512], dtype: 'float32' };
      const x = { data: new Float32Array(512 * 512).fill(1), ...type };
      ${body}`;
    return spawn(process.execPath, ['--import', loader, '--input-type=module', '--eval', code], {
      stdio: 'pipe',
    });
  };

  test('the command line says which, and what it brings', async () => {
    const told = await scree(['native']);
    expect(told.code).toBe(0);
    expect(told.stdout).toMatch(/^oneDNN 3\.\d+\.\d+, found by /);
    const found = JSON.parse((await scree(['native', '--json'])).stdout) as Record<string, unknown>;
    expect(found).toMatchObject({ found: true });
  });

  test('the library of an installation is in the cache of the user', () => {
    expect(installedLibrary()).toContain(join('scree', 'onednn-3.1'));
  });

  test('a process ends by itself whether programs were closed or not', async () => {
    const body = `const program = await compile((a) => a.matmul(a), [type], { target: 'native', threads: 2 });
      console.log((await program.run(x)).data[0]);`;
    for (const end of ['', 'program.run(x); program.close();']) {
      const { code, stdout, stderr } = await ended(run(body + end));
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '512\n', stderr: '' });
    }
  });

  test('a process may be ended in the middle of a run', async () => {
    const body = `const program = await compile((a) => a.matmul(a), [type], { target: 'native', threads: 2 });
      console.log('runs');
      for (;;) await program.run(x);`;
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const child = run(body);
      const end = ended(child);
      await new Promise((resolve) => child.stdout?.once('data', resolve));
      child.kill(signal);
      expect((await end).signal).toBe(signal);
    }
  });

  test.each(['SSE41', 'AVX2'])('a processor that knows no more than %s gives the same', async (isa) => {
    const code = `import ${JSON.stringify(ops)};
      import { compile } from ${JSON.stringify(index)};
      import { conv, maxPool } from ${JSON.stringify(ops)};
      const types = [[4, 16, 12, 12], [32, 16, 3, 3]].map((shape) => ({ shape, dtype: 'float32' }));
      const f = (x, w) => maxPool(conv(x, w, { padding: 1 }).relu(), 2).tanh();
      const values = types.map((type) => ({ ...type, data: Float32Array.from({ length: type.shape.reduce((a, b) => a * b) }, (_, i) => 0.1 * Math.sin(i)) }));
      const exact = compile(f, types).run(...values).data;
      const program = await compile(f, types, { target: 'native', deterministic: true });
      const found = (await program.run(...values)).data;
      program.close();
      console.log(Math.max(...found.map((value, i) => Math.abs(value - exact[i]))));`;
    const args = ['--import', loader, '--input-type=module', '--eval', code];
    const env = { ...process.env, ONEDNN_MAX_CPU_ISA: isa };
    const { code: end, stdout, stderr } = await ended(spawn(process.execPath, args, { stdio: 'pipe', env }));
    expect({ end, stderr }).toEqual({ end: 0, stderr: '' });
    expect(Number(stdout)).toBeLessThan(1e-6);
  });

  test('more threads than cores give what one gives', async () => {
    const data = Float32Array.from({ length: 256 * 256 }, (_, index) => Math.sin(index));
    const results: NDArray['data'][] = [];
    for (const threads of [1, 16]) {
      const program = await compile(square, [type], { target: 'native', threads });
      results.push((await program.run({ ...type, data })).data);
      program.close();
    }
    // Sums of 256 numbers of at most 1, perhaps divided otherwise.
    results[0].forEach((value, index) => expect(results[1][index]).toBeCloseTo(value, 4));
  });

  test('closing the last program ends its threads', async () => {
    const threads = () => readdirSync('/proc/self/task').length;
    const before = threads();
    const program = await compile(square, [type], { target: 'native', threads: 2 });
    const x = { ...type, data: new Float32Array(256 * 256) };
    await program.run(x);
    expect(threads()).toBeGreaterThan(before);
    program.close();
    // The worker ends on its own, a moment later.
    for (let wait = 0; wait < 100 && threads() > before; wait++) await sleep(50);
    expect(threads()).toBeLessThanOrEqual(before);
  });

  test('a run needs an open program, and the arrays of its graph', async () => {
    const program = await compile(square, [type], { target: 'native' });
    const x = { ...type, data: new Float32Array(256 * 256) };
    const first = program.run(x);
    await expect(program.run(x)).rejects.toThrow('still running');
    await first;
    const { executable } = program;
    await expect(executable.run([x], [])).rejects.toThrow('1 inputs and 1 outputs');
    await expect(executable.run([x], [x])).rejects.toThrow('memory of another array');
    program.close();
    await expect(program.run(x)).rejects.toThrow('closed');
  });

  test('what a kernel refuses ends the run alone', async () => {
    const type = { shape: [8, 512], dtype: 'float32' } as const;
    const labels = { shape: [8], dtype: 'int32' } as const;
    const loss = (x: Tensor, y: Tensor) => crossEntropy(x.relu(), y);
    const program = await compile(loss, [type, labels], { target: 'native' });
    const x = { ...type, data: new Float32Array(8 * 512) };
    const right = { ...labels, data: new Int32Array(8) };
    const expected = Math.log(512);
    expect((await program.run(x, right)).data[0]).toBeCloseTo(expected, 5);
    const wrong = { ...labels, data: Int32Array.of(0, 0, 0, 512, 0, 0, 0, 0) };
    await expect(program.run(x, wrong)).rejects.toThrow('512');
    expect((await program.run(x, right)).data[0]).toBeCloseTo(expected, 5);
    program.close();
  });

  test('more memory than there is is refused before anything runs', async () => {
    const wide = { shape: [2 ** 18, 2 ** 10, 2 ** 10], dtype: 'float32' } as const;
    const failure = compile((x: Tensor) => x.exp().matmul(x).tanh().sum(), [wide], { target: 'native' });
    await expect(failure).rejects.toThrow(/needs \d+ MB beside its arrays, and \d+ MB are free/);
  });

  test.each([0, -1, 1.5, NaN, 4096])('%d threads are no number of threads', async (threads) => {
    await expect(compile(square, [type], { target: 'native', threads })).rejects.toThrow('threads must be');
  });
});
