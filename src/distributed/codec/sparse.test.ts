import { describe, expect, test } from 'vitest';
import { coderOf, gradient, request } from '../../../test/distributed/coders.js';
import { parseCodec } from './registry.js';
import { Workspace } from './workspace.js';

describe('sparse messages', () => {
  const setUp = (name: string, length: number) => {
    const workspace = new Workspace();
    const coder = coderOf(name, workspace, length, true);
    if (coder === undefined) throw new Error('a coder is wanted');
    const values = workspace.allocateValues(length);
    const decoded = workspace.allocateValues(length);
    const out = workspace.allocate(coder.maxBytes(length));
    return { workspace, coder, values, decoded, out };
  };

  test('topk sends the largest values, the share that was asked for, in fewer bytes than indices would take', () => {
    const length = 100_000;
    const { workspace, coder, values, decoded, out } = setUp('topk:ratio=0.001', length);
    workspace.floats(values).set(gradient(length, 1).map((value, index) => value * (1 + (index % 997))));
    const given = workspace.floats(values).slice();
    const bytes = coder.encode(values, out, 1);
    coder.decode(out, bytes, decoded, false);
    const sent = [...workspace.floats(decoded)].filter((value) => value !== 0);
    const least = Math.min(...sent.map(Math.abs));
    expect(sent.length).toBe(100);
    expect(given.filter((value) => Math.abs(value) >= least).length).toBe(sent.length);
    // 4 bytes a value and log2(1/0.001) + 2 bits a place.
    expect(bytes).toBeLessThan(4 + sent.length * (4 + 12 / 8));
  });

  test.each([
    { name: 'topk:ratio=0.001', sampled: 1, other: 5 },
    { name: 'topk:ratio=0.001', sampled: 5, other: 1 },
    { name: 'dgc:ratio=0.001', sampled: 1, other: 5 },
  ])(
    '$name: a sample that sees $sampled where the rest is $other does not decide',
    ({ name, sampled, other }) => {
      const length = 100_000;
      const { workspace, coder, values, decoded, out } = setUp(name, length);
      // Every seventh value is in the sample.
      const given = Float32Array.from(
        { length },
        (_, at) => (at % 7 === 0 ? sampled : other) * (1 + at * 1e-6),
      );
      workspace.floats(values).set(given);
      coder.decode(out, coder.encode(values, out, 1), decoded, false);
      const sent = [...workspace.floats(decoded)].filter((value) => value !== 0);
      expect(sent.toSorted((a, b) => a - b)).toEqual([...given.toSorted().subarray(length - 100)]);
    },
  );

  test('places in any order of gaps come back', () => {
    const { workspace, coder, values, decoded, out } = setUp('topk:ratio=0.3', 3000);
    for (let round = 1; round <= 20; round++) {
      const given = workspace.floats(values);
      given.fill(0);
      for (let place = round - 1; place < 3000; place += 1 + ((place * round * 7919) % (40 * round)))
        given[place] = round;
      const before = coder.state.residual.data.slice();
      const bytes = coder.encode(values, out, round);
      coder.decode(out, bytes, decoded, false);
      const worst = workspace
        .floats(decoded)
        .reduce(
          (most, value, at) =>
            Math.max(most, Math.abs(value + coder.state.residual.data[at] - given[at] - before[at])),
          0,
        );
      expect(worst).toBe(0);
    }
  });

  test('a message with any bit turned is refused or decoded within the bucket, never outside', () => {
    const { workspace, coder, values, decoded, out } = setUp('topk:ratio=0.05', 640);
    const after = workspace.allocateValues(64);
    workspace.floats(values).set(gradient(640, 4));
    const bytes = coder.encode(values, out, 1);
    const message = workspace.bytes(out, bytes);
    for (let bit = 0; bit < 8 * bytes; bit++) {
      message[bit >> 3] ^= 1 << (bit & 7);
      try {
        coder.decode(out, bytes, decoded, false);
      } catch (error) {
        expect(String(error)).toContain('topk: a message of');
      }
      message[bit >> 3] ^= 1 << (bit & 7);
    }
    expect(workspace.floats(after).every((value) => value === 0)).toBe(true);
  });

  test('dgc takes the steps of its paper: momentum before the cut, and what was sent forgotten in both', () => {
    const length = 400;
    const workspace = new Workspace();
    const coder = parseCodec('dgc:ratio=0.1,momentum=0.5').create(request(workspace, length));
    if (coder.kind !== 'coder') throw new Error('dgc is a coder');
    const values = workspace.allocateValues(length);
    const decoded = workspace.allocateValues(length);
    const out = workspace.allocate(coder.maxBytes(length));
    const velocity = new Float32Array(length);
    const sum = new Float32Array(length);
    for (let step = 1; step <= 10; step++) {
      const given = gradient(length, step);
      workspace.floats(values).set(given);
      coder.decode(out, coder.encode(values, out, step), decoded, false);
      workspace.floats(decoded).forEach((value, index) => {
        velocity[index] = Math.fround(velocity[index] * 0.5) + given[index];
        sum[index] += velocity[index];
        if (value === 0) return;
        expect(value).toBe(sum[index]);
        velocity[index] = 0;
        sum[index] = 0;
      });
      expect([...coder.state.residual.data]).toEqual([...sum]);
      expect([...coder.state.velocity.data]).toEqual([...velocity]);
    }
  });
});

