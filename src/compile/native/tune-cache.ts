import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { showVersion, type Library } from './binding/library.js';
import { cacheFolder } from './find.js';

/** How a convolution is computed. */
export type ConvolutionAlgorithm = 'direct' | 'winograd';

/** What was measured on some machines: for each machine, library and count of threads the choice for each convolution. */
type Choices = Record<string, Record<string, ConvolutionAlgorithm>>;

function cacheFile(): string {
  return join(cacheFolder(), 'native-choices.json');
}

/** What a measurement holds for: the processor, the instructions that the library uses on it, its version, the threads. */
export function machineKey(library: Library, threads: number): string {
  const processors = cpus();
  const isa = library.functions.dnnl_get_effective_cpu_isa();
  const model = processors[0]?.model.trim() ?? 'unknown';
  return `${model}, ${processors.length} cores, isa ${isa}, oneDNN ${showVersion(library.version)}, ${threads} threads`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The file's choices; none where it is missing, damaged or of another form: they are measured again then. */
function read(): Choices {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(cacheFile(), 'utf8'));
  } catch {
    return {};
  }
  const all: Choices = {};
  for (const [machine, entries] of Object.entries(isRecord(parsed) ? parsed : {})) {
    if (!isRecord(entries)) continue;
    all[machine] = {};
    for (const [key, choice] of Object.entries(entries)) {
      if (choice === 'direct' || choice === 'winograd') all[machine][key] = choice;
    }
  }
  return all;
}

/** What is known for a machine. */
export function knownChoices(machine: string): Map<string, ConvolutionAlgorithm> {
  return new Map(Object.entries(read()[machine] ?? {}));
}

/** Keeps choices for later runs, beside those that other processes have kept meanwhile. A cache that cannot be written is none. */
export function keepChoices(machine: string, choices: ReadonlyMap<string, ConvolutionAlgorithm>): void {
  const all = read();
  all[machine] = { ...all[machine], ...Object.fromEntries(choices) };
  const file = cacheFile();
  const fresh = `${file}.${process.pid}`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(fresh, `${JSON.stringify(all, undefined, 1)}\n`);
    renameSync(fresh, file);
  } catch {
    // Nothing is lost but time.
    removeIfThere(fresh);
  }
}

function removeIfThere(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // It is not there: its folder is none.
  }
}
