import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findLibrary, installedLibrary } from '../../src/compile/native/index.js';
import { chooseTarget } from '../../src/train/index.js';
import { librarySha256 } from '../../src/compile/native/install.js';
import { ended, temporaryFolder } from '../support/cli.js';
import { hasNative } from './support.js';

// Where a library comes from: the npm package that is built for publishing, the order of the places that are looked into, and files
// that look like a library and are none that can be used.

const folder = temporaryFolder();
afterAll(folder.remove);
const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const fileOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** What the tests of the whole suite use, read before they change the environment. */
const real = installedLibrary();
const isPinned = hasNative && process.env['SCREE_ONEDNN'] === undefined;

/** Runs with an environment variable set, or not set, and puts it back. */
async function withLibrary<R>(path: string, run: () => R | Promise<R>): Promise<R> {
  const before = process.env['SCREE_ONEDNN'];
  process.env['SCREE_ONEDNN'] = path;
  try {
    return await run();
  } finally {
    if (before === undefined) delete process.env['SCREE_ONEDNN'];
    else process.env['SCREE_ONEDNN'] = before;
  }
}

describe.runIf(isPinned)('the npm package of the library', () => {
  const packages = join(folder.path, 'packages');
  const built = join(packages, 'onednn-linux-x64');
  beforeAll(() => {
    const args = ['--import', loader, fileOf('../../scripts/pack-native.ts'), packages];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test('is what npm packs: the library, its licences, and which systems it is for', () => {
    const { stdout } = spawnSync('npm', ['pack', '--dry-run', '--json'], { cwd: built, encoding: 'utf8' });
    const [{ id, files }] = JSON.parse(stdout) as [{ id: string; files: { path: string }[] }];
    expect(id).toBe('@scree/onednn-linux-x64@3.1.0');
    expect(files.map(({ path }) => path).sort()).toEqual([
      'LICENSE',
      'LICENSE.txt',
      'README.md',
      'THIRD-PARTY-PROGRAMS',
      'libdnnl.so.3',
      'package.json',
    ]);
    const about = JSON.parse(readFileSync(join(built, 'package.json'), 'utf8')) as Record<string, unknown>;
    expect(about).toMatchObject({ os: ['linux'], cpu: ['x64'], libc: ['glibc'], license: 'Apache-2.0' });
    const digest = createHash('sha256')
      .update(readFileSync(join(built, 'libdnnl.so.3')))
      .digest('hex');
    expect(digest).toBe(librarySha256);
    expect(readFileSync(join(built, 'README.md'), 'utf8')).toContain(librarySha256);
    expect(readFileSync(join(built, 'LICENSE'), 'utf8')).toContain('Apache License');
  });

  test('comes after the variable and the cache, and before the system', async () => {
    const cache = join(folder.path, 'cache');
    const installed = join(cache, 'scree', 'onednn-3.1', 'libdnnl.so.3');
    const modules = join(folder.path, 'node_modules');
    const packaged = join(modules, '@scree', 'onednn-linux-x64');
    const system = join(folder.path, 'system');
    for (const path of [dirname(installed), join(modules, '@scree'), system])
      mkdirSync(path, { recursive: true });
    symlinkSync(real, installed);
    symlinkSync(built, packaged);
    symlinkSync(real, join(system, 'libdnnl.so.3'));
    const named = join(folder.path, 'named.so');
    symlinkSync(real, named);
    // Each place is taken away after it was found.
    const code = `import { rmSync } from 'node:fs';
      import { findLibrary } from ${JSON.stringify(fileOf('../../src/compile/native/find.ts'))};
      const told = [];
      const look = () => { const { found, reason } = findLibrary(); told.push(found ? [found.source, found.path] : reason); };
      look();
      delete process.env.SCREE_ONEDNN; look();
      rmSync(${JSON.stringify(installed)}); look();
      rmSync(${JSON.stringify(packaged)}); look();
      console.log(JSON.stringify(told));`;
    const args = ['--import', loader, '--input-type=module', '--eval', code];
    const { stdout, stderr } = await ended(
      spawn(process.execPath, args, {
        stdio: 'pipe',
        env: {
          ...process.env,
          SCREE_ONEDNN: named,
          XDG_CACHE_HOME: cache,
          NODE_PATH: modules,
          LD_LIBRARY_PATH: system,
        },
      }),
    );
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual([
      ['SCREE_ONEDNN', named],
      ['scree native install', installed],
      ['npm package', join(built, 'libdnnl.so.3')],
      ['system', 'libdnnl.so.3'],
    ]);
  });
});

/** The first bytes of an ELF file of a shared library for a machine. */
function elf(machine: number): Buffer {
  const bytes = Buffer.alloc(256);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  const sharedObject = 3;
  bytes.writeUInt16LE(sharedObject, 16);
  bytes.writeUInt16LE(machine, 18);
  return bytes;
}

describe.runIf(process.platform === 'linux')('a file that looks like a library', () => {
  // The loader opens a path once, whatever the file has become since.
  let count = 0;

  /** What is said of it. Everything then runs on ONNX Runtime, with that line as the reason. */
  async function refusal(bytes: Uint8Array): Promise<string> {
    const path = join(folder.path, `odd${count++}.so`);
    writeFileSync(path, bytes);
    return withLibrary(path, async () => {
      const search = findLibrary();
      if ('found' in search) throw new Error('it was taken');
      const model = () => {
        throw new Error('nobody needs the model');
      };
      const { target, hint } = await chooseTarget('auto', { threads: 1 }, model);
      expect(target).toBe('onnx');
      expect(hint).toContain(search.reason);
      expect(search.reason).not.toContain('\n');
      return search.reason;
    });
  }

  test('and is for another architecture', async () => {
    const others = process.arch === 'arm64' ? [62, 'x64'] : [183, 'arm64'];
    const [machine, name] = others as [number, string];
    expect(await refusal(elf(machine))).toMatch(
      new RegExp(`\\.so' is a library for ${name}, and this is ${process.arch}$`),
    );
    expect(await refusal(elf(4242))).toContain('is a library for machine 4242');
  });

  test('and has no more than a header, or not even that', async () => {
    const own = process.arch === 'arm64' ? 183 : 62;
    expect(await refusal(elf(own))).toContain('cannot be loaded as a shared library');
    expect(await refusal(elf(own).subarray(0, 10))).toContain('it is no ELF file');
  });

  describe.runIf(isPinned)('made of a real one', () => {
    let library: Buffer;
    beforeAll(() => (library = readFileSync(real)));
    /** Writes a 32-bit number where the library keeps its version: 3, 1, 0, its hash's address, OpenMP, no GPU. */
    function patchVersion(place: 0 | 1, value: number): Buffer {
      const changed = Buffer.from(library);
      const version = Buffer.alloc(16);
      version.writeInt32LE(3, 0);
      version.writeInt32LE(1, 4);
      const isVersion = (at: number) =>
        changed.readInt32LE(at + 24) === 2 && changed.readInt32LE(at + 28) === 0 && at % 8 === 0;
      let at = changed.indexOf(version);
      while (at >= 0 && !isVersion(at)) at = changed.indexOf(version, at + 1);
      if (at < 0) throw new Error('the version is not where it was');
      changed.writeInt32LE(value, at + 4 * place);
      return changed;
    }

    test('lacks a function', async () => {
      const name = 'dnnl_memory_desc_create_submemory';
      const at = library.indexOf(`\0${name}\0`);
      const changed = Buffer.from(library);
      changed.write('X', at + name.length);
      expect(await refusal(changed)).toMatch(/\(oneDNN 3\.1\.0\) lacks dnnl_memory_desc_create_submemory$/);
    });

    test('is of a version to come', async () => {
      expect(await refusal(patchVersion(1, 99))).toMatch(/is oneDNN 3\.99\.0; versions 3\.1 to 3\.13 are/);
      expect(await refusal(patchVersion(0, 4))).toContain('is oneDNN 4.1.0; versions 3.1 to 3.13');
    });

    test('is cut off', async () => {
      // The loader would map pages that are not there, and a signal end the process.
      for (const bytes of [100, 100_000, library.length - 10_000_000]) {
        expect(await refusal(library.subarray(0, bytes))).toContain('it is cut off');
      }
    });
  });
});
