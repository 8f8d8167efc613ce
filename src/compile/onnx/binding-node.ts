import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import type { DType, TypedArray } from '../../graph/dtype.js';
import { ScreeError } from '../../graph/errors.js';
import {
  disabledOptimizers,
  tensorSpec,
  type Backend,
  type SessionOptions,
  type TensorSpec,
} from './backend.js';

const dtypes: Readonly<Record<string, DType>> = {
  float64: 'float64',
  float32: 'float32',
  int32: 'int32',
  bool: 'bool',
};

function specOf(metadata: InferenceSession.ValueMetadata): TensorSpec {
  return metadata.isTensor
    ? tensorSpec(metadata.name, dtypes[metadata.type], metadata.shape)
    : tensorSpec(metadata.name, undefined, []);
}

function tensorOver({ dtype, shape }: TensorSpec, data: TypedArray): Tensor {
  return new Tensor(dtype, data, shape);
}

/** The binding refuses shared memory: what lies there goes through a copy. */
function unshared(data: TypedArray): TypedArray {
  return data.buffer instanceof ArrayBuffer ? data : data.slice();
}

async function asScreeError<T>(operation: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new ScreeError(`${operation}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

/** A model behind the stock onnxruntime-node binding, which runs it on the calling thread. */
export async function createBindingBackend(
  model: Uint8Array,
  { threads, profilePrefix }: SessionOptions,
): Promise<Backend> {
  // The runtime logs what it also reports as an error.
  env.logLevel = 'fatal';
  const session = await asScreeError('createSession', () =>
    InferenceSession.create(model, {
      intraOpNumThreads: threads,
      logSeverityLevel: 4,
      enableMemPattern: false,
      extra: { optimization: { disable_specified_optimizers: disabledOptimizers } },
      ...(profilePrefix !== undefined && { enableProfiling: true, profileFilePrefix: profilePrefix }),
    }),
  );
  const inputSpecs = session.inputMetadata.map(specOf);
  const outputSpecs = session.outputMetadata.map(specOf);
  return {
    inputs: inputSpecs,
    outputs: outputSpecs,
    async run(inputs, outputs) {
      const feeds: Record<string, Tensor> = {};
      inputSpecs.forEach((spec, index) => {
        feeds[spec.name] = tensorOver(spec, unshared(inputs[index]));
      });
      const fetches: Record<string, Tensor> = {};
      const targets = outputs.map(unshared);
      outputSpecs.forEach((spec, index) => {
        fetches[spec.name] = tensorOver(spec, targets[index]);
      });
      await asScreeError('Session.run', () => session.run(feeds, fetches));
      outputs.forEach((output, index) => {
        if (targets[index] !== output) output.set(targets[index]);
      });
    },
    release() {
      // It only rejects for a session released twice, which `Session` rules out.
      void session.release();
    },
  };
}
