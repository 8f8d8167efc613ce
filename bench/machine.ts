import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly vectors: string;
  readonly memoryGb: number;
  readonly system: string;
  readonly node: string;
}

/** The widest vector instructions that the processor says it has; unknown where the system does not tell. */
function vectors(): string {
  try {
    const flags = readFileSync('/proc/cpuinfo', 'utf8');
    return (
      ['avx512f', 'avx2', 'avx', 'asimd'].find((flag) => new RegExp(`\\b${flag}\\b`).test(flags)) ?? 'none'
    );
  } catch {
    return 'unknown';
  }
}

function system(): string {
  if (platform() !== 'linux') return `${platform()} ${release()}`;
  try {
    const name = /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'));
    return `${name?.[1] ?? 'Linux'}, kernel ${release()}`;
  } catch {
    return `Linux ${release()}`;
  }
}

export function machine(): Machine {
  const processors = cpus();
  return {
    processor: processors[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    vectors: vectors(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: system(),
    node: process.version,
  };
}

/** Processes that wanted to run, over the last minute: above 0 before a benchmark starts, others share the cores. */
export function load(): number {
  return loadavg()[0];
}

/** The commit that was measured, with a mark where files were changed; undefined outside a repository. */
export function commit(): string | undefined {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}
