export {
  listCheckpoints,
  loadCheckpoint,
  newestSound,
  saveCheckpoint,
  type Checkpoint,
  type CheckpointFile,
} from './checkpoint.js';
export { Evaluator } from './evaluate.js';
export { generateText, type GenerateOptions } from './generate.js';
export type { StepShare, TrainGroup, WireReport } from './group.js';
export { AccumulatedStep } from './accumulate.js';
export { judgeOf, type Judge, type Score } from './judge.js';
export type { Learner } from './learner.js';
export { exportOnnx, type ExportedModel, type OnnxExportOptions } from './export-onnx.js';
export { exportWeights, loadWeights } from './export-weights.js';
export {
  loadRun,
  resumeOptions,
  resumeRun,
  type CheckpointChoice,
  type LoadRunOptions,
  type ResumeOptions,
  type TrainedRun,
} from './load-run.js';
export type { Progress } from './loop.js';
export { losses, type Loss } from './losses.js';
export { readMetrics, type MetricsRow } from './metrics.js';
export { planDefaults, type PlanOptions } from './plan.js';
export type { Best, EpochScores } from './position.js';
export { readRun, RunFolder, type Run, type RunDescription } from './run-folder.js';
export { decodeSafetensors, encodeSafetensors, type Safetensors } from './safetensors.js';
export { parametersSha256, type Weights } from './start.js';
export type { TrainingState } from './state.js';
export type { Found, Stepper, StepRequest } from './step.js';
export type { Position } from './position.js';
export { classScores, confusionMatrix, type ClassScore } from './classes.js';
export { chooseTarget, engines, type ChosenTarget, type Engine } from './target.js';
export { testRun, type TestReport } from './test-run.js';
export { train, type TrainOptions, type TrainReport, type TrainResult } from './train.js';
export { screeVersion } from './version.js';
export {
  lossOfRun,
  stabilityOfRun,
  weightsOfRun,
  type RunLossOptions,
  type RunStability,
} from './run-curvature.js';
export { trajectoryOfRun, type TrajectoryPoint } from './run-trajectory.js';
