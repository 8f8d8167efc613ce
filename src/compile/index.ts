export {
  compile,
  compileGraph,
  type AsyncTarget,
  type CompileOptions,
  type JavascriptTarget,
  type NativeTarget,
  type OnnxTarget,
} from './compile.js';
export {
  allocateOutputs,
  NotEnoughMemory,
  type Arguments,
  type AsyncExecutable,
  type AsyncProgram,
  type Executable,
  type KeptState,
  type Program,
  type Results,
  type SyncExecutable,
  type TensorValue,
} from './program.js';
export { compileLoop, type Loop, type LoopOptions } from './javascript/loop.js';
