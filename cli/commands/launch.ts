import { fileURLToPath } from 'node:url';
import { Option, type Command } from 'commander';
import { mpirunKind, mpirunReaches, supervise, type Host } from '../../src/distributed/index.js';
import { ScreeError } from '../../src/graph/errors.js';
import { Interrupt } from '../interrupt.js';
import { parseNumber } from '../options.js';
import { nextRunPath } from '../run-path.js';

interface LaunchCommandOptions {
  ranks: number;
  launcher: 'mpirun' | 'threads';
  mpirun: string;
  hosts?: string;
  maxRestarts: number;
  hangTimeout: number;
}

export function addLaunchCommand(program: Command): void {
  program
    .command('launch')
    .summary('train on several ranks and go on when one fails')
    .description(
      'Start a training run with mpirun, or on threads, and start it again from its newest checkpoint when a process is killed or ' +
        'hangs, a host is lost or the disk is full. What is to be trained stands after --: scree launch -n 4 -- train lenet',
    )
    .argument('<command...>', 'train and its arguments, after --')
    .requiredOption('-n, --ranks <n>', 'ranks', parseNumber)
    .addOption(
      new Option('--launcher <name>', 'what starts the ranks')
        .choices(['mpirun', 'threads'])
        .default('mpirun'),
    )
    .option('--mpirun <command>', 'of Open MPI or MPICH', 'mpirun')
    .option('--hosts <list>', 'hosts and how many ranks each takes, as a:4,b:4')
    .option('--max-restarts <n>', 'how often a run may be started again', parseNumber, 3)
    .option(
      '--hang-timeout <seconds>',
      'end an attempt whose run folder does not change for so long',
      parseNumber,
      600,
    )
    .action((args: string[], options: LaunchCommandOptions) => launch(args, options));
}

/** Reads `a:4,b`. */
function parseHosts(text: string): Host[] {
  return text.split(',').map((part) => {
    const [, name, slots = '1'] = /^([^:\s]+)(?::([1-9]\d{0,4}))?$/.exec(part.trim()) ?? [];
    if (name === undefined) {
      throw new ScreeError(`--hosts ${text}: '${part}' is no host with its ranks, such as a:4`);
    }
    return { name, slots: Number(slots) };
  });
}

/** Options of train that a run may be given when it goes on, and whether each takes a value. */
const kept: Readonly<Record<string, boolean>> = {
  '--threads': true,
  '--engine': true,
  '--checkpoint-every': true,
  '--rank-timeout': true,
  '--quiet': false,
  '--json': false,
};

/** The value of an option among arguments, written `--name value` or `--name=value`. */
function valueOf(args: readonly string[], name: string): string | undefined {
  const joined = args.find((arg) => arg.startsWith(`${name}=`));
  if (joined !== undefined) return joined.slice(name.length + 1);
  const at = args.indexOf(name);
  return at < 0 ? undefined : args[at + 1];
}

/** The arguments with which a run goes on. */
function resumeArgs(args: readonly string[], folder: string): string[] {
  const rest = Object.entries(kept).flatMap(([name, takesValue]) => {
    if (!takesValue) return args.includes(name) ? [name] : [];
    const value = valueOf(args, name);
    return value === undefined ? [] : [name, value];
  });
  return ['train', '--resume', folder, ...rest];
}

function requireWhole(name: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw new ScreeError(`--${name} must be an integer from ${low} to ${high}, not ${value}`);
}

async function launch(given: readonly string[], options: LaunchCommandOptions): Promise<void> {
  const { ranks, launcher, mpirun, maxRestarts, hangTimeout } = options;
  requireWhole('ranks', ranks, 1, 65_536);
  requireWhole('max-restarts', maxRestarts, 0, 1e6);
  if (!(hangTimeout > 0)) throw new ScreeError(`--hang-timeout must be above 0 seconds, not ${hangTimeout}`);
  if (given[0] !== 'train') {
    throw new ScreeError(
      `launch starts the command train, not ${given[0]}: scree launch -n 4 -- train lenet`,
    );
  }
  if (given.includes('--workers'))
    throw new ScreeError('launch -n says how many ranks there are, not --workers');
  const hosts = options.hosts === undefined ? [] : parseHosts(options.hosts);
  if (hosts.length > 0 && launcher === 'threads') {
    throw new ScreeError('threads are of one machine: --hosts goes with --launcher mpirun');
  }
  const kind = launcher === 'mpirun' ? mpirunKind(mpirun) : undefined;
  const resumed = valueOf(given, '--resume');
  const out = valueOf(given, '--out');
  const folder = resumed ?? out ?? nextRunPath('launch', valueOf(given, '--data') ?? 'digits');
  const begin = resumed !== undefined || out !== undefined ? [...given] : [...given, '--out', folder];
  const scree = [
    process.execPath,
    ...process.execArgv,
    fileURLToPath(new URL(import.meta.resolve('../scree.js'))),
  ];
  const interrupt = new Interrupt();
  interrupt.arm();
  try {
    const { exitCode } = await supervise({
      folder,
      ranks,
      maxRestarts,
      hangMs: 1000 * hangTimeout,
      hosts,
      answers: (host) => mpirunReaches(mpirun, host),
      tell: (note) => process.stderr.write(`launch: ${note}\n`),
      signal: interrupt.signal,
      command(count, on, resuming) {
        const args = resuming ? resumeArgs(given, folder) : begin;
        if (kind === undefined) return [...scree, ...args, '--workers', String(count)];
        const places = on.map(({ name, slots }) => `${name}:${slots}`).join(',');
        return [
          mpirun,
          ...(kind === 'Open MPI'
            ? ['--bind-to', 'none', ...(on.length === 0 ? ['--oversubscribe'] : [])]
            : []),
          '-n',
          String(count),
          ...(on.length === 0 ? [] : [kind === 'Open MPI' ? '--host' : '-hosts', places]),
          ...scree,
          ...args,
        ];
      },
    });
    if (exitCode !== 0) process.exitCode = interrupt.exitCode ?? exitCode;
  } finally {
    interrupt.release();
  }
}
