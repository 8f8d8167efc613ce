import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { compile } from '../../src/compile/index.js';
import { compileForLibrary } from '../../src/compile/native/compile.js';
import { ndarray, type NDArray, type Shape, type Tensor } from '../../src/graph/index.js';
import { conv, trace, type ConvOptions } from '../../src/ops/index.js';
import { Generator, normal } from '../../src/random/index.js';
import { vjp } from '../../src/transform/index.js';
import { describeNative, keepWorker, relativeError } from './support.js';

keepWorker();

interface Case {
  readonly x: Shape;
  readonly w: Shape;
  readonly options: ConvOptions;
}

/** Stems, middles and ends of networks, with everything that a convolution can have, small. */
const cases: readonly Case[] = [
  { x: [2, 3, 17, 17], w: [64, 3, 7, 7], options: { strides: 2, padding: 3 } },
  { x: [2, 64, 9, 9], w: [32, 64, 1, 1], options: {} },
  { x: [2, 32, 9, 9], w: [64, 32, 1, 1], options: { strides: 2 } },
  { x: [2, 32, 10, 10], w: [48, 32, 3, 3], options: { strides: 2, padding: 1 } },
  { x: [2, 32, 9, 11], w: [16, 32, 3, 3], options: { padding: 2, dilation: 2 } },
  { x: [2, 32, 8, 8], w: [32, 8, 3, 3], options: { padding: 1, groups: 4 } },
  { x: [2, 32, 8, 8], w: [32, 1, 3, 3], options: { padding: 1, groups: 32 } },
  { x: [4, 6, 14, 14], w: [16, 6, 5, 5], options: {} },
  { x: [2, 16, 40], w: [16, 16, 3], options: { padding: 1 } },
  { x: [2, 8, 5, 6, 7], w: [16, 8, 3, 3, 3], options: { padding: 1 } },
];
const middle: Case = { x: [8, 32, 12, 12], w: [32, 32, 3, 3], options: { padding: 1 } };

/** A convolution and its two gradients for a given cotangent. */
function directions({ options }: Case) {
  return (x: Tensor, w: Tensor, dy: Tensor): Tensor[] => {
    const { value, pullback } = vjp((a: Tensor, b: Tensor) => conv(a, b, options), x, w);
    return [value, ...pullback(dy)];
  };
}

function draw({ x, w, options }: Case): NDArray[] {
  const generator = new Generator(3).fork(JSON.stringify([x, w]));
  const operands = [normal(generator.fork('x'), x), normal(generator.fork('w'), w)];
  const f = (a: Tensor, b: Tensor) => conv(a, b, options);
  const { shape } = compile(f, [operands[0], operands[1]]).run(operands[0], operands[1]);
  return [...operands, normal(generator.fork('dy'), shape)];
}

const double = ({ data, shape }: NDArray): NDArray => ndarray(Float64Array.from(data), shape);

async function errors(one: Case): Promise<{ errors: number[]; implementations: string[] }> {
  const inputs = draw(one);
  const [x, w, dy] = inputs;
  const [X, W, DY] = inputs.map(double);
  const exact = compile(directions(one), [X, W, DY]).run(X, W, DY);
  const executable = await compileForLibrary(trace(directions(one), [x, w, dy]));
  if (executable === undefined) throw new Error('no primitive in a convolution');
  const outputs = exact.map(({ shape }) => ndarray(new Float32Array(shape.reduce((a, b) => a * b)), shape));
  try {
    await executable.run(inputs, outputs);
    const convolutions = executable.steps.filter(
      (step) => step.kind === 'primitive' && step.name.startsWith('conv'),
    );
    return {
      errors: outputs.map((output, index) => relativeError(output, exact[index])),
      implementations: convolutions.map((step) => (step.kind === 'primitive' ? step.implementation : '')),
    };
  } finally {
    executable.close();
  }
}

describeNative('convolutions', () => {
  // Choices of this test alone: nothing is read from or left in the user's cache.
  let folder: string;
  const before = process.env.XDG_CACHE_HOME;
  const library = process.env.SCREE_ONEDNN;
  beforeEach(async () => {
    const { findLibrary } = await import('../../src/compile/native/index.js');
    const search = findLibrary();
    if ('found' in search) process.env.SCREE_ONEDNN = search.found.path;
    folder = mkdtempSync(join(tmpdir(), 'scree-test-'));
    process.env.XDG_CACHE_HOME = folder;
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
    for (const [name, value] of [
      ['XDG_CACHE_HOME', before],
      ['SCREE_ONEDNN', library],
    ] as const) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  const file = () => join(folder, 'scree', 'native-choices.json');

  test.each(cases)('$x * $w agrees with float64', async (one) => {
    const found = await errors(one);
    expect(found.implementations).toHaveLength(3);
    // Sums of some hundred products, each rounded to 6e-8, in blocks: their errors grow with the root of the number.
    for (const error of found.errors) expect(error).toBeLessThan(1e-6);
  });

  test('what is measured once is kept, and known the next time', async () => {
    const found = await errors(middle);
    const kept = readFileSync(file(), 'utf8');
    for (const direction of ['forward', 'inputGradient', 'weightGradient']) expect(kept).toContain(direction);
    expect(await errors(middle)).toEqual(found);
    expect(readFileSync(file(), 'utf8')).toBe(kept);
  });

  test("Winograd's algorithm agrees to 1e-5 where it is chosen", async () => {
    await errors(middle);
    writeFileSync(file(), readFileSync(file(), 'utf8').replaceAll('"direct"', '"winograd"'));
    const found = await errors(middle);
    // Its transforms multiply and divide by up to 24, so it loses a digit.
    for (const error of found.errors) expect(error).toBeLessThan(1e-5);
    const { capabilitiesOf, findLibrary } = await import('../../src/compile/native/index.js');
    const search = findLibrary();
    const able = 'found' in search && capabilitiesOf(search.found.library).winograd;
    if (able) for (const implementation of found.implementations) expect(implementation).toContain('wino');
  });

  test.each(['{"', '[1]', '{"some machine": 3}', 'null'])(
    'a damaged cache %j is measured again',
    async (text) => {
      mkdirSync(join(folder, 'scree'), { recursive: true });
      writeFileSync(file(), text);
      const found = await errors(middle);
      for (const error of found.errors) expect(error).toBeLessThan(1e-5);
      expect(JSON.parse(readFileSync(file(), 'utf8'))).toBeTypeOf('object');
    },
  );

  test('a cache that cannot be written is done without', async () => {
    writeFileSync(join(folder, 'scree'), 'a file where the folder would be');
    const found = await errors(middle);
    for (const error of found.errors) expect(error).toBeLessThan(1e-5);
  });
});
