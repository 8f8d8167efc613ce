import { InvalidArgumentError, Option, type Command } from 'commander';
import { ScreeError } from '../src/graph/errors.js';
import type { Shape } from '../src/graph/shape.js';
import { engines, type Engine } from '../src/train/index.js';

/** Reads an option's number; which numbers are right is for the library to say. */
export function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}

/** Reads a shape. @throws ScreeError when it is none */
export function parseShape(text: string): Shape {
  const shape = text.split(/[x×]/).map(Number);
  if (!shape.every((extent) => Number.isInteger(extent) && extent > 0)) {
    throw new ScreeError(`--input ${text} is no shape; write extents with x between, as 3x32x32`);
  }
  return shape;
}

/** Gathers the values of an option that may be given many times. */
export function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

/** What every command that computes takes. */
export interface SharedOptions {
  threads?: number;
  json?: boolean;
}

/** @param json what --json does */
export function addSharedOptions(command: Command, json: string): Command {
  return command
    .option('--threads <n>', 'threads of the engine (default: all of the machine)', parseNumber)
    .option('--json', json);
}

/** What every command that runs networks takes. */
export interface EngineOptions extends SharedOptions {
  engine?: Engine;
}

/** @param usual what is taken where none is given, in words */
export function addEngineOption(command: Command, usual = 'auto'): Command {
  return command.addOption(
    new Option(
      '--engine <name>',
      `what computes: native (oneDNN: see scree native), onnx (ONNX Runtime), or auto: native where it is found (default: ${usual})`,
    ).choices(engines),
  );
}

/** Names and what they are, as commander lists options. */
export function helpList(
  title: string,
  entries: readonly { readonly name: string; readonly summary: string }[],
): string {
  const width = Math.max(...entries.map(({ name }) => name.length));
  const lines = entries.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return [`${title}:`, ...lines].join('\n');
}
