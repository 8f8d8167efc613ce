import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { dataOptionsSchema } from '../src/data/index.js';
import { addDataOptions, dataOptions, dataSource, type DataOptionValues } from './data.js';

function parse(...args: string[]): ReturnType<typeof dataOptions> {
  const command = addDataOptions(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  command.option('--other <text>', 'of another kind', 'its default');
  return dataOptions(command.parse(args, { from: 'user' }).opts<DataOptionValues>());
}

describe('the options of data', () => {
  test('those that are given, by the names of the library, as plain JSON', () => {
    const text =
      '--label price --task regression --drop id,name --categorical code --size 24x32 --color grey --length 64 ' +
      '--stride 16 --validation-split 0.1 --test-split 100 --split-seed 7';
    const options = parse(...text.split(' '));
    expect(options).toEqual({
      label: 'price',
      task: 'regression',
      drop: ['id', 'name'],
      categorical: ['code'],
      size: [24, 32],
      color: 'grey',
      length: 64,
      stride: 16,
      validation: 0.1,
      test: 100,
      splitSeed: 7,
    });
    expect(dataOptionsSchema.parse(JSON.parse(JSON.stringify(options)))).toEqual(options);
    // Each option of the library has one of the command line.
    expect(new Set(Object.keys(options))).toEqual(new Set(Object.keys(dataOptionsSchema.shape)));
    expect(parse()).toEqual({});
    expect(parse('--size', '28')).toEqual({ size: [28, 28] });
  });

  test.each([
    ['--size', '0'],
    ['--size', '3x'],
    ['--size', 'large'],
    ['--task', 'clustering'],
    ['--color', 'blue'],
    ['--length', 'long'],
  ])('%s %s is refused', (option, value) => {
    expect(() => parse(option, value)).toThrow(`argument '${value}' is invalid`);
  });
});

test('a path is kept from the root, a name as it is', () => {
  expect(dataSource('digits')).toBe('digits');
  expect(dataSource('nowhere.csv')).toBe('nowhere.csv');
  expect(dataSource('package.json')).toBe(`${process.cwd()}/package.json`);
});
