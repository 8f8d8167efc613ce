import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A program in the documents: a TypeScript block, and the text block right after it, which is what it prints. */
export interface ProgramText {
  readonly name: string;
  readonly source: string;
  readonly output: string | undefined;
}

const block = /^```ts\n([\s\S]*?)^```\n(?:\n?```text\n([\s\S]*?)^```\n)?/gm;

/** The programs of a text in Markdown. */
export function programsIn(name: string, text: string): ProgramText[] {
  return [...text.matchAll(block)].map(([, source, output], index) => ({
    name: `${name} ${index + 1}`,
    source,
    output,
  }));
}

/** Writes the programs to files of a new folder beside the tests. */
export function writePrograms(programs: readonly ProgramText[]): { folder: string; files: string[] } {
  const folder = mkdtempSync(join(root, 'test', '.docs-'));
  const files = programs.map(({ name, source }) => {
    const file = join(folder, `${name.replaceAll(/[^a-z0-9]+/gi, '-')}.ts`);
    // Its own module also where it imports nothing.
    writeFileSync(file, `${source}export {};\n`);
    return file;
  });
  return { folder, files };
}

// Runs each file and writes what it has printed, or its error, as JSON lines.
const runner = `
const write = process.stdout.write.bind(process.stdout);
for (const file of process.argv.slice(2)) {
  let printed = '';
  process.stdout.write = (text) => ((printed += text), true);
  let error = null;
  try {
    await import(file);
  } catch (caught) {
    error = String(caught?.stack ?? caught);
  }
  write(JSON.stringify({ printed, error }) + '\\n');
}
process.exit(0);
`;

export interface Ran {
  readonly printed: string;
  readonly error: string | null;
}

/** Runs the files one after the other in one process, from the root. */
export async function runPrograms(files: readonly string[]): Promise<Ran[]> {
  const path = join(dirname(files[0]), 'runner.mjs');
  writeFileSync(path, runner);
  const options = { cwd: root, maxBuffer: 2 ** 26 };
  const { stdout } = await promisify(execFile)('node', ['--import', 'tsx', path, ...files], options);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Ran);
}

/** What the compiler says of the files under the project's own settings, by file. */
export function typeErrors(files: readonly string[]): Map<string, string[]> {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => readFileSync(path, 'utf8')) as {
    config: unknown;
  };
  const { options } = ts.parseJsonConfigFileContent(config, { ...ts.sys, readDirectory: () => [] }, root);
  const program = ts.createProgram([...files], {
    ...options,
    noUnusedLocals: false,
    noUnusedParameters: false,
  });
  return new Map(
    files.map((file) => {
      const source = program.getSourceFile(file);
      const found = ts.getPreEmitDiagnostics(program, source);
      return [file, found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))];
    }),
  );
}
