/** One batch through a model as it is evaluated: scree-inference.ts MODEL THREADS ENGINE BATCH. */
import { zeros } from '../src/graph/ndarray.js';
import { trace } from '../src/ops/index.js';
import { compileForward } from '../src/train/forward-program.js';
import { applyModel, batchOf, leafTypes, type Leaves } from '../src/train/learner.js';
import type { Tensor } from '../src/graph/tensor.js';
import { engines, models, modelStep, type EngineName } from './flops.js';
import { measure } from './measure.js';

const [, , name, threads, engine, batch] = process.argv;
const model = models.find((one) => one === name);
const isEngine = (word: string): word is EngineName => Object.hasOwn(engines, word);
if (model === undefined || !isEngine(engine)) throw new Error('scree-inference: MODEL THREADS ENGINE BATCH');
const { request, examples } = modelStep(model, { threads: Number(threads), engine, batch: Number(batch) });
const { initial, input, start, compile } = request;
const graph = trace<[Leaves, Leaves, Tensor], Leaves>(
  (parameters, state, x) => [applyModel(request, parameters, state, x, { training: false }).output],
  [leafTypes(initial.parameters), leafTypes(initial.state), batchOf(Number(batch), input)],
);
const { parameters, state } = start.weights();
const program = await compileForward(graph, parameters.length + state.length, compile);
program.take([...parameters, ...state]);
const outputs = [zeros([Number(batch), ...initial.output])];
await measure(() => program.run([examples], outputs));
program.close();
