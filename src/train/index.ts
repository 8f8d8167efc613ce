export {
  listCheckpoints,
  loadCheckpoint,
  newestSound,
  saveCheckpoint,
  type Checkpoint,
  type CheckpointFile,
} from './checkpoint.js';
export { Evaluator, type EvaluatorOptions } from './evaluate.js';
export { exportOnnx, type ExportedModel, type OnnxExportOptions } from './export-onnx.js';
export { exportWeights, loadWeights } from './export-weights.js';
export { loadRun, resumeRun, type ResumeOptions, type TrainedRun } from './load-run.js';
export type { Progress } from './loop.js';
export { readMetrics, type MetricsRow } from './metrics.js';
export { planDefaults, type PlanOptions } from './plan.js';
export { readRun, RunFolder, type Run, type RunDescription } from './run-folder.js';
export { decodeSafetensors, encodeSafetensors, type Safetensors } from './safetensors.js';
export type { Weights } from './start.js';
export type { Loss, Score } from './step.js';
export { train, type TrainOptions, type TrainReport, type TrainResult } from './train.js';
export { screeVersion } from './version.js';
