/**
 * One training step (forward, backward, SGD with momentum 0.9) under TensorFlow.js: node tfjs.mjs MODEL THREADS BACKEND.
 * MODEL: mlp, lenet, cnn. BACKEND: wasm, cpu. Times are for batch 128; a backend that could not bear it takes a smaller batch,
 * and its times are multiplied (`note` says so). The wasm backend has no convolution gradient: it says what it lacks.
 */
import { load, measure, say, versionOf } from './report.mjs';

const [model, threads, backend] = process.argv.slice(2);
const BATCH = 128;
// what the plain JavaScript backend does in a few seconds a step
const small = backend === 'cpu' ? { mlp: 128, lenet: 16, cnn: 2 }[model] : BATCH;

// TensorFlow.js prints an advertisement for its native Node package on standard error
console.warn = () => undefined;
const [tf] = await load('@tensorflow/tfjs');
if (backend === 'wasm') {
  const [wasm] = await load('@tensorflow/tfjs-backend-wasm');
  wasm.setThreadsCount(Number(threads));
}
await tf.setBackend(backend);
await tf.ready();

const conv = (filters, kernelSize, padding, first) =>
  tf.layers.conv2d({
    filters,
    kernelSize,
    padding,
    activation: 'relu',
    ...(first && { inputShape: [28, 28, 1] }),
  });
const pool = () => tf.layers.maxPooling2d({ poolSize: 2 });
const dense = (units, activation, inputShape) =>
  tf.layers.dense({ units, activation, ...(inputShape && { inputShape }) });
const models = {
  mlp: () => [dense(512, 'relu', [784]), dense(256, 'relu'), dense(10)],
  lenet: () => [
    conv(6, 5, 'same', true),
    pool(),
    conv(16, 5, 'valid'),
    pool(),
    tf.layers.flatten(),
    dense(120, 'relu'),
    dense(84, 'relu'),
    dense(10),
  ],
  cnn: () => [
    conv(32, 3, 'same', true),
    pool(),
    conv(64, 3, 'same'),
    pool(),
    tf.layers.flatten(),
    dense(128, 'relu'),
    dense(10),
  ],
};
const network = tf.sequential({ layers: models[model]() });
const x = tf.randomNormal(model === 'mlp' ? [small, 784] : [small, 28, 28, 1]);
const y = tf.oneHot(
  tf.tensor1d(
    Array.from({ length: small }, (_, i) => i % 10),
    'int32',
  ),
  10,
);
const optimizer = tf.train.momentum(0.01, 0.9);

async function step() {
  const loss = optimizer.minimize(
    () => tf.losses.softmaxCrossEntropy(y, network.apply(x, { training: true })),
    true,
  );
  await loss.data();
  loss.dispose();
}

const name = `TensorFlow.js ${backend}`;
const version = versionOf('@tensorflow/tfjs');
try {
  const scale = BATCH / small;
  const result = await measure(step, { scale, settle: scale === 1 ? 2 : 1 });
  say({
    name,
    version,
    batch: small,
    ...(scale > 1 && { note: `measured at batch ${small}, times ${scale}` }),
    ...result,
  });
} catch (error) {
  const lacks = /Kernel '(\w+)' not registered/.exec(error.message);
  if (!lacks) throw error;
  say({ name, version, unsupported: `no kernel ${lacks[1]} on the ${backend} backend` });
}
// its worker threads would keep the process alive
process.exit(0);
