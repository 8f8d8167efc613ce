/**
 * Scree's side of the curvature questions: scree-curvature.ts WHAT MODEL BATCH THREADS ENGINE [FILE SIDE], with models as they are evaluated.
 * gradient, hvp (what depends on the weights alone kept), hvp-whole (nothing kept), eigen: the ten largest eigenpairs of the network in
 * FILE; plane: the places of a plane, interleaved with as many bare forward passes; memory: twenty Lanczos vectors.
 */
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { allocateOutputs, compileGraph } from '../src/compile/index.js';
import {
  curvatureOperator,
  lanczos,
  LossFunction,
  type FloatVector,
  type RitzPair,
} from '../src/curvature/index.js';
import { KrylovBasis } from '../src/curvature/krylov-basis.js';
import { leafViews, meanLoss, partTypes } from '../src/curvature/network.js';
import type { Tensor } from '../src/graph/tensor.js';
import { lossPlane } from '../src/landscape/plane.js';
import { filterNormalisedDirection } from '../src/landscape/slice.js';
import { trace } from '../src/ops/index.js';
import { Generator, normal } from '../src/random/index.js';
import { measure } from './measure.js';
import { inTorchOrder, networkLoss } from './network-loss.js';
import { pythonPeer } from './peers.js';

const [, , what, name, batchText, threadsText, engine, file, sideText] = process.argv;
const batch = Number(batchText);
const threads = Number(threadsText);
const side = sideText === undefined ? undefined : Number(sideText);
const compile = { target: engine === 'native' ? 'native' : 'onnx', threads } as const;

const { loss, at } = networkLoss({ name, batch, side });

/** Processor time of this process, in milliseconds. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
}

/** The least processor time of each of several things, done in turn: others' use of the machine and its clock meets all of them. */
async function interleaved(rounds: number, ...steps: (() => Promise<void>)[]): Promise<number[]> {
  const least = steps.map(() => Infinity);
  for (const step of steps) await step();
  for (let round = 0; round < rounds; round++) {
    for (const [index, step] of steps.entries()) {
      const before = processorMs();
      await step();
      least[index] = Math.min(least[index], processorMs() - before);
    }
  }
  return least;
}

/** Residuals of our pairs by PyTorch's products, where there is a PyTorch. */
function judged(pairs: readonly RitzPair[]): string {
  const vectors = `${file}.vectors`;
  writeFileSync(
    vectors,
    Buffer.concat(
      pairs.map((pair) => {
        const { buffer } = inTorchOrder(loss, Float32Array.from(pair.vector()));
        return Buffer.from(buffer);
      }),
    ),
  );
  const { command, env } = pythonPeer('judge', 'pytorch_eigen.py', [
    'judge',
    name,
    batch,
    threads,
    file,
    side ?? 0,
    vectors,
    ...pairs.map(({ value }) => value),
  ]);
  const { stdout, error } = spawnSync(command[0], command.slice(1), { env, encoding: 'utf8' });
  rmSync(vectors);
  const line = stdout?.trimEnd().split('\n').at(-1) ?? '';
  const told = z.object({ note: z.string() }).safeParse(error || line === '' ? undefined : JSON.parse(line));
  return told.success ? told.data.note : 'no PyTorch to judge it';
}

switch (what) {
  case 'gradient': {
    const f = new LossFunction(loss, compile);
    const gradient = new Float64Array(at.length);
    await measure(async () => void (await f.gradient(at, gradient)), { least: 3 });
    break;
  }
  case 'hvp':
  case 'hvp-whole': {
    const keepBytes = what === 'hvp' ? 2 ** 33 : 0;
    const operator = await curvatureOperator('hessian', loss, at, { compile, keepBytes });
    const f = new LossFunction(loss, compile);
    const v = Float64Array.from(normal(new Generator(1), [at.length], { dtype: 'float64' }).data);
    const out = new Float64Array(at.length);
    const gradient = new Float64Array(at.length);
    const product = async () => operator.multiply(v, out);
    const [least, one] = await interleaved(5, product, async () => void (await f.gradient(at, gradient)));
    const note = `${(least / one).toFixed(2)} of a gradient by processor time, least of 5 in turn`;
    await measure(product, { least: 3, note });
    break;
  }
  case 'eigen': {
    const generator = new Generator(2);
    const basis = new KrylovBasis(at.length, 'float32');
    let pairs: readonly RitzPair[] = [];
    let products = 0;
    const run = async () => {
      const operator = await curvatureOperator('hessian', loss, at, { compile });
      const { top, stop, steps } = await lanczos(operator, {
        generator,
        basis,
        top: 10,
        bottom: 0,
        maxSteps: 300,
        tolerance: 1e-3,
        relativeTo: 'each',
      });
      if (stop !== 'converged') throw new Error(`scree-curvature.ts: not converged after ${steps} products`);
      for (const pair of top) pair.vector();
      operator.close();
      pairs = top;
      products = steps;
    };
    const note = () => `${products} products; ${judged(pairs)}`;
    await measure(run, { seconds: 0, least: 1, settle: 0, note });
    break;
  }
  case 'plane': {
    const f = new LossFunction(loss, compile);
    const generator = new Generator(3);
    const direction = () => filterNormalisedDirection(loss.parameters, at, generator.fork('direction'));
    const plane = { origin: at, u: direction(), v: direction() };
    const size = 3;
    const [part] = loss.parts;
    const { examples, shared } = partTypes(part);
    type Leaves = readonly Tensor[];
    const graph = trace<[Leaves, Leaves, Leaves], Tensor>(
      (p, x, state) => meanLoss(loss, x, state)(p),
      [[...loss.parameters], examples, shared],
    );
    const program = await compileGraph(graph, compile);
    const outputs = allocateOutputs(graph);
    const views = leafViews(loss.parameters, at);
    let bareMs = 0;
    let placeMs = 0;
    // After each place a bare pass, so that both meet the same machine.
    const bare = async () => {
      const before = processorMs();
      for (const { examples, shared } of loss.parts) {
        await program.run([...views, ...examples, ...shared], outputs);
      }
      bareMs += processorMs() - before;
    };
    await f.value(at);
    await bare();
    const run = async () => {
      const before = processorMs();
      bareMs = 0;
      const value = async (x: FloatVector) => {
        const loss = await f.value(x);
        await bare();
        return loss;
      };
      await lossPlane(value, plane, { size });
      placeMs = processorMs() - before - bareMs;
    };
    const note = () =>
      `${size * size} places take ${(placeMs / bareMs).toFixed(3)} of the processor time of as many bare passes between them`;
    await measure(run, { each: 2 * size * size, seconds: 0, least: 1, settle: 0, note });
    break;
  }
  case 'memory': {
    const operator = await curvatureOperator('hessian', loss, at, { compile });
    const run = async () => {
      const options = { top: 1, bottom: 1, maxSteps: 20, tolerance: 0, storage: 'float32' } as const;
      await lanczos(operator, { generator: new Generator(2), ...options });
    };
    await measure(run, { each: 20, seconds: 0, least: 1, settle: 0 });
    break;
  }
  default:
    throw new Error(`scree-curvature.ts: what is ${what}?`);
}
