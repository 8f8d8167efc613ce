import { dtypeOf, type TypedArray } from '../../graph/dtype.js';
import { ScreeError } from '../../graph/errors.js';
import type { NDArray } from '../../graph/ndarray.js';
import { sameShape, showShape, sizeOf } from '../../graph/shape.js';
import type { Backend, SessionOptions, TensorSpec } from './backend.js';

export type { SessionOptions } from './backend.js';

/**
 * A model loaded into ONNX Runtime. Arrays are given in the order of the model's inputs and outputs. Outputs are
 * written in place; they must share no memory with one another or with an input, since the runtime may write an
 * output before it has read every input.
 */
export interface Session {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /**
   * Leaves the event loop free where the C API is in use; the stock binding blocks it.
   * @throws ScreeError (by rejection) for arrays that do not fit the model, for a failure inside the runtime, for a
   * session that is closed or still running; nothing is run in the first and last case.
   */
  run(inputs: readonly NDArray[], outputs: readonly NDArray[]): Promise<void>;
  /** Frees the runtime's memory; a run under way is finished first. */
  close(): void;
}

function checkArrays(
  kind: 'input' | 'output',
  specs: readonly TensorSpec[],
  arrays: readonly NDArray[],
): void {
  if (arrays.length !== specs.length) {
    throw new ScreeError(`Session.run: the model has ${specs.length} ${kind}s, not ${arrays.length}`);
  }
  for (let index = 0; index < specs.length; index++) {
    const { name, dtype, shape } = specs[index];
    const array = arrays[index];
    // The runtime trusts us with lengths: what an array says of itself is checked against its memory too.
    const actual = dtypeOf(array.data);
    if (actual !== dtype || array.dtype !== dtype || !sameShape(array.shape, shape)) {
      throw new ScreeError(
        `Session.run: ${kind} ${name} is ${actual} ${showShape(array.shape)}; the model wants ${dtype} ${showShape(shape)}`,
      );
    }
    if (array.data.length !== sizeOf(shape)) {
      throw new ScreeError(
        `Session.run: ${kind} ${name} of shape ${showShape(shape)} holds ${array.data.length} elements, not ${sizeOf(shape)}`,
      );
    }
  }
}

function checkOverlap(inputs: readonly NDArray[], outputs: readonly NDArray[]): void {
  const written = new Map<ArrayBufferLike, TypedArray[]>();
  for (const { data } of outputs) {
    const neighbours = written.get(data.buffer);
    if (neighbours === undefined) written.set(data.buffer, [data]);
    else neighbours.push(data);
  }
  const refuse = (): never => {
    throw new ScreeError(
      'Session.run: an output shares memory with another output or an input; give it its own',
    );
  };
  for (const neighbours of written.values()) {
    neighbours.sort((a, b) => a.byteOffset - b.byteOffset);
    for (let index = 1; index < neighbours.length; index++) {
      const before = neighbours[index - 1];
      if (neighbours[index].byteOffset < before.byteOffset + before.byteLength) refuse();
    }
  }
  for (const { data } of inputs) {
    const neighbours = written.get(data.buffer);
    if (neighbours === undefined || data.byteLength === 0) continue;
    // The first output that ends after this input starts.
    let low = 0;
    let high = neighbours.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const candidate = neighbours[middle];
      if (candidate.byteOffset + candidate.byteLength > data.byteOffset) high = middle;
      else low = middle + 1;
    }
    if (low < neighbours.length && neighbours[low].byteOffset < data.byteOffset + data.byteLength) refuse();
  }
}

/** A session over one of the ways to the runtime. */
export function sessionOver(backend: Backend): Session {
  let running = false;
  let closed = false;
  return {
    inputs: backend.inputs,
    outputs: backend.outputs,
    async run(inputs, outputs) {
      if (closed) throw new ScreeError('Session.run: the session is closed');
      if (running)
        throw new ScreeError('Session.run: the session is still running; await the earlier run first');
      checkArrays('input', backend.inputs, inputs);
      checkArrays('output', backend.outputs, outputs);
      checkOverlap(inputs, outputs);
      running = true;
      try {
        await backend.run(
          inputs.map(({ data }) => data),
          outputs.map(({ data }) => data),
        );
      } finally {
        running = false;
        if (closed) backend.release();
      }
    },
    close() {
      if (closed) return;
      closed = true;
      if (!running) backend.release();
    },
  };
}

/**
 * Loads a model (see `encodeModel`) into ONNX Runtime.
 * @throws ScreeError (by rejection) for a model that the runtime refuses, inputs or outputs that are none of our element
 * types or have no fixed shape, and a count of threads that is no positive integer.
 */
export async function createSession(model: Uint8Array, options: SessionOptions): Promise<Session> {
  const { threads } = options;
  if (!Number.isSafeInteger(threads) || threads < 1) {
    throw new ScreeError(`createSession: threads is ${threads}; it must be a positive integer`);
  }
  const { createBackend } = await import('./backend-node.js');
  return sessionOver(await createBackend(model, options));
}
