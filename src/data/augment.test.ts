import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Generator } from '../random/generator.js';
import { augmentations, parseAugmentation, type Augmentation } from './augment.js';
import { rowWriter } from './augment-rows.js';
import { batches, type Batch } from './batches.js';
import type { Split } from './dataset.js';
import { symmetricBeta } from './mixup.js';

describe('parseAugmentation', () => {
  test('names, options and defaults', () => {
    expect(parseAugmentation('flip,crop:padding=4,cutout:size=8,mixup:alpha=0.2')).toEqual({
      flip: { axis: 'horizontal' },
      move: { pixels: 4, fill: 'black' },
      cutout: { size: 8, count: 1 },
      mixup: { alpha: 0.2 },
    });
    expect(parseAugmentation('cutout:size=3,count=2, shift:pixels=1 ,flip:axis=both')).toEqual({
      flip: { axis: 'both' },
      move: { pixels: 1, fill: 'edge' },
      cutout: { size: 3, count: 2 },
    });
    // Each has defaults that are in their own range.
    for (const { name } of augmentations) expect(Object.keys(parseAugmentation(name)).length).toBe(1);
  });

  test.each([
    ['flap', 'unknown augmentation "flap"; did you mean "flip"?'],
    ['', 'unknown augmentation ""'],
    ['flip,', 'unknown augmentation ""'],
    ['padding=4', '"padding=4" is an option of no name'],
    ['crop:paddin=4', 'unknown option of crop "paddin"; did you mean "padding"?'],
    ['crop:4', 'unknown option of crop "4"'],
    ['crop:', 'unknown option of crop ""'],
    ['crop:padding=', 'crop: padding= is not a number'],
    ['crop:padding=1.5', 'crop: padding=1.5 is not an integer from 1 to 1024'],
    ['crop:padding=1=2', 'crop: padding=1 is not a number'],
    ['flip:axis=diagonal', 'unknown axis of flip "diagonal"; known: horizontal, vertical, both'],
    ['mixup:alpha=0', 'mixup: alpha=0 is not a number from 0.01 to 100'],
    ['flip,flip', 'flip is named twice'],
    ['crop,shift', 'crop and shift both move images'],
    ['toString', 'unknown augmentation "toString"'],
  ])('%j is refused', (text, message) => {
    expect(() => parseAugmentation(text)).toThrow(message);
  });
});

type Image = readonly (readonly number[])[];

/** All images that an augmentation can make of one, by plain means: arrays of rows, each mirrored, then looked at from aside. */
function possible(image: Image, { flip, move, cutout }: Augmentation, black: number): Set<string> {
  const mirror = (rows: Image): Image => rows.map((row) => row.toReversed());
  const axis = flip?.axis;
  let images: Image[] = [image];
  if (axis === 'horizontal' || axis === 'both') images = images.flatMap((one) => [one, mirror(one)]);
  if (axis === 'vertical' || axis === 'both') images = images.flatMap((one) => [one, one.toReversed()]);
  const height = image.length;
  const width = image[0].length;
  const reach = move?.pixels ?? 0;
  const offsets = Array.from({ length: 2 * reach + 1 }, (_, index) => index - reach);
  const clamp = (value: number, extent: number): number =>
    move?.fill === 'edge' ? Math.min(extent - 1, Math.max(0, value)) : value;
  images = images.flatMap((one) =>
    offsets.flatMap((down) =>
      offsets.map((right) =>
        one.map((row, y) =>
          row.map((_, x) => one[clamp(y + down, height)]?.[clamp(x + right, width)] ?? black),
        ),
      ),
    ),
  );
  if (cutout !== undefined) {
    const half = Math.floor(cutout.size / 2);
    const covers = (center: number, place: number): boolean =>
      place >= center - half && place < center - half + cutout.size;
    images = images.flatMap((one) =>
      image.flatMap((row, centerY) =>
        row.map((_, centerX) =>
          one.map((line, y) =>
            line.map((value, x) => (covers(centerX, x) && covers(centerY, y) ? 0 : value)),
          ),
        ),
      ),
    );
  }
  return new Set(images.map(String));
}

