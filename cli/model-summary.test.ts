import { describe, expect, test } from 'vitest';
import { models } from '../src/nn/index.js';
import { Generator } from '../src/random/index.js';
import { summaryLines, type SummaryKind } from './model-summary.js';
import { plain } from './terminal/style.js';

function lines(name: string, input: readonly number[], kind: SummaryKind): string[] {
  const network = models[name].build(input, 10);
  const initial = network.init(new Generator(0), input);
  return summaryLines({ network, initial, input }, kind, plain);
}

describe('the summary of a model', () => {
  test('in short: layers with parameters, equal ones in one row, their sum at the end', () => {
    expect(`\n${lines('resnet18', [3, 32, 32], 'short').join('\n')}\n`).toMatchInlineSnapshot(`
      "
      layer                   output     parameters     forward
      ──────────────────────  ─────────  ──────────  ──────────
      conv 64 of 3×3          64×32×32        1,728  3.54 MFLOP
      batch norm              64×32×32          128           –
      2 × residual 64         64×32×32      147,968   302 MFLOP
      residual 128, stride 2  128×16×16     230,144   117 MFLOP
      residual 128            128×16×16     295,424   151 MFLOP
      residual 256, stride 2  256×8×8       919,040   117 MFLOP
      residual 256            256×8×8     1,180,672   151 MFLOP
      residual 512, stride 2  512×4×4     3,673,088   117 MFLOP
      residual 512            512×4×4     4,720,640   151 MFLOP
      dense 10                10              5,130  10.2 kFLOP
      all                                11,173,962  1.11 GFLOP
      "
    `);
  });

  test('in full: every layer', () => {
    expect(`\n${lines('lenet', [1, 28, 28], 'full').join('\n')}\n`).toMatchInlineSnapshot(`
      "
      layer           output    parameters     forward
      ──────────────  ────────  ──────────  ──────────
      conv 6 of 5×5   6×28×28          156   235 kFLOP
      max pool 2×2    6×14×14            –           –
      relu            6×14×14            –           –
      conv 16 of 5×5  16×10×10       2,416   480 kFLOP
      max pool 2×2    16×5×5             –           –
      relu            16×5×5             –           –
      flatten         400                –           –
      dense 120       120           48,120    96 kFLOP
      relu            120                –           –
      dense 84        84            10,164  20.2 kFLOP
      relu            84                 –           –
      dense 10        10               850  1.68 kFLOP
      all                           61,706   833 kFLOP
      "
    `);
  });

  test('not at all', () => {
    expect(lines('mlp', [4], 'none')).toEqual([]);
  });

  test.each(['lenet', 'transformer', 'gru'])('of %s fits into 80 columns', (name) => {
    const rows = lines(name, models[name].usual.input, 'full');
    expect(Math.max(...rows.map((line) => line.length))).toBeLessThanOrEqual(80);
  });
});
