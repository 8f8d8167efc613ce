import type { Command } from 'commander';
import {
  capabilitiesOf,
  findLibrary,
  installLibrary,
  libraryVariable,
  showVersion,
  type Found,
} from '../../src/compile/native/index.js';

export function addNativeCommand(program: Command): void {
  const native = program
    .command('native')
    .summary('look for oneDNN, which trains networks faster')
    .description(
      'Say which oneDNN library the native engine uses, and what it brings. It is looked for in this order: the path in ' +
        `${libraryVariable}, the user's cache (scree native install), an npm platform package, the system's loader. ` +
        'Without one everything runs on ONNX Runtime. Exits with 1 where none is found.',
    )
    .option('--json', 'what was found as JSON on standard output')
    .action((options: { json?: boolean }) => tellFound(options));
  native
    .command('install')
    .summary('bring a oneDNN build with pip')
    .description(
      "Download oneDNN 3.1 (Apache-2.0) with pip, verify its checksum, and keep the library and its licence in the user's cache. " +
        'Linux on x86-64; 39 MB are downloaded, 53 MB kept.',
    )
    .action(async () => {
      const path = await installLibrary();
      process.stdout.write(`installed ${path}\n`);
    });
}

function describe({ path, source, library }: Found) {
  const { version } = library;
  return {
    version: showVersion(version),
    path,
    source,
    threads: version.runtime,
    ...capabilitiesOf(library),
  };
}

function tellFound({ json = false }: { json?: boolean }): void {
  const search = findLibrary();
  if ('reason' in search) {
    process.exitCode = 1;
    const gain = 'with it, networks train about twice as fast as on ONNX Runtime';
    if (json) process.stdout.write(`${JSON.stringify({ found: false, reason: search.reason })}\n`);
    else process.stdout.write(`${search.reason}; ${gain}\n`);
    return;
  }
  const found = describe(search.found);
  if (json) {
    process.stdout.write(`${JSON.stringify({ found: true, ...found })}\n`);
    return;
  }
  const algorithms = found.winograd ? 'direct and Winograd' : 'direct';
  const lines = [
    `oneDNN ${found.version}, found by ${found.source}`,
    `  library       ${found.path}`,
    `  threads       ${found.threads}`,
    `  instructions  ${found.instructions}`,
    `  convolutions  ${algorithms}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
