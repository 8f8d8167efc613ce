import { indent } from './text.js';

/**
 * V8 makes no fast code of a function with more than 60 kB of bytecode, which is about 4,000 statements: beyond this many a
 * function is written in parts.
 */
export const longestFunction = 2000;

export function countLines(statements: readonly string[]): number {
  return statements.reduce((count, text) => count + (text.includes('\n') ? text.split('\n').length : 1), 0);
}

const definition = /^(?:const|let) ([\w$]+) = /gm;
const identifier = /[a-zA-Z_][\w$]*/g;

function matches(text: string, pattern: RegExp, group: number): Set<string> {
  return new Set(Array.from(text.matchAll(pattern), (match) => match[group]));
}

/** Statements in runs of about `length` lines. */
function runsOf(statements: readonly string[], length: number): string[][] {
  const runs: string[][] = [[]];
  let lines = 0;
  for (const statement of statements) {
    if (lines >= length) {
      runs.push([]);
      lines = 0;
    }
    runs[runs.length - 1].push(statement);
    lines += countLines([statement]);
  }
  return runs;
}

/** A long list of statements as functions, to be called one after the other. */
export interface Parts {
  /** The functions and what they share. */
  readonly definitions: readonly string[];
  readonly calls: readonly string[];
}

/**
 * Splits statements into functions that take `parameters`. Numbers that one part defines and another reads pass through an array:
 * variables of a closure would be allocated anew at every assignment.
 */
export function splitStatements(
  statements: readonly string[],
  parameters: readonly string[],
  length = longestFunction,
): Parts {
  const runs = runsOf(statements, length);
  const texts = runs.map((run) => run.join('\n'));
  const defined = texts.map((text) => matches(text, definition, 1));
  const used = texts.map((text) => matches(text, identifier, 0));
  const places = new Map<string, number>();
  defined.forEach((names, part) => {
    for (const name of names) {
      if (used.some((later, other) => other > part && later.has(name))) places.set(name, places.size);
    }
  });
  const functions = runs.map((run, part) => {
    const foreign = [...places].filter(([name]) => used[part].has(name) && !defined[part].has(name));
    const own = [...places].filter(([name]) => defined[part].has(name));
    return [
      `const part${part} = (${parameters.join(', ')}) => {`,
      ...indent([
        ...foreign.map(([name, place]) => `const ${name} = passed[${place}];`),
        ...run,
        ...own.map(([name, place]) => `passed[${place}] = ${name};`),
      ]),
      '};',
    ];
  });
  return {
    definitions: [`const passed = new Float64Array(${places.size});`, ...functions.flat()],
    calls: runs.map((_, part) => `part${part}(${parameters.join(', ')});`),
  };
}
