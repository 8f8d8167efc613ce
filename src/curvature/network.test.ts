import { describe, expect, test } from 'vitest';
import { compile } from '../compile/index.js';
import { ndarray } from '../graph/ndarray.js';
import type { Tensor } from '../graph/tensor.js';
import { symmetricEigen } from '../linalg/index.js';
import { conv, float64, int32, maxPool, softmaxCrossEntropy } from '../ops/index.js';
import { Generator, normal } from '../random/index.js';
import { hessian } from '../transform/index.js';
import { lanczos } from './lanczos.js';
import {
  flattenParameters,
  leafViews,
  LossFunction,
  parameterCount,
  type BatchedLoss,
  type FloatVector,
} from './network.js';
import { curvatureOperator } from './network-products.js';
import { perSampleGradients } from './network-samples.js';

type Leaves = readonly Tensor[];

/** 6×6 images through conv, max pool, tanh or relu, and a dense layer, in either element type: 4·9 + 36·3 + 3 = 147 parameters. */
function tinyLoss(dtype: 'float32' | 'float64', activation: 'tanh' | 'relu' = 'tanh'): BatchedLoss {
  const x = normal(new Generator(1), [14, 1, 6, 6], { dtype });
  const rows = (from: number, to: number) => ({
    examples: [
      ndarray(x.data.subarray(from * 36, to * 36), [to - from, 1, 6, 6], dtype),
      ndarray(Int32Array.from({ length: to - from }, (_, i) => (from + i) % 3)),
    ],
    shared: [],
    size: to - from,
  });
  return {
    parameters: [
      { shape: [4, 1, 3, 3], dtype },
      { shape: [36, 3], dtype },
      { shape: [3], dtype },
    ],
    names: ['conv.weight', 'dense.weight', 'dense.bias'],
    output([kernel, weight, bias], [images]) {
      const seen = maxPool(conv(images, kernel, { padding: 1 }), 2);
      const active = activation === 'tanh' ? seen.tanh() : seen.relu();
      return active.reshape([images.shape[0], 36]).matmul(weight).add(bias);
    },
    loss: (output, [, labels]) => softmaxCrossEntropy(output, labels).mean(),
    parts: [rows(0, 6), rows(6, 12), rows(12, 14)],
  };
}

function point(loss: BatchedLoss): FloatVector {
  const arrays = loss.parameters.map(({ shape, dtype }, i) =>
    normal(new Generator(9 + i), shape, { dtype: dtype === 'float64' ? dtype : 'float32' }),
  );
  return flattenParameters(
    loss,
    arrays.map((array) => ({ ...array, data: array.data.map((x) => 0.4 * x) })),
  );
}

/** The Hessian of the mean over all examples at once, dense and float64, by the ordinary transform. */
function denseHessian(loss: BatchedLoss, at: FloatVector): Float64Array {
  const n = parameterCount(loss);
  const images = loss.parts.flatMap(({ examples }) => Array.from(examples[0].data));
  const labels = loss.parts.flatMap(({ examples }) => Array.from(examples[1].data));
  const count = labels.length;
  const f = (images: Tensor, labels: Tensor) => (flat: Tensor) => {
    let start = 0;
    const leaves = loss.parameters.map(({ shape }) => {
      const end = start + shape.reduce((a, b) => a * b, 1);
      const leaf = flat.slice([start], [end]).reshape(shape);
      start = end;
      return leaf;
    });
    return loss.loss(loss.output(leaves, [images, labels], []), [images, labels]);
  };
  const program = compile<[Tensor, Tensor, Tensor], Tensor>(
    (flat, x, y) => hessian(f(x, y))(flat),
    [float64(n), float64(count, 1, 6, 6), int32(count)],
  );
  const { data } = program.run(
    ndarray(Float64Array.from(at)),
    ndarray(Float64Array.from(images), [count, 1, 6, 6]),
    ndarray(Int32Array.from(labels)),
  );
  return Float64Array.from(data);
}

