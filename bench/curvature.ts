/**
 * How long does a Hessian-vector product take beside a gradient, and how long do ten eigenpairs, and a plane beside as many forward passes?
 * float32; batch norm by its running statistics.
 */
import type { Contender } from './contender.js';
import { pythonPeer, scree } from './peers.js';
import type { TableOptions } from './table.js';

/** Examples a batch; images of 224×224 and sequences of 128 take long. */
const batches = { mlp: 128, lenet: 128, cnn: 128, transformer: 4, resnet18: 16, resnet50: 2 } as const;

/** Examples for ten eigenpairs: of the mlp so few that keeping vectors orthogonal takes longer than the products. */
const eigenBatches = { mlp: 64, resnet18: 32 } as const;

export interface CurvatureCase {
  readonly name: string;
  contenders(threads: number): Contender[];
  table(threads: number): TableOptions;
}

const own = (
  name: string,
  group: string,
  what: string,
  model: string,
  batch: number,
  threads: number,
): Contender => ({
  ...scree('scree-curvature.ts', [what, model, batch, threads]),
  name,
  group,
});

const threadWords = (threads: number) => `${threads} ${threads === 1 ? 'thread' : 'threads'}`;

function products(model: keyof typeof batches): CurvatureCase {
  const batch = batches[model];
  const inJax = model === 'mlp' || model === 'lenet' || model === 'cnn';
  return {
    name: model,
    contenders: (threads) => [
      own('Scree gradient', 'gradient', 'gradient', model, batch, threads),
      own('Scree product', 'Scree', 'hvp', model, batch, threads),
      own('Scree product, nothing kept', 'Scree', 'hvp-whole', model, batch, threads),
      ...(['gradient', 'hvp', 'hvp-kept'] as const).map((what) =>
        pythonPeer('PyTorch', 'pytorch_hvp.py', [model, batch, threads, what], {
          threads,
          name: `PyTorch ${what}`,
        }),
      ),
      ...(inJax ? (['gradient', 'hvp'] as const) : []).map((what) =>
        pythonPeer('JAX', 'jax_hvp.py', [model, batch, what], { threads, name: `JAX ${what}` }),
      ),
    ],
    table: (threads) => ({
      title: `Hessian-vector product of ${model}, batch ${batch}, ${threadWords(threads)} (ratios to Scree's gradient)`,
      bar: 'gradient',
      item: 'a product or gradient',
    }),
  };
}

function eigenpairs(model: keyof typeof eigenBatches): CurvatureCase {
  const batch = eigenBatches[model];
  return {
    name: `eigen-${model}`,
    contenders: (threads) => [
      own('Scree', 'Scree', 'eigen', model, batch, threads),
      ...['pyhessian', 'curvlinops', 'eigsh'].map((way) =>
        pythonPeer('peers', 'pytorch_eigen.py', [way, model, batch, threads], { threads, name: way }),
      ),
    ],
    table: (threads) => ({
      title: `the ten largest eigenpairs of ${model}, batch ${batch}, ${threadWords(threads)}`,
      bar: 'peers',
      item: 'all ten',
    }),
  };
}

export const curvatureCases: readonly CurvatureCase[] = [
  ...(Object.keys(batches) as (keyof typeof batches)[]).map(products),
  ...(Object.keys(eigenBatches) as (keyof typeof eigenBatches)[]).map(eigenpairs),
  {
    name: 'plane',
    contenders: (threads) => [
      own('forward pass', 'forward pass', 'forward', 'resnet18', 1000, threads),
      own('place of a plane', 'plane', 'plane', 'resnet18', 1000, threads),
    ],
    table: (threads) => ({
      title: `a place of a plane of resnet18 on 1,000 examples, ${threadWords(threads)}`,
      bar: 'forward pass',
      item: 'a loss',
    }),
  },
  {
    name: 'point',
    contenders: () => [scree('scree-point.ts', [])],
    table: () => ({
      title: 'the monkey saddle at 0, from the function to its name',
      bar: 'Scree',
      item: 'a point',
    }),
  },
];
