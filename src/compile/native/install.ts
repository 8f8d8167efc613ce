import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { unzipSync } from 'fflate';
import { ScreeError } from '../../graph/errors.js';
import { openLibrary } from './binding/library.js';
import { installedLibrary } from './find.js';

/** The build of oneDNN 3.1 that Intel published for pip: the last one with Winograd convolutions, on OpenMP of GCC. */
const wheel = {
  requirement: 'onednn-cpu-gomp==2023.1.0',
  sha256: '5635b0c0ea5d9ae0688fbab8346c465c40cb0db3a5db39ff744353ccda435cac',
} as const;

/** Of the library in it. */
export const librarySha256 = '60f42f4a1a05559fa5a8334d2b6fda59ee93e6c4cdd2707287625a53ef398f9f';

/** The files that are kept of it. */
const library = /\/lib\/libdnnl\.so\.3$/;
const licences = /\/(LICENSE|LICENSE\.txt|THIRD-PARTY-PROGRAMS)$/;

/** What lies in the folder of an installation: the library and its licences. */
export const installedFiles = ['libdnnl.so.3', 'LICENSE', 'LICENSE.txt', 'THIRD-PARTY-PROGRAMS'] as const;

/** How pip may be called. */
const installers = [['pip3'], ['pip'], ['python3', '-m', 'pip'], ['python', '-m', 'pip']] as const;

/** Runs a command; gives its last words if it fails, or `missing` where there is no such command. */
function run(command: string, args: readonly string[]): Promise<{ failure?: string; missing?: boolean }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4096)));
    child.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOENT' ? { missing: true } : { failure: error.message }),
    );
    child.on('close', (code, signal) => {
      const last = said.trim().split('\n').at(-1)?.trim();
      resolve(code === 0 ? {} : { failure: last || `it ended with ${code ?? signal}` });
    });
  });
}

async function download(folder: string): Promise<Uint8Array> {
  const args = ['download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:'];
  for (const [command, ...first] of installers) {
    const { failure, missing } = await run(command, [...first, ...args, '--dest', folder, wheel.requirement]);
    if (missing) continue;
    if (failure !== undefined) {
      throw new ScreeError(`native install: pip cannot download ${wheel.requirement}: ${failure}`);
    }
    const [file] = readdirSync(folder).filter((name) => name.endsWith('.whl'));
    if (file !== undefined) return readFileSync(join(folder, file));
  }
  throw new ScreeError(
    'native install: there is no pip; install Python with pip, or set SCREE_ONEDNN to the path of a libdnnl.so.3',
  );
}

function unpack(archive: Uint8Array, into: string): void {
  const digest = createHash('sha256').update(archive).digest('hex');
  if (digest !== wheel.sha256) {
    throw new ScreeError(
      `native install: ${wheel.requirement} has the checksum ${digest}, not ${wheel.sha256}; nothing is installed`,
    );
  }
  const files = unzipSync(archive, { filter: ({ name }) => library.test(name) || licences.test(name) });
  mkdirSync(into, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(into, basename(name)), bytes);
}

/**
 * Brings the pinned oneDNN build into the user's cache by pip, its licence beside it, after its checksum is verified.
 * @returns where the library lies
 * @throws ScreeError without pip, without a network, on another system than Linux on x86-64, for a wrong checksum, or where the
 * library then does not load; what was installed before stays
 */
export async function installLibrary(): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new ScreeError(
      `native install: there is a build for Linux on x86-64 only, not for ${process.platform} on ${process.arch}; set SCREE_ONEDNN to the path of a oneDNN library`,
    );
  }
  const target = installedLibrary();
  const folder = dirname(target);
  const downloads = mkdtempSync(join(tmpdir(), 'scree-onednn-'));
  mkdirSync(dirname(folder), { recursive: true });
  const fresh = mkdtempSync(`${folder}-`);
  try {
    unpack(await download(downloads), fresh);
    openLibrary(join(fresh, basename(target)));
    rmSync(folder, { recursive: true, force: true });
    renameSync(fresh, folder);
    return target;
  } finally {
    rmSync(downloads, { recursive: true, force: true });
    rmSync(fresh, { recursive: true, force: true });
  }
}
