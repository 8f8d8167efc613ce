// Compiles the codecs' kernels to WebAssembly, where they are older than their sources. Part of building and testing.

import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const sources = 'kernels';
const target = join('src', 'distributed', 'codec', 'kernels.wasm');

const options = [
  ['--optimizeLevel', '3', '--noAssert', '--runtime', 'stub'],
  ['--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536'],
  ['--enable', 'simd', '--enable', 'threads', '--enable', 'bulk-memory'],
].flat();

const newest = Math.max(...readdirSync(sources).map((name) => statSync(join(sources, name)).mtimeMs));
if (!existsSync(target) || statSync(target).mtimeMs < newest) {
  // The compiler is large: it is loaded only where there is something to compile.
  const { default: asc } = await import('assemblyscript/asc');
  const stderr = asc.createMemoryStream();
  const { error } = await asc.main([join(sources, 'index.ts'), '--outFile', target, ...options], {
    stderr,
    readFile: (name, base) => {
      const path = join(base, name);
      return existsSync(path) ? readFileSync(path, 'utf8') : null;
    },
    writeFile: (name, contents, base) => writeFileSync(join(base, name), contents),
  });
  if (error !== null) {
    console.error(stderr.toString());
    process.exit(1);
  }
}
