import { describe, expect, test } from 'vitest';
import { coderOf, gradient, request } from '../../../test/distributed/coders.js';
import { withFeedback } from './feedback.js';
import { codecs, parseCodec } from './registry.js';
import { Workspace } from './workspace.js';

/** Codecs as they are tested: a share large enough to matter, and no momentum where a sum is to be conserved. */
const tested: Readonly<Record<string, string>> = {
  topk: 'topk:ratio=0.05',
  dgc: 'dgc:ratio=0.05,momentum=0,half',
};

const coders = Object.keys(codecs)
  .map((name) => tested[name] ?? name)
  .concat('topk:ratio=0.1,half')
  .filter((name) => coderOf(name, new Workspace(), 1) !== undefined);

const sizes = [0, 1, 2, 15, 16, 17, 31, 33, 511, 513, 4095, 4096, 4097, 10_007];

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
      const worst = sent.reduce((most, value, index) => {
        const error = Math.abs(value + residual[index] - (given[index] + before[index]));
        return Math.max(most, error);
      }, 0);
      expect(worst).toBeLessThanOrEqual(1e-6 * scale);
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
    const [own] = name.split(':');
    expect(() => coder.decode(out, bytes + 1, values, false)).toThrow(
      `${own}: a message of ${bytes + 1} bytes`,
    );
  });
});

/** What a codec makes of values, the mean over many draws. */
function meanDecoded(name: string, given: Float32Array, draws: number): Float64Array {
  const workspace = new Workspace();
  const { length } = given;
  const coder = coderOf(name, workspace, length);
  if (coder === undefined) throw new Error('no coder');
  const values = workspace.allocateValues(length);
  const decoded = workspace.allocateValues(length);
  const out = workspace.allocate(coder.maxBytes(length));
  workspace.floats(values).set(given);
  const sum = new Float64Array(length);
  for (let draw = 1; draw <= draws; draw++) {
    coder.decode(out, coder.encode(values, out, draw), decoded, false);
    workspace.floats(decoded).forEach((value, index) => (sum[index] += value / draws));
  }
  return sum;
}

describe('rounding at random', () => {
  test.each([
    // The largest spread of one draw, in units of a group's scale: half of the step between two neighbours.
    { name: 'terngrad:clip=0', spread: (given: Float32Array) => Math.max(...given.map(Math.abs)) / 2 },
    { name: 'qsgd', spread: (given: Float32Array) => Math.hypot(...given) / 7 / 2 },
    { name: 'natural', spread: (given: Float32Array) => Math.max(...given.map(Math.abs)) / 2 },
  ])('$name is unbiased', ({ name, spread }) => {
    const given = gradient(200, 2);
    const draws = 4000;
    const mean = meanDecoded(name, given, draws);
    // Five standard errors: one of 600 means leaves them in 3,000 runs, and the draws are fixed by their seeds.
    const bound = (5 * spread(given)) / Math.sqrt(draws);
    given.forEach((value, index) => expect(Math.abs(mean[index] - value)).toBeLessThan(bound));
  });

  test('other draws and other ranks round otherwise, the same draw and rank alike', () => {
    const encode = (rank: number, draw: number): string => {
      const workspace = new Workspace();
      const coder = parseCodec('qsgd').create({ ...request(workspace, 100), rank });
      if (coder.kind !== 'coder') throw new Error('qsgd is a coder');
      const values = workspace.allocateValues(100);
      workspace.floats(values).set(gradient(100, 1));
      const out = workspace.allocate(coder.maxBytes(100));
      return Buffer.from(workspace.bytes(out, coder.encode(values, out, draw))).toString('hex');
    };
    expect(encode(0, 1)).toBe(encode(0, 1));
    expect(new Set([encode(0, 1), encode(0, 2), encode(1, 1), encode(1, 2)]).size).toBe(4);
  });
});

describe('what is published', () => {
  test("MXNet's 2-bit steps: 0.4, 0.1, 0.2 and 0.3 at a threshold of 0.5", () => {
    const workspace = new Workspace();
    const coder = withFeedback(parseCodec('twobit')).create(request(workspace, 1));
    if (coder.kind !== 'coder') throw new Error('twobit is a coder');
    const values = workspace.allocateValues(1);
    const out = workspace.allocate(coder.maxBytes(1));
    const sent = [0.4, 0.1, 0.2, 0.3, -1.2].map((value, index) => {
      workspace.floats(values)[0] = value;
      const bytes = coder.encode(values, out, index);
      coder.decode(out, bytes, values, false);
      return workspace.floats(values)[0];
    });
    expect(sent).toEqual([0, 0.5, 0, 0.5, -0.5]);
  });

  test('onebit decodes a sign as the mean of the values of that sign', () => {
    const workspace = new Workspace();
    const coder = coderOf('onebit', workspace, 5);
    if (coder === undefined) throw new Error('onebit is a coder');
    const values = workspace.allocateValues(5);
    const out = workspace.allocate(coder.maxBytes(5));
    workspace.floats(values).set([1, 3, -2, 0, -4]);
    coder.decode(out, coder.encode(values, out, 1), values, false);
    const up = Math.fround(4 / 3);
    expect([...workspace.floats(values)]).toEqual([up, up, -3, up, -3]);
  });

  test('unscaled signs are votes of ±1', () => {
    const workspace = new Workspace();
    const coder = coderOf('sign:scaled=false', workspace, 3);
    if (coder === undefined) throw new Error('sign is a coder');
    const values = workspace.allocateValues(3);
    const out = workspace.allocate(coder.maxBytes(3));
    workspace.floats(values).set([0.2, -7, 1e-9]);
    coder.decode(out, coder.encode(values, out, 1), values, false);
    expect([...workspace.floats(values)]).toEqual([1, -1, 1]);
  });

  test('half precisions round as the formats say', () => {
    const workspace = new Workspace();
    const given = [
      0, 1, 65504, 65519.9, 70000, 6e-8, 2.98e-8, 2.99e-8, 6.1e-5, 1.0009765625, 1.00048828125, -2.5,
    ];
    const round = (name: string): number[] => {
      const coder = coderOf(name, workspace, given.length);
      if (coder === undefined) throw new Error('no coder');
      const values = workspace.allocateValues(given.length);
      const out = workspace.allocate(coder.maxBytes(given.length));
      workspace.floats(values).set(given);
      coder.decode(out, coder.encode(values, out, 1), values, false);
      return [...workspace.floats(values)];
    };
    const ulp = 2 ** -24;
    // Ties go to the even neighbour: 1 + 2^-11 to 1; half of the smallest number is 2.98e-8.
    expect(round('fp16')).toEqual([
      0,
      1,
      65504,
      65504,
      65504,
      ulp,
      0,
      ulp,
      1023 * ulp,
      1.0009765625,
      1,
      -2.5,
    ]);
    expect(round('bf16').slice(0, 4)).toEqual([0, 1, 65536, 65536]);
  });
});
