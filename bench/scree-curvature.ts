/**
 * Scree's side of the curvature questions: scree-curvature.ts WHAT MODEL BATCH THREADS, with models as they are evaluated.
 * gradient, hvp (what depends on the weights alone kept), hvp-whole (nothing kept); eigen: the ten largest eigenpairs;
 * forward: a loss, plane: one of the losses of a plane.
 */
import {
  curvatureOperator,
  lanczos,
  LossFunction,
  type BatchedLoss,
  flattenParameters,
  type FloatVector,
} from '../src/curvature/index.js';
import type { NDArray } from '../src/graph/ndarray.js';
import { flattenTree, treePaths, unflattenTree } from '../src/graph/tree.js';
import { lossPlane } from '../src/landscape/plane.js';
import { filterNormalisedDirection } from '../src/landscape/slice.js';
import { crossEntropy, models } from '../src/nn/index.js';
import { Generator, integers, normal } from '../src/random/index.js';
import { measure } from './measure.js';

const [, , what, name, batchText, threadsText] = process.argv;
const batch = Number(batchText);
const compile = { target: 'onnx', threads: Number(threadsText) } as const;

/** A model's loss over random examples in parts of at most 128. */
function lossOf(): { loss: BatchedLoss; at: FloatVector } {
  const known = models[name];
  const { usual } = known;
  const model = known.build(usual.input, usual.classes);
  const generator = new Generator(0);
  const initial = model.init(generator, usual.input);
  const isText = model.takes === 'int32';
  const part = (size: number) => {
    const inputs: NDArray = isText
      ? integers(generator, [size, ...usual.input], 0, usual.classes)
      : normal(generator, [size, ...usual.input]);
    const labels = integers(generator, isText ? [size, ...usual.input] : [size], 0, usual.classes);
    return { examples: [inputs, labels], shared: flattenTree(initial.state), size };
  };
  const count = Math.ceil(batch / 128);
  const loss: BatchedLoss = {
    parameters: flattenTree(initial.parameters).map(({ shape, dtype }) => ({ shape, dtype })),
    names: treePaths(initial.parameters),
    output: (parameters, [examples], state) =>
      model.apply(
        unflattenTree(initial.parameters, parameters),
        unflattenTree(initial.state, state),
        examples,
        { training: false },
      ).output,
    loss: (output, [, labels]) => crossEntropy(output, labels),
    parts: Array.from({ length: count }, () => part(batch / count)),
  };
  return { loss, at: flattenParameters(loss, flattenTree(initial.parameters)) };
}

const { loss, at } = lossOf();
switch (what) {
  case 'gradient': {
    const f = new LossFunction(loss, compile);
    await measure(async () => void (await f.gradient(at)), { least: 3 });
    break;
  }
  case 'hvp':
  case 'hvp-whole': {
    const keepBytes = what === 'hvp' ? 2 ** 33 : 0;
    const operator = await curvatureOperator('hessian', loss, at, { compile, keepBytes });
    const v = normal(new Generator(1), [at.length], { dtype: 'float64' }).data;
    const out = new Float64Array(at.length);
    await measure(() => operator.multiply(Float64Array.from(v), out), { least: 3 });
    break;
  }
  case 'eigen': {
    const generator = new Generator(2);
    const run = async () => {
      const operator = await curvatureOperator('hessian', loss, at, { compile });
      const { top } = await lanczos(operator, {
        generator,
        top: 10,
        bottom: 0,
        storage: 'float32',
        maxSteps: 300,
        tolerance: 2e-4,
      });
      // What the peers are asked for: residuals relative to each eigenvalue, not to the largest.
      const worst = Math.max(...top.map(({ value, error }) => error / value));
      if (!(worst <= 1e-3)) throw new Error(`scree-curvature.ts: an eigenvalue is known to ${worst} only`);
      top.forEach((pair) => pair.vector());
      operator.close();
    };
    await measure(run, { seconds: 0, least: 1, settle: 0 });
    break;
  }
  case 'forward': {
    const f = new LossFunction(loss, compile);
    await measure(async () => void (await f.value(at)), { least: 3, settle: 1 });
    break;
  }
  case 'plane': {
    const f = new LossFunction(loss, compile);
    const generator = new Generator(3);
    const direction = () => filterNormalisedDirection(loss.parameters, at, generator.fork('direction'));
    const plane = { origin: at, u: direction(), v: direction() };
    const size = 2;
    const run = async () => void (await lossPlane((x) => f.value(x), plane, { size }));
    await measure(run, { each: size * size, least: 2, settle: 1 });
    break;
  }
  default:
    throw new Error(`scree-curvature.ts: what is ${what}?`);
}
