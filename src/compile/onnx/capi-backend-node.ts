import koffi from 'koffi';
import type { DType, TypedArray } from '../../graph/dtype.js';
import { inBackground, openCApi, type Out, type Pointer, type Status } from './capi-node.js';
import { elementTypeNumber } from './encode.js';
import {
  disabledOptimizers,
  tensorSpec,
  type Backend,
  type SessionOptions,
  type TensorSpec,
} from './backend.js';

type CApi = ReturnType<typeof openCApi>;

const dtypes: readonly DType[] = ['float64', 'float32', 'int32', 'bool'];

async function openSession(
  api: CApi,
  model: Uint8Array,
  { threads, profilePrefix }: SessionOptions,
): Promise<Pointer> {
  const options = api.handedOut<Pointer>('createSession', api.createSessionOptions);
  try {
    api.check('createSession', api.setIntraOpNumThreads(options, threads));
    const disable = 'optimization.disable_specified_optimizers';
    api.check('createSession', api.addSessionConfigEntry(options, disable, disabledOptimizers));
    // A memory pattern keeps a second copy of what a run needs: a third more for resnet50, at the same speed.
    api.check('createSession', api.disableMemPattern(options));
    if (profilePrefix !== undefined) api.check('createSession', api.enableProfiling(options, profilePrefix));
    const out: Out<Pointer> = [null];
    const { createSessionFromArray, env } = api;
    api.check(
      'createSession',
      await inBackground(createSessionFromArray, env, model, model.length, options, out),
    );
    return out[0] as Pointer;
  } finally {
    api.releaseSessionOptions(options);
  }
}

function readName(api: CApi, get: CApi['sessionGetInputName'], session: Pointer, index: number): string {
  const name = api.handedOut<Pointer>('createSession', (out) => get(session, index, api.allocator, out));
  try {
    return koffi.decode.string(name);
  } finally {
    api.check('createSession', api.allocatorFree(api.allocator, name));
  }
}

function readSpec(
  api: CApi,
  get: CApi['sessionGetInputTypeInfo'],
  session: Pointer,
  index: number,
  name: string,
): TensorSpec {
  const handedOut = <T>(call: (out: Out<T>) => Status): T => api.handedOut('createSession', call);
  const info = handedOut<Pointer>((out) => get(session, index, out));
  try {
    // Null for a sequence or map.
    const tensor = handedOut<Pointer | null>((out) => api.castTypeInfoToTensorInfo(info, out));
    if (tensor === null) return tensorSpec(name, undefined, []);
    const type = handedOut<number>((out) => api.getTensorElementType(tensor, out));
    const extents = new BigInt64Array(handedOut<number>((out) => api.getDimensionsCount(tensor, out)));
    api.check('createSession', api.getDimensions(tensor, extents, extents.length));
    const dtype = dtypes.find((candidate) => elementTypeNumber[candidate] === type);
    return tensorSpec(name, dtype, Array.from(extents, Number));
  } finally {
    api.releaseTypeInfo(info);
  }
}

/** Names as C wants them: an array of pointers to strings that end with a zero. */
function cStrings(names: readonly string[]): { readonly pointers: BigUint64Array; readonly bytes: Buffer } {
  const strings = names.map((name) => Buffer.from(`${name}\0`));
  const bytes = Buffer.concat(strings);
  const pointers = new BigUint64Array(names.length);
  let address = names.length > 0 ? koffi.address(bytes) : 0n;
  strings.forEach((string, index) => {
    pointers[index] = address;
    address += BigInt(string.length);
  });
  return { pointers, bytes };
}

/**
 * The runtime's view of our memory for one input or output. The last two are kept, since callers that swap two
 * buffers from run to run are the common case; the arrays are held with them, so the memory stays.
 */
class Slot {
  private readonly recent: { readonly data: TypedArray; readonly value: Pointer }[] = [];
  private readonly extents: BigInt64Array;

  constructor(
    private readonly api: CApi,
    private readonly spec: TensorSpec,
  ) {
    this.extents = BigInt64Array.from(spec.shape, BigInt);
  }

  valueOver(data: TypedArray): Pointer {
    const known = this.recent.find((entry) => entry.data === data);
    if (known !== undefined) return known.value;
    if (this.recent.length === 2) this.drop();
    const { api, spec, extents } = this;
    const value = api.handedOut<Pointer>('Session.run', (out) =>
      api.createTensorWithData(
        api.memoryInfo,
        data,
        data.byteLength,
        extents,
        extents.length,
        elementTypeNumber[spec.dtype],
        out,
      ),
    );
    this.recent.push({ data, value });
    return value;
  }

  release(): void {
    while (this.recent.length > 0) this.drop();
  }

  private drop(): void {
    const oldest = this.recent.shift();
    if (oldest !== undefined) this.api.releaseValue(oldest.value);
  }
}

/** A model behind the C API: no copies in or out, and the event loop stays free during a run. */
export async function createCApiBackend(model: Uint8Array, options: SessionOptions): Promise<Backend> {
  const api = openCApi();
  const session = await openSession(api, model, options);
  const readAll = (
    getCount: CApi['sessionGetInputCount'],
    getName: CApi['sessionGetInputName'],
    getType: CApi['sessionGetInputTypeInfo'],
  ) => {
    const count = api.handedOut<number>('createSession', (out) => getCount(session, out));
    return Array.from({ length: count }, (_, index) =>
      readSpec(api, getType, session, index, readName(api, getName, session, index)),
    );
  };
  let inputs: TensorSpec[];
  let outputs: TensorSpec[];
  try {
    inputs = readAll(api.sessionGetInputCount, api.sessionGetInputName, api.sessionGetInputTypeInfo);
    outputs = readAll(api.sessionGetOutputCount, api.sessionGetOutputName, api.sessionGetOutputTypeInfo);
  } catch (error) {
    api.releaseSession(session);
    throw error;
  }
  const inputNames = cStrings(inputs.map(({ name }) => name));
  const outputNames = cStrings(outputs.map(({ name }) => name));
  const inputSlots = inputs.map((spec) => new Slot(api, spec));
  const outputSlots = outputs.map((spec) => new Slot(api, spec));
  const inputValues = new BigUint64Array(inputs.length);
  const outputValues = new BigUint64Array(outputs.length);
  return {
    inputs,
    outputs,
    async run(inputData, outputData) {
      inputSlots.forEach((slot, index) => (inputValues[index] = slot.valueOver(inputData[index])));
      outputSlots.forEach((slot, index) => (outputValues[index] = slot.valueOver(outputData[index])));
      const status = await inBackground(
        api.run,
        session,
        null,
        inputNames.pointers,
        inputValues,
        inputValues.length,
        outputNames.pointers,
        outputValues.length,
        outputValues,
      );
      api.check('Session.run', status);
    },
    release() {
      for (const slot of [...inputSlots, ...outputSlots]) slot.release();
      api.releaseSession(session);
    },
  };
}
