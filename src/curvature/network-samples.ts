import { allocateOutputs, compileGraph, type CompileOptions } from '../compile/index.js';
import type { NDArray } from '../graph/ndarray.js';
import type { Tensor } from '../graph/tensor.js';
import { trace } from '../ops/index.js';
import { grad, vmap } from '../transform/index.js';
import { leafViews, partTypes, type BatchedLoss, type FloatVector, type LossPart } from './network.js';

type Leaves = readonly Tensor[];

/**
 * The gradient of every example's own loss, in one program (vmap over the examples): for each parameter an array
 * [size, ...shape]. Meant for models that see one example at a time: with batch norm in training mode there is no such thing.
 */
export async function perSampleGradients(
  loss: BatchedLoss,
  at: FloatVector,
  part: LossPart,
  compile: CompileOptions = {},
): Promise<NDArray[]> {
  const types = partTypes(part);
  const graph = trace<[Leaves, Leaves, Leaves], Leaves>(
    (parameters, examples, shared) => {
      const own = (p: Leaves, ...example: Tensor[]) => {
        const single = example.map((one) => one.reshape([1, ...one.shape]));
        return loss.loss(loss.output(p, single, shared), single);
      };
      const each = (...example: Tensor[]) => grad<[Leaves]>((p) => own(p, ...example))(parameters);
      return vmap<Tensor[], Leaves>(each)(...examples);
    },
    [[...loss.parameters], types.examples, types.shared],
  );
  const program = await compileGraph(graph, compile);
  const outputs = allocateOutputs(graph);
  await program.run([...leafViews(loss.parameters, at), ...part.examples, ...part.shared], outputs);
  program.close();
  return outputs;
}
