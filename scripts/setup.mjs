// Installs the system packages and the oneDNN library that some tests need. Runs before the tests. Where it cannot install (no Debian-like system,
// no root rights, no network) it says so and changes nothing; the tests that need a package are then skipped by name.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What apt installs, and for which tests. To add a package, add a line. */
const packages = [
  { name: 'dataset-fashion-mnist', is: 'the Fashion-MNIST images', tests: 'the tests that train on them' },
  { name: 'libdnnl2', is: 'oneDNN 2, which is too old', tests: 'the test that it is turned down' },
  { name: 'openmpi-bin', is: 'Open MPI', tests: 'the tests of its collectives' },
  { name: 'mpich', is: 'MPICH', tests: 'the tests of its collectives' },
];

/** @param {string} name */
function isInstalled(name) {
  const query = spawnSync('dpkg-query', ['--show', '--showformat=${db:Status-Status}', name], {
    encoding: 'utf8',
  });
  return query.stdout === 'installed';
}

/**
 * Runs apt-get quietly.
 * @param {string[]} args
 * @returns {string | undefined} its last words if it fails
 */
function aptGet(...args) {
  const run = spawnSync('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    maxBuffer: 64 * 2 ** 20,
  });
  if (run.status === 0) return undefined;
  const said = run.error?.message ?? run.stderr.trim().split('\n').at(-1)?.replace(/^E: /, '');
  return said || `apt-get ended with ${run.status ?? run.signal}`;
}

/** Why this system cannot install packages, or undefined where it may. */
function obstacle() {
  if (!existsSync('/etc/debian_version')) return 'this is no Debian-like system';
  if (process.getuid?.() !== 0) return 'only root can install it';
  return undefined;
}

const missing = packages.filter(({ name }) => !isInstalled(name));
const general = obstacle();
// An update that fails in part may still leave what is needed, so the installation has the last word.
if (missing.length > 0 && general === undefined) aptGet('update');
for (const { name, is, tests } of missing) {
  if (general === undefined) console.log(`setup: installing ${name} (${is}) with apt, for ${tests}`);
  const failure = general ?? aptGet('install', '--yes', '--no-install-recommends', name);
  if (failure !== undefined) console.log(`setup: no ${name} (${is}), so ${tests} are skipped: ${failure}`);
}

const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
if (!process.env.SCREE_ONEDNN && !existsSync(join(cache, 'scree', 'onednn-3.1', 'libdnnl.so.3'))) {
  console.log(
    'setup: installing oneDNN 3.1 with pip (scree native install), for the tests of the native target',
  );
  const args = ['--import', 'tsx', join(import.meta.dirname, '..', 'cli', 'scree.ts'), 'native', 'install'];
  const run = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (run.status !== 0) {
    const said = run.error?.message ?? run.stderr.trim().split('\n').at(-1);
    console.log(`setup: no oneDNN, so the tests of the native target are skipped: ${said}`);
  }
}
