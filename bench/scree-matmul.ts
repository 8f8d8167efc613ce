/** A product of two 1024 × 1024 matrices, float32, on ONNX Runtime: scree-matmul.ts THREADS. */
import { compileGraph } from '../src/compile/index.js';
import { zeros, type Tensor } from '../src/graph/index.js';
import { float32, trace } from '../src/ops/index.js';
import { Generator, normal } from '../src/random/index.js';
import { measure } from './measure.js';

const shape = [1024, 1024];
const graph = trace((x: Tensor, y: Tensor) => x.matmul(y), [float32(...shape), float32(...shape)]);
const executable = await compileGraph(graph, { target: 'onnx', threads: Number(process.argv[2]) });
const generator = new Generator(0);
const inputs = [normal(generator, shape), normal(generator, shape)];
const outputs = [zeros(shape)];
await measure(() => executable.run(inputs, outputs));
executable.close();
