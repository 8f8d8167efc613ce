import type { TypedArray } from '../../graph/dtype.js';
import type { Graph } from '../../graph/graph.js';
import { zeros, type NDArray } from '../../graph/ndarray.js';
import type { Kernel, Op } from '../../graph/op.js';
import { sizeOf } from '../../graph/shape.js';
import { scanOp, type ScanAttributes } from '../../transform/index.js';
import { allocateOutputs } from '../program.js';
import { compilePrepared, generated } from './prepared.js';
import { generateScan, type RunScan } from './generate-scan.js';

/** The loop as an op with a kernel: its body, already prepared, becomes code of its own. */
export function loopWithKernel(body: Graph): Op<ScanAttributes> {
  return {
    name: scanOp.name,
    infer: (inputs, attributes) => scanOp.infer(inputs, attributes),
    kernel: ({ attributes }) => scanKernel({ ...attributes, body }),
  };
}

function scanKernel(attributes: ScanAttributes): Kernel {
  const run =
    generated(
      () => generateScan(attributes),
      () => undefined,
    ) ?? stepByStep(attributes);
  return (output, ...inputs) => run(output, inputs);
}

/** A loop over calls of the body: where code cannot be generated, or would be too long to be one function. */
function stepByStep({ body, length, reverse, carries, sequences }: ScanAttributes): RunScan {
  const executable = compilePrepared(body);
  const before = body.inputs.map((id) => zeros(body.nodes[id].shape, body.nodes[id].dtype));
  const after = allocateOutputs(body);
  const captured = body.inputs.slice(carries + sequences).map((id) => body.nodes[id]);
  return (output, inputs) => {
    const given: NDArray[] = before.map((own, k) =>
      k < carries + sequences ? own : { ...captured[k - carries - sequences], data: inputs[k] },
    );
    for (let k = 0; k < carries; k++) before[k].data.set(inputs[k]);
    for (let done = 0; done < length; done++) {
      const step = reverse ? length - 1 - done : done;
      for (let k = carries; k < carries + sequences; k++) {
        copy(inputs[k], step * before[k].data.length, before[k].data);
      }
      executable.run(given, after);
      let place = 0;
      for (let k = 0; k < after.length; k++) {
        const { data } = after[k];
        if (k < carries) before[k].data.set(data);
        else output.set(data, place + step * data.length);
        place += k < carries ? data.length : length * data.length;
      }
    }
    let place = 0;
    for (let k = 0; k < carries; k++) {
      output.set(before[k].data, place);
      place += sizeOf(before[k].shape);
    }
  };
}

/** Without a view of the part, which would be allocated. */
function copy(from: TypedArray, start: number, to: TypedArray): void {
  for (let i = 0; i < to.length; i++) to[i] = from[start + i];
}