const image: Image = [
  [1, 2, 3, 4],
  [5, 6, 7, 8],
  [9, 10, 11, 12],
];

describe('rowWriter', () => {
  test.each([
    'flip',
    'flip:axis=vertical',
    'flip:axis=both',
    'crop:padding=1',
    'shift:pixels=2',
    'cutout:size=2',
    'flip,crop:padding=2',
    'flip,shift:pixels=1,cutout:size=3',
  ])('%s makes every image that it can make, and no other', (text) => {
    const augmentation = parseAugmentation(text);
    const source = Float32Array.from([...image.flat(), ...image.flat().map((value) => value + 100)]);
    const normalisation = { mean: [10, 40], std: [2, 8] };
    const write = rowWriter(source, [2, 3, 4], augmentation, normalisation);
    const out = new Float32Array(26);
    const expected = possible(image, augmentation, -5);
    const seen = new Map<string, number>();
    const draws = 40 * expected.size;
    for (let epoch = 0; epoch < draws; epoch++) {
      write(out, 1, 0, new Generator(1).fork(epoch).key);
      const made = String(Array.from({ length: 3 }, (_, y) => [...out.subarray(1 + 4 * y, 5 + 4 * y)]));
      seen.set(made, (seen.get(made) ?? 0) + 1);
      // The second channel goes the same way.
      for (let place = 1; place < 13; place++) {
        const [first, second] = [out[place], out[place + 12]];
        if (first > 0) expect(second).toBe(first + 100);
        else expect([first, second]).toEqual(first === 0 ? [0, 0] : [-5, -5]);
      }
    }
    expect([out[0], out[25]]).toEqual([0, 0]);
    // An image that comes once in `size` draws is missed in 40·size with probability e⁻⁴⁰ each.
    expect(new Set(seen.keys())).toEqual(expected);
  });

  test('what happens to a row is the same in whatever batch it comes, and another in each row and epoch', () => {
    const source = Float32Array.from({ length: 200 * 64 }, (_, index) => index % 64);
    const write = rowWriter(source, [1, 8, 8], parseAugmentation('flip,crop:padding=3'));
    const make = (row: number, epoch: number): string => {
      const out = new Float32Array(64);
      write(out, 0, row, new Generator(3).fork(epoch).key);
      return String(out);
    };
    expect(make(17, 2)).toBe(make(17, 2));
    const rows = new Set(Array.from({ length: 200 }, (_, row) => make(row, 0)));
    // 2 · 7 · 7 outcomes: 200 draws miss about e^(−200/98) of them.
    expect(rows.size).toBeGreaterThan(70);
    expect(new Set(Array.from({ length: 200 }, (_, epoch) => make(5, epoch))).size).toBeGreaterThan(70);
  });

  test('examples that are no images, or too small, are refused', () => {
    const source = new Float32Array(64);
    expect(() => rowWriter(source, [64], parseAugmentation('flip'))).toThrow('[64] are no images');
    expect(() => rowWriter(source, [1, 8, 8], parseAugmentation('crop:padding=8'))).toThrow(
      '8×8 cannot be moved by 8',
    );
  });
});

/** Row r is an image of the numbers 8·r to 8·r + 7. */
function rows(size: number): Split {
  return {
    size,
    inputs: {
      data: Float32Array.from({ length: 8 * size }, (_, index) => index),
      shape: [size, 2, 2, 2],
      dtype: 'float32',
    },
    labels: { data: Int32Array.from({ length: size }, (_, row) => row), shape: [size], dtype: 'int32' },
  };
}

interface Taken {
  readonly inputs: number[];
  readonly labels: number[];
  readonly others: number[];
  readonly weight: number;
}

function take(iterator: IterableIterator<Batch>): Taken[] {
  return Array.from(iterator, ({ inputs, labels, mix }) => ({
    inputs: [...inputs.data],
    labels: [...labels.data],
    others: [...(mix?.labels.data ?? [])],
    weight: mix?.weight.data[0] ?? NaN,
  }));
}