describe('messages that are summed', () => {
  /** Alone, the sum over the ranks is the rank's own. */
  const alone = () => Promise.resolve();

  test.each(['randomk:ratio=0.1', 'powersgd:rank=2'])(
    '%s: sent + kept = gradient + kept before',
    async (name) => {
      const workspace = new Workspace();
      const shapes = [[20, 3, 5], [20], [7, 30], [1, 9]];
      const length = 300 + 20 + 210 + 9;
      const coder = parseCodec(name).create({ workspace, length, shapes, seed: 3, rank: 0, ranks: 1 });
      if (coder.kind !== 'linear') throw new Error('it is summed');
      const values = workspace.allocateValues(length);
      const residual = coder.state.residual.data;
      for (let step = 1; step <= 5; step++) {
        const given = gradient(length, step);
        const before = Float64Array.from(residual);
        workspace.floats(values).set(given);
        await coder.reduce(values, step, alone);
        const scale = Math.max(...given.map(Math.abs), ...before.map(Math.abs));
        const worst = workspace
          .floats(values)
          .reduce(
            (most, value, at) => Math.max(most, Math.abs(value + residual[at] - given[at] - before[at])),
            0,
          );
        // Float32 rounding of a few products and sums of numbers of this size.
        expect(worst).toBeLessThanOrEqual(1e-6 * scale);
      }
    },
  );

  test('powersgd sends a matrix of its rank as it is, in 4r (rows + columns) bytes', async () => {
    const workspace = new Workspace();
    const [rows, columns] = [40, 50];
    const length = rows * columns;
    const coder = parseCodec('powersgd:rank=2').create({
      workspace,
      length,
      shapes: [[rows, columns]],
      seed: 3,
      rank: 0,
      ranks: 1,
    });
    if (coder.kind !== 'linear') throw new Error('it is summed');
    const values = workspace.allocateValues(length);
    const given = Float32Array.from({ length }, (_, at) => {
      const [row, column] = [Math.floor(at / columns), at % columns];
      return Math.sin(row) * Math.cos(column) + 0.3 * Math.cos(3 * row) * Math.sin(2 * column);
    });
    workspace.floats(values).set(given);
    let sent = 0;
    await coder.reduce(values, 1, (part) => {
      sent += 4 * part.length;
      return Promise.resolve();
    });
    expect(sent).toBe(4 * 2 * (rows + columns));
    // Float32 rounding of two projections.
    const worst = workspace
      .floats(values)
      .reduce((most, value, at) => Math.max(most, Math.abs(value - given[at])), 0);
    expect(worst).toBeLessThan(1e-5);
  });
});

test('drive spreads a few large values evenly: its error is about π/2 − 1 of their square', () => {
  const workspace = new Workspace();
  const length = 4096;
  const coder = coderOf('drive:group=4096', workspace, length);
  if (coder === undefined) throw new Error('drive is a coder');
  const values = workspace.allocateValues(length);
  const out = workspace.allocate(coder.maxBytes(length));
  // One large value, the worst for signs without a rotation.
  workspace.floats(values)[17] = 1;
  workspace.floats(values)[18] = 0.5;
  workspace.floats(values)[900] = -0.7;
  const given = workspace.floats(values).slice();
  coder.decode(out, coder.encode(values, out, 1), values, false);
  const error = workspace.floats(values).reduce((sum, value, at) => sum + (value - given[at]) ** 2, 0);
  const square = given.reduce((sum, value) => sum + value ** 2, 0);
  // DRIVE scales without bias, which makes the error π/2 − 1 (Vargaftik et al. 2021, theorem 2); a few coordinates are less even.
  expect(error / square).toBeGreaterThan(0.3);
  expect(error / square).toBeLessThan(0.75);
});