const targets = [
  ['javascript, float64', 'float64', {}, 1e-12],
  ['javascript, float32', 'float32', {}, 2e-5],
  ['onnx, float32', 'float32', { target: 'onnx', threads: 1 } as const, 2e-5],
] as const;

// The reference is itself rounded by some n·ε·|λ|.
const slack = 1e-13;

describe('a network at a point', () => {
  test.each(targets)('%s: value, gradient and Hessian products', async (_, dtype, compile, tolerance) => {
    const loss = tinyLoss(dtype);
    const at = point(loss);
    const n = parameterCount(loss);
    const f = new LossFunction(loss, compile);
    const { value, gradient } = await f.gradient(at);
    expect(value).toBeCloseTo(await f.value(at), 6);
    // Central differences of the float64 loss.
    const exact = new LossFunction(tinyLoss('float64'));
    for (const i of [0, 20, 60, 146]) {
      const shifted = (h: number) => exact.value(Float64Array.from(at, (x, j) => (j === i ? x + h : x)));
      const slope = ((await shifted(1e-5)) - (await shifted(-1e-5))) / 2e-5;
      expect(Math.abs(gradient[i] - slope)).toBeLessThan(1e-8 + tolerance);
    }
    const dense = denseHessian(loss, at);
    const v = Float64Array.from({ length: n }, (_, i) => Math.sin(i + 1));
    const out = new Float64Array(n);
    for (const keepBytes of [0, 2 ** 20]) {
      const operator = await curvatureOperator('hessian', loss, at, { compile, keepBytes });
      expect(operator.keptBytes > 0).toBe(keepBytes > 0);
      await operator.multiply(v, out);
      operator.close();
      for (let i = 0; i < n; i++) {
        let expected = 0;
        for (let j = 0; j < n; j++) expected += dense[i * n + j] * v[j];
        expect(Math.abs(out[i] - expected)).toBeLessThan(tolerance);
      }
    }
    f.close();
  });

  test.each(targets)(
    '%s: intervals of Lanczos hold the eigenvalues of the dense Hessian',
    async (_, dtype, compile) => {
      const activations = ['tanh', 'relu'] as const;
      for (const activation of activations) {
        const loss = tinyLoss(dtype, activation);
        const at = point(loss);
        const truth = Array.from(symmetricEigen(denseHessian(loss, at), parameterCount(loss)).values);
        const operator = await curvatureOperator('hessian', loss, at, { compile });
        for (let seed = 0; seed < 10; seed++) {
          const result = await lanczos(operator, {
            generator: new Generator(seed),
            top: 5,
            bottom: 5,
            storage: dtype,
            tolerance: 1e-4,
          });
          result.top.forEach(({ value, error }, k) => {
            expect(Math.abs(truth[truth.length - 1 - k] - value)).toBeLessThanOrEqual(error + slack);
          });
          result.bottom.forEach(({ value, error }, k) => {
            expect(Math.abs(truth[k] - value)).toBeLessThanOrEqual(error + slack);
          });
          expect(result.bounds.lower).toBeLessThanOrEqual(truth[0] + slack);
          expect(result.bounds.upper).toBeGreaterThanOrEqual(truth[truth.length - 1] - slack);
        }
        operator.close();
      }
    },
  );

  test.each(targets)('%s: gradients of single examples', async (_, dtype, compile, tolerance) => {
    const loss = tinyLoss(dtype);
    const at = point(loss);
    const [part] = loss.parts;
    const gradients = await perSampleGradients(loss, at, part, compile);
    expect(gradients.map(({ shape }) => shape)).toEqual([
      [6, 4, 1, 3, 3],
      [6, 36, 3],
      [6, 3],
    ]);
    // One example alone, by the ordinary gradient.
    for (const example of [0, 5]) {
      const single = {
        examples: part.examples.map(({ data, shape, dtype: type }) => {
          const width = data.length / 6;
          return ndarray(data.subarray(example * width, (example + 1) * width), [1, ...shape.slice(1)], type);
        }),
        shared: [],
        size: 1,
      };
      const f = new LossFunction({ ...loss, parts: [single] }, compile);
      const { gradient } = await f.gradient(at);
      f.close();
      leafViews(loss.parameters, gradient).forEach(({ data }, leaf) => {
        data.forEach((value, i) => {
          expect(Math.abs(gradients[leaf].data[example * data.length + i] - value)).toBeLessThan(tolerance);
        });
      });
    }
  });

  test.each(targets)(
    '%s: Gauss–Newton and empirical Fisher products',
    async (_, dtype, compile, tolerance) => {
      const loss = tinyLoss(dtype);
      const at = point(loss);
      const n = parameterCount(loss);
      const [part] = loss.parts;
      const single = { ...loss, parts: [part] };
      const v = Float64Array.from({ length: n }, (_, i) => Math.cos(i));
      const out = new Float64Array(n);
      const fisher = await curvatureOperator('empiricalFisher', single, at, { compile });
      await fisher.multiply(v, out);
      fisher.close();
      const gradients = await perSampleGradients(loss, at, part, compile);
      const expected = new Float64Array(n);
      for (let example = 0; example < 6; example++) {
        const own = gradients.flatMap(({ data }) =>
          Array.from(data.subarray((example * data.length) / 6, ((example + 1) * data.length) / 6)),
        );
        const along = own.reduce((sum, x, i) => sum + x * v[i], 0);
        own.forEach((x, i) => (expected[i] += (along * x) / 6));
      }
      expected.forEach((value, i) => expect(Math.abs(out[i] - value)).toBeLessThan(tolerance));
      // Gauss–Newton of cross-entropy: Σₖ pₖ(…) by central differences of the float64 output: vᵀGv = mean of Var_p(J v).
      const gaussNewton = await curvatureOperator('gaussNewton', single, at, { compile });
      await gaussNewton.multiply(v, out);
      gaussNewton.close();
      const exact = tinyLoss('float64');
      const program = compileOutput(exact);
      const outputs = (h: number) => program(Float64Array.from(at, (x, i) => x + h * v[i]));
      const [plus, minus, here] = [outputs(1e-5), outputs(-1e-5), outputs(0)];
      let form = 0;
      for (let example = 0; example < 6; example++) {
        const logits = here.subarray(3 * example, 3 * example + 3);
        const powers = logits.map((x) => Math.exp(x));
        const whole = powers.reduce((a, b) => a + b);
        const slope = logits.map((_, k) => (plus[3 * example + k] - minus[3 * example + k]) / 2e-5);
        const mean = slope.reduce((sum, s, k) => sum + (s * powers[k]) / whole, 0);
        form += slope.reduce((sum, s, k) => sum + ((s - mean) ** 2 * powers[k]) / whole, 0) / 6;
      }
      const product = out.reduce((sum, x, i) => sum + x * v[i], 0);
      expect(Math.abs(product / form - 1)).toBeLessThan(1e-7 + tolerance);
    },
  );

  test('names the parameter that is no number', () => {
    const loss = tinyLoss('float32');
    const at = point(loss);
    at[40] = NaN;
    expect(() => flattenParameters(loss, leafViews(loss.parameters, at))).toThrow("'dense.weight' holds NaN");
  });
});

function compileOutput(loss: BatchedLoss): (at: FloatVector) => Float64Array {
  const [part] = loss.parts;
  const program = compile<[Leaves, Tensor], Tensor>(
    (parameters, images) => loss.output(parameters, [images], []),
    [[...loss.parameters], float64(6, 1, 6, 6)],
  );
  return (at) => Float64Array.from(program.run(leafViews(loss.parameters, at), part.examples[0]).data);
}