describe('batches with augmentation', () => {
  const options = (text: string, batchSize = 4) => ({
    batchSize,
    shuffle: new Generator(5),
    augment: { augmentation: parseAugmentation(text), generator: new Generator(6) },
  });

  test('a run that goes on has the same batches', () => {
    const whole = take(batches(rows(11), options('flip,shift:pixels=1,mixup:alpha=1')).epoch(3));
    for (let first = 0; first < 3; first++) {
      const made = batches(rows(11), options('flip,shift:pixels=1,mixup:alpha=1'));
      expect(take(made.epoch(3, first))).toEqual(whole.slice(first));
    }
    expect(take(batches(rows(11), options('flip,shift:pixels=1,mixup:alpha=1')).epoch(4))).not.toEqual(whole);
  });

  test('mixup: each example is that of its labels and that of the others, by the weight', () => {
    for (const { inputs, labels, others, weight } of take(
      batches(rows(11), options('mixup:alpha=1')).epoch(0),
    )) {
      expect(weight).toBeGreaterThan(0);
      expect(weight).toBeLessThan(1);
      expect(new Set(others)).toEqual(new Set(labels));
      labels.forEach((label, row) => {
        for (let place = 0; place < 8; place++) {
          const exact = weight * (8 * label + place) + (1 - weight) * (8 * others[row] + place);
          // Rounded to float32 once; the numbers are below 88.
          expect(inputs[8 * row + place]).toBeCloseTo(exact, 4);
        }
      });
      if (labels.length > 1) labels.forEach((label, row) => expect(others[row]).not.toBe(label));
    }
  });

  test.each(['flip,shift:pixels=1', 'flip,shift:pixels=1,mixup:alpha=1'])(
    '%s: the parts of a batch are the rows of the whole one, without the others',
    (text) => {
      const full = { ...options(text), dropLast: true };
      const parts = [
        { first: 0, count: 1 },
        { first: 1, count: 1 },
        { first: 2, count: 2 },
      ];
      const whole = take(batches(rows(11), full).epoch(3));
      const cut = parts.map((part) => take(batches(rows(11), { ...full, part }).epoch(3)));
      whole.forEach((batch, index) => {
        expect(cut.flatMap((own) => own[index].inputs)).toEqual(batch.inputs);
        expect(cut.flatMap((own) => own[index].labels)).toEqual(batch.labels);
        expect(cut.flatMap((own) => own[index].others)).toEqual(batch.others);
        for (const own of cut) expect(own[index].weight).toBe(batch.weight);
      });
    },
  );

  test('mixup alone suits tables; characters are refused', () => {
    const table: Split = { ...rows(4), inputs: { ...rows(4).inputs, shape: [4, 8] } };
    expect(take(batches(table, options('mixup')).epoch(0))[0].weight).toBeGreaterThan(0);
    const text: Split = { ...rows(4), inputs: { data: new Int32Array(32), shape: [4, 8], dtype: 'int32' } };
    expect(() => batches(text, options('mixup'))).toThrow(
      'int32 examples, such as characters, cannot be changed',
    );
  });
});

test.each([0.1, 0.5, 1, 3])('weights are of Beta(%d, same): mean 1/2, variance 1/(4(2α + 1))', (alpha) => {
  const generator = new Generator(11);
  const draws = Array.from({ length: 20_000 }, () => symmetricBeta(generator, alpha));
  const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
  const variance = draws.reduce((sum, draw) => sum + (draw - 0.5) ** 2, 0) / draws.length;
  const exact = 1 / (4 * (2 * alpha + 1));
  // Five standard errors: √(variance / n), and at most √(1/16 / n) for squares of numbers within 1/2 of the mean.
  expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(exact / draws.length));
  expect(Math.abs(variance - exact)).toBeLessThan(5 * Math.sqrt(1 / 16 / draws.length));
  expect(draws.every((draw) => draw >= 0 && draw <= 1)).toBe(true);
});

test('an alpha so small that its powers underflow gives weights near 0 or 1', () => {
  fc.assert(
    fc.property(fc.nat(1e6), (seed) => {
      const weight = symmetricBeta(new Generator(seed), 0.01);
      expect(weight >= 0 && weight <= 1).toBe(true);
    }),
  );
});
