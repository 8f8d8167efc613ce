/**
 * How long does a Hessian-vector product take beside a gradient, how long do ten eigenpairs, a plane beside as many forward passes, and what
 * memory do Lanczos' vectors take? float32; batch norm by its running statistics.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findLibrary } from '../src/compile/native/index.js';
import type { Contender } from './contender.js';
import { writeForTorch, type LossSpec } from './network-loss.js';
import { pythonPeer, scree } from './peers.js';
import type { TableOptions } from './table.js';

/** Examples a batch; images of 224×224 and sequences of 128 take long. */
const batches = { mlp: 128, lenet: 128, cnn: 128, transformer: 4, resnet18: 16, resnet50: 2 } as const;

/** Networks whose ten eigenpairs are asked for; images of 16×16, that all ways end within minutes. */
const eigenCases = {
  mlp: { name: 'mlp', batch: 64 },
  resnet18: { name: 'resnet18', batch: 16, side: 16 },
} as const;

export interface CurvatureCase {
  readonly name: string;
  contenders(threads: number): Contender[];
  table(threads: number): TableOptions;
}

type OwnEngine = 'onnx' | 'native';

const engineNames = { onnx: 'on ONNX Runtime', native: 'on oneDNN' };

/** Scree's engines that are there. */
const ownEngines = (): OwnEngine[] => ('found' in findLibrary() ? ['onnx', 'native'] : ['onnx']);

const own = (
  name: string,
  group: string,
  engine: OwnEngine,
  args: readonly (string | number)[],
): Contender => {
  const [what, model, batch, threads, ...rest] = args;
  return {
    ...scree('scree-curvature.ts', [what, model, batch, threads, engine, ...rest]),
    name: `${name} ${engineNames[engine]}`,
    group,
  };
};

const threadWords = (threads: number) => `${threads} ${threads === 1 ? 'thread' : 'threads'}`;

function products(model: keyof typeof batches): CurvatureCase {
  const batch = batches[model];
  const inJax = model === 'mlp' || model === 'lenet' || model === 'cnn';
  return {
    name: model,
    contenders: (threads) => [
      ...ownEngines().flatMap((engine) => [
        own('gradient', engine === 'onnx' ? 'gradient' : 'native', engine, [
          'gradient',
          model,
          batch,
          threads,
        ]),
        own('product', 'Scree', engine, ['hvp', model, batch, threads]),
        own('product, nothing kept', 'Scree', engine, ['hvp-whole', model, batch, threads]),
      ]),
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

function eigenpairs(model: keyof typeof eigenCases): CurvatureCase {
  const spec: LossSpec = eigenCases[model];
  const { batch, side } = spec;
  const file = join(tmpdir(), `scree-bench-${model}-${batch}-${side ?? 0}.f32`);
  return {
    name: `eigen-${model}`,
    contenders(threads) {
      writeForTorch(file, spec);
      const images = side === undefined ? [] : [side];
      return [
        ...ownEngines().map((engine) =>
          own('Lanczos', 'Scree', engine, ['eigen', model, batch, threads, file, ...images]),
        ),
        ...['eigsh', 'curvlinops', 'pyhessian'].map((way) =>
          pythonPeer('peers', 'pytorch_eigen.py', [way, model, batch, threads, file, side ?? 0], {
            threads,
            name: way,
          }),
        ),
      ];
    },
    table: (threads) => ({
      title: `the ten largest eigenpairs of ${model}, batch ${batch}${side ? `, images ${side}×${side}` : ''}, ${threadWords(threads)}`,
      bar: 'peers',
      item: 'all ten',
    }),
  };
}

export const curvatureCases: readonly CurvatureCase[] = [
  ...(Object.keys(batches) as (keyof typeof batches)[]).map(products),
  ...(Object.keys(eigenCases) as (keyof typeof eigenCases)[]).map(eigenpairs),
  {
    name: 'plane',
    contenders: (threads) =>
      ownEngines().map((engine) => own('plane', 'Scree', engine, ['plane', 'resnet18', 1000, threads])),
    table: (threads) => ({
      title: `a plane of resnet18 on 1,000 examples, and bare forward passes, ${threadWords(threads)}; 51 × 51 places are 2,601`,
      bar: 'Scree',
      item: 'a pass',
    }),
  },
  {
    name: 'memory',
    contenders: (threads) =>
      ownEngines().map((engine) => own('Lanczos', 'Scree', engine, ['memory', 'resnet50', 1, threads])),
    table: (threads) => ({
      title: `twenty Lanczos vectors of resnet50, batch 1, ${threadWords(threads)}`,
      bar: 'Scree',
      item: 'a vector',
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
