import { ScreeError } from '../../graph/errors.js';
import type { Backend, SessionOptions } from './backend.js';

/** Forces one way to the runtime for a whole process, as `SessionOptions.via` does for one session. */
const environmentVariable = 'SCREE_ONNX_VIA';

function viaEnvironment(): SessionOptions['via'] {
  const via = process.env[environmentVariable];
  if (via === undefined || via === '' || via === 'c' || via === 'binding') return via || undefined;
  throw new ScreeError(`createSession: ${environmentVariable} is ${via}; it must be c or binding`);
}

async function loadCApi() {
  const [{ openCApi }, { createCApiBackend }] = await Promise.all([
    import('./capi-node.js'),
    import('./capi-backend-node.js'),
  ]);
  openCApi();
  return createCApiBackend;
}

let loaded: ReturnType<typeof loadCApi> | undefined;

/** A model in ONNX Runtime by its C API, or by the stock binding where that does not load (an unknown platform, say). */
export async function createBackend(model: Uint8Array, options: SessionOptions): Promise<Backend> {
  const via = options.via ?? viaEnvironment();
  if (via !== 'binding') {
    loaded ??= loadCApi();
    try {
      const createCApiBackend = await loaded;
      return await createCApiBackend(model, options);
    } catch (error) {
      // A model that the runtime refuses is refused by the binding too; only a library that does not load has a way out.
      if (via === 'c' || error instanceof ScreeError) throw error;
    }
  }
  const { createBindingBackend } = await import('./binding-node.js');
  return createBindingBackend(model, options);
}
