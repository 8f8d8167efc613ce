// Builds the npm packages that carry the pinned oneDNN library, one for each platform, ready for a person to publish:
// npm run pack:native [-- FOLDER]. The library is the one that `scree native install` brings, taken from the user's cache where it lies
// there; its checksum is verified.

import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openLibrary, showVersion } from '../src/compile/native/binding/library.js';
import { installedLibrary, platformPackage } from '../src/compile/native/find.js';
import { installedFiles, installLibrary, librarySha256 } from '../src/compile/native/install.js';

interface Platform {
  readonly os: string;
  readonly cpu: string;
  readonly libc: string;
  readonly title: string;
  readonly needs: string;
}

/** To add a platform, add the build that it takes to install.ts and a line here. */
const platforms: readonly Platform[] = [
  {
    os: 'linux',
    cpu: 'x64',
    libc: 'glibc',
    title: 'Linux on x86-64',
    needs: "glibc 2.27 or later and GCC's OpenMP runtime, libgomp.so.1",
  },
];

function isPinned(path: string): boolean {
  return existsSync(path) && createHash('sha256').update(readFileSync(path)).digest('hex') === librarySha256;
}

async function pack(platform: Platform, into: string): Promise<string> {
  const { os, cpu, libc } = platform;
  const source = dirname(installedLibrary());
  if (!installedFiles.every((name) => existsSync(join(source, name))) || !isPinned(installedLibrary())) {
    await installLibrary();
  }
  if (!isPinned(installedLibrary())) {
    throw new Error(`pack:native: ${installedLibrary()} does not have the checksum ${librarySha256}`);
  }
  const version = showVersion(openLibrary(installedLibrary()).version);
  const name = platformPackage(os, cpu);
  const folder = join(into, name.replace(/^@[^/]*\//, ''));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const file of installedFiles) copyFileSync(join(source, file), join(folder, file));
  const about = {
    name,
    version,
    description: `oneDNN ${version} for ${platform.title}: the library that Scree's native engine trains on`,
    license: 'Apache-2.0',
    os: [os],
    cpu: [cpu],
    libc: [libc],
    exports: { './libdnnl.so.3': './libdnnl.so.3', './package.json': './package.json' },
    files: installedFiles,
    // The system's loader opens it by its path, so no package manager shall keep it zipped.
    preferUnplugged: true,
  };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(about, undefined, 2)}\n`);
  writeFileSync(join(folder, 'README.md'), readme(about.name, version, platform));
  return folder;
}

function readme(name: string, version: string, { title, needs }: Platform): string {
  return `# ${name}

oneDNN ${version} for ${title}, as Intel built and published it (the Python package onednn-cpu-gomp), unchanged. Scree finds it by itself where it is
installed, and trains networks on it; \`scree native\` says so. It needs ${needs}.

oneDNN is licensed under the Apache License 2.0 (\`LICENSE\`); \`THIRD-PARTY-PROGRAMS\` lists what is in it besides.

SHA-256 of \`libdnnl.so.3\`: \`${librarySha256}\`
`;
}

const into = process.argv[2] ?? 'packages';
for (const platform of platforms) {
  const folder = await pack(platform, into);
  console.log(`${folder}: publish it with npm publish --access public ${folder}`);
}
