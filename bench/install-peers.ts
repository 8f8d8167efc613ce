/** Installs what the benchmarks measure against: the JavaScript peers here, the Python ones into a virtual environment. */
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { ScreeError } from '../src/graph/errors.js';
import { nodePeers } from './peers.js';

function run(program: string, args: readonly string[], cwd?: string): void {
  const { status, error } = spawnSync(program, args, { cwd, stdio: 'inherit' });
  if (error) throw new ScreeError(`install-peers: ${program} did not start: ${error.message}`);
  if (status !== 0)
    throw new ScreeError(`install-peers: ${program} ${args.join(' ')} ended with code ${status}`);
}

/** @param python folder of the virtual environment to make (about 6 GB); without it only the JavaScript peers are installed. */
export function installPeers(python?: string): void {
  run('npm', ['ci', '--no-audit', '--no-fund'], nodePeers);
  if (python === undefined) {
    console.log('PyTorch, JAX and SciPy (6 GB): npm run bench -- install-peers --python FOLDER');
    return;
  }
  const folder = resolve(python);
  const executable = join(folder, 'bin', 'python');
  run('python3', ['-m', 'venv', folder]);
  run(executable, ['-m', 'pip', 'install', 'torch', 'jax', 'optax', 'scipy']);
  console.log(`Set SCREE_PEERS_PYTHON=${executable}`);
}
