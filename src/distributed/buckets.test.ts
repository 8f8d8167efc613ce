import { describe, expect, test } from 'vitest';
import { sizeOf } from '../graph/shape.js';
import { flattenTree } from '../graph/tree.js';
import { models } from '../nn/index.js';
import { Generator } from '../random/index.js';
import { bucketGradient } from './buckets.js';
import { Workspace } from './codec/workspace.js';
import { Departures } from './departures.js';

const { resnet50 } = models;
const { usual } = resnet50;
const shapes = flattenTree(
  resnet50.build(usual.input, usual.classes).init(new Generator(0), usual.input).parameters,
).map(({ shape }) => shape);
const bytes = (tensors: readonly number[]) => tensors.reduce((sum, at) => sum + 4 * sizeOf(shapes[at]), 0);

describe('bucketGradient', () => {
  test('ResNet-50: all tensors once, last layers first, little left at the end', () => {
    const { members, gradients, buckets } = bucketGradient(new Workspace(), shapes);
    expect(members.flat()).toEqual([...shapes.keys()].reverse());
    expect(gradients.map(({ data }) => data.length)).toEqual(shapes.map(sizeOf));
    buckets.forEach(({ values }, bucket) => expect(4 * values.length).toBe(bytes(members[bucket])));
    const sizes = members.map(bytes);
    // The classifier's bias does not travel alone; nothing is above 25 MiB; the last bucket is a few layers' at most.
    expect(members[0]).toHaveLength(2);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(25 * 2 ** 20);
    expect(sizes[sizes.length - 1]).toBeLessThan(2 * 2 ** 20);
  });

  test('no tensors, no buckets', () => {
    expect(bucketGradient(new Workspace(), [])).toEqual({ buckets: [], gradients: [], members: [] });
  });
});

describe('Departures', () => {
  test('leave in their order, whatever order they are told of in, and once a step', async () => {
    const left: string[] = [];
    const departures = new Departures(3, (bucket, step) => {
      left.push(`${bucket} in ${step}`);
      return Promise.resolve();
    });
    departures.complete(1, 1);
    expect(left).toEqual([]);
    departures.complete(0, 1);
    expect(left).toEqual(['0 in 1', '1 in 1']);
    await departures.finish(1);
    expect(left).toEqual(['0 in 1', '1 in 1', '2 in 1']);
    await departures.finish(2);
    expect(left.slice(3)).toEqual(['0 in 2', '1 in 2', '2 in 2']);
  });

  test('a failure is told to who waits, and to nobody before', async () => {
    const departures = new Departures(2, (bucket) =>
      bucket === 0 ? Promise.reject(new Error('the link is down')) : Promise.resolve(),
    );
    departures.complete(0, 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(departures.finish(1)).rejects.toThrow('the link is down');
  });
});
