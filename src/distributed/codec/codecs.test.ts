import { describe, expect, test } from 'vitest';
import type { Coder } from './codec.js';
import { withFeedback } from './feedback.js';
import { codecs, parseCodec } from './registry.js';
import { Workspace } from './workspace.js';

const request = (workspace: Workspace, length: number) => ({
  workspace,
  length,
  shapes: [[length]],
  seed: 1,
  rank: 0,
  ranks: 2,
});

/** The codecs whose messages are decoded one by one. */
function coderOf(name: string, workspace: Workspace, length: number, feedback = false): Coder | undefined {
  const codec = parseCodec(name);
  const coder = (feedback ? withFeedback(codec) : codec).create(request(workspace, length));
  return coder.kind === 'coder' ? coder : undefined;
}

const coders = Object.keys(codecs).filter((name) => coderOf(name, new Workspace(), 1) !== undefined);

const sizes = [0, 1, 2, 15, 16, 17, 31, 33, 511, 513, 4095, 4096, 4097, 10_007];

const gradient = (length: number, seed: number): Float32Array =>
  Float32Array.from(
    { length },
    (_, index) => Math.sin(seed + index * 0.7) * Math.exp(Math.cos(index * 0.3 + seed) * 4) * 1e-3,
  );

describe.each(coders)('%s', (name) => {
  test.each(sizes)('sent + kept = gradient + kept before, over 5 steps of %i values', (length) => {
    const workspace = new Workspace();
    const coder = coderOf(name, workspace, length, true);
    if (coder === undefined) throw new Error('no coder');
    const values = workspace.allocateValues(length);
    const decoded = workspace.allocateValues(length);
    const out = workspace.allocate(coder.maxBytes(length));
    const residual = coder.state.residual.data;
    for (let step = 1; step <= 5; step++) {
      workspace.floats(values).set(gradient(length, step));
      const before = Float64Array.from(residual);
      const bytes = coder.encode(values, out, step);
      expect(bytes).toBeLessThanOrEqual(coder.maxBytes(length));
      coder.decode(out, bytes, decoded, false);
      const sent = workspace.floats(decoded);
      const given = workspace.floats(values);
      // Float32 rounding of a sum and a difference of numbers of this size.
      const scale = Math.max(1e-30, ...given.map(Math.abs), ...before.map(Math.abs));
      for (let index = 0; index < length; index++) {
        const error = sent[index] + residual[index] - (given[index] + before[index]);
        expect(Math.abs(error)).toBeLessThanOrEqual(1e-6 * scale);
      }
    }
  });

  test.each([1, 17, 4097])('adding is decoding and then adding, for %i values', (length) => {
    const workspace = new Workspace();
    const coder = coderOf(name, workspace, length);
    if (coder === undefined) throw new Error('no coder');
    const values = workspace.allocateValues(length);
    const first = workspace.allocateValues(length);
    const second = workspace.allocateValues(length);
    const out = workspace.allocate(coder.maxBytes(length));
    workspace.floats(values).set(gradient(length, 3));
    workspace.floats(second).fill(0.25);
    const bytes = coder.encode(values, out, 1);
    expect([...workspace.floats(values)]).toEqual([...gradient(length, 3)]);
    coder.decode(out, bytes, first, false);
    coder.decode(out, bytes, second, true);
    expect([...workspace.floats(second)]).toEqual(
      [...workspace.floats(first)].map((value) => Math.fround(value + 0.25)),
    );
  });

  test.each([NaN, Infinity, -Infinity])('%d is never lost', (bad) => {
    const workspace = new Workspace();
    const coder = coderOf(name, workspace, 100);
    if (coder === undefined) throw new Error('no coder');
    const values = workspace.allocateValues(100);
    const decoded = workspace.allocateValues(100);
    const out = workspace.allocate(coder.maxBytes(100));
    for (const place of [0, 50, 99]) {
      workspace.floats(values).set(gradient(100, 1));
      workspace.floats(values)[place] = bad;
      const bytes = coder.encode(values, out, 1);
      coder.decode(out, bytes, decoded, false);
      expect(Number.isFinite(workspace.floats(decoded)[place])).toBe(false);
    }
  });

  test('zeros stay zeros', () => {
    const workspace = new Workspace();
    const coder = coderOf(name, workspace, 1000);
    if (coder === undefined) throw new Error('no coder');
    const values = workspace.allocateValues(1000);
    const out = workspace.allocate(coder.maxBytes(1000));
    const bytes = coder.encode(values, out, 1);
    coder.decode(out, bytes, values, false);
    expect(workspace.floats(values).every((value) => value === 0)).toBe(true);
  });

  test('a message of another length is refused', () => {
    const workspace = new Workspace();
    const coder = coderOf(name, workspace, 64);
    if (coder === undefined) throw new Error('no coder');
    const values = workspace.allocateValues(64);
    const out = workspace.allocate(coder.maxBytes(64) + 16);
    const bytes = coder.encode(values, out, 1);
    expect(() => coder.decode(out, bytes + 1, values, false)).toThrow(
      `${name}: a message of ${bytes + 1} bytes`,
    );
  });
});
