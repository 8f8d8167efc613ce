/** How the peers are started: which Python, which environment, which files. */
import { fileURLToPath } from 'node:url';
import type { Contender } from './contender.js';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The Python that has torch, jax, optax and scipy. */
const pythonPath = () => process.env.SCREE_PEERS_PYTHON ?? 'python3';

/** The folder whose package.json lists the JavaScript peers. */
export const nodePeers = here('peers/node');

/**
 * The environment in which the peers are quickest. glibc gives freed memory back at once by default, which makes PyTorch up to 5
 * times slower on a virtual machine; OpenBLAS must choose its own kernels. NPROC holds XLA to the threads asked for.
 */
function tuned(threads: number): NodeJS.ProcessEnv {
  const { OPENBLAS_CORETYPE: _core, OPENBLAS_L2_SIZE: _cache, ...env } = process.env;
  return {
    ...env,
    MALLOC_MMAP_THRESHOLD_: '4294967296',
    MALLOC_TRIM_THRESHOLD_: '8589934592',
    MALLOC_TOP_PAD_: '268435456',
    OMP_NUM_THREADS: `${threads}`,
    OPENBLAS_NUM_THREADS: `${threads}`,
    NPROC: `${threads}`,
    JAX_PLATFORMS: 'cpu',
  };
}

export function pythonPeer(
  group: string,
  script: string,
  args: readonly (string | number)[],
  { threads = 1, name = group }: { threads?: number; name?: string } = {},
): Contender {
  return {
    name,
    group,
    command: [pythonPath(), here(`peers/${script}`), ...args.map(String)],
    env: tuned(threads),
  };
}

export function nodePeer(group: string, script: string, args: readonly (string | number)[]): Contender {
  return {
    name: group,
    group,
    command: [process.execPath, here(`peers/node/${script}`), ...args.map(String)],
    env: process.env,
  };
}

/** Scree's own side: a TypeScript file of this folder, run by tsx. */
export function scree(script: string, args: readonly (string | number)[], name = 'Scree'): Contender {
  return {
    name,
    group: 'Scree',
    command: [process.execPath, '--import', 'tsx', here(script), ...args.map(String)],
    env: process.env,
  };
}
