/**
 * One training step (forward, backward, SGD with momentum 0.9) under jax-js's jit on WebAssembly: node jaxjs.mjs MODEL THREADS.
 * MODEL: mlp, lenet, cnn. Times are for batch 128; where that is too slow a smaller batch is taken and its times are multiplied
 * (`note` says so). Under Node it has one thread whatever THREADS says, since it looks for the browser's Worker.
 */
import { load, measure, say, versionOf } from './report.mjs';

const [model] = process.argv.slice(2);
const BATCH = 128;
const small = { mlp: 128, lenet: 128, cnn: 4 }[model];

const [jax] = await load('@jax-js/jax');
const { numpy: np, nn, lax, random, tree } = jax;
await jax.init('wasm');
jax.defaultDevice('wasm');

let seed = 0;
const normal = (shape, fanIn) => random.normal(random.key(seed++), shape).mul(1 / Math.sqrt(fanIn));
const dense = (inputs, outputs) => ({ w: normal([inputs, outputs], inputs), b: np.zeros([outputs]) });
const conv = (inputs, outputs, size) => ({
  w: normal([outputs, inputs, size, size], inputs * size * size),
  b: np.zeros([1, outputs, 1, 1]),
});
const convolve = (x, p, padding) => nn.relu(lax.conv(x, p.w, [1, 1], padding).add(p.b));
function pool(x) {
  const [n, c, h, w] = x.shape;
  return np.max(x.reshape([n, c, h / 2, 2, w / 2, 2]), [3, 5]);
}
function tail(layers, x) {
  layers.forEach((layer, index) => {
    x = np.matmul(x, layer.w).add(layer.b);
    if (index < layers.length - 1) x = nn.relu(x);
  });
  return x;
}

const models = {
  mlp: {
    parameters: () => ({ d: [dense(784, 512), dense(512, 256), dense(256, 10)] }),
    network: (p, x) => tail(p.d, x),
  },
  lenet: {
    parameters: () => ({
      c: [conv(1, 6, 5), conv(6, 16, 5)],
      d: [dense(400, 120), dense(120, 84), dense(84, 10)],
    }),
    network(p, x) {
      x = pool(convolve(x, p.c[0], 'SAME'));
      x = pool(convolve(x, p.c[1], 'VALID'));
      return tail(p.d, x.reshape([small, 400]));
    },
  },
  cnn: {
    parameters: () => ({ c: [conv(1, 32, 3), conv(32, 64, 3)], d: [dense(3136, 128), dense(128, 10)] }),
    network(p, x) {
      x = pool(convolve(x, p.c[0], 'SAME'));
      x = pool(convolve(x, p.c[1], 'SAME'));
      return tail(p.d, x.reshape([small, 3136]));
    },
  },
};
const { parameters: init, network } = models[model];
const x = random.normal(random.key(100), model === 'mlp' ? [small, 784] : [small, 1, 28, 28]);
const labels = nn.oneHot(
  np.array(
    Array.from({ length: small }, (_, i) => i % 10),
    { dtype: np.int32 },
  ),
  10,
);

const loss = (p, x, labels) =>
  nn
    .logSoftmax(network(p, x), -1)
    .mul(labels)
    .sum()
    .mul(-1 / small);
const update = jax.jit((p, velocity, x, labels) => {
  const [value, gradients] = jax.valueAndGrad(loss)(tree.ref(p), x, labels);
  const moved = tree.map((v, g) => v.mul(0.9).add(g), velocity, gradients);
  const next = tree.map((p, v) => p.sub(v.mul(0.01)), p, tree.ref(moved));
  return [value, next, moved];
});

let parameters = init();
let velocity = tree.map((p) => np.zeros(p.shape), tree.ref(parameters));

async function step() {
  const [value, next, moved] = update(parameters, velocity, x.ref, labels.ref);
  [parameters, velocity] = [next, moved];
  await jax.blockUntilReady(parameters);
  await value.data();
}

const scale = BATCH / small;
const result = await measure(step, { scale, settle: 2 });
say({
  name: 'jax-js wasm',
  version: versionOf('@jax-js/jax'),
  batch: small,
  ...(scale > 1 && { note: `measured at batch ${small}, times ${scale}` }),
  ...result,
});
process.exit(0);
