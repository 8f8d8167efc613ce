import { flattenParameters, type BatchedLoss, type FloatVector } from '../curvature/index.js';
import { flattenTree, treePaths } from '../graph/tree.js';
import { listCheckpoints, loadCheckpoint } from './checkpoint.js';
import type { TrainedRun } from './load-run.js';
import { checkpointFolders } from './run-folder.js';

/** The weights of a run at some step. */
export interface TrajectoryPoint {
  readonly step: number;
  readonly parameters: FloatVector;
}

/**
 * The weights of a run as far as they are kept: the first ones, made again from the seed, and those of every checkpoint in its folder,
 * up to the one that is surveyed, which comes last.
 * @throws ScreeError for a checkpoint that is damaged
 */
export async function trajectoryOfRun(
  path: string,
  trained: Pick<TrainedRun, 'initial' | 'checkpoint' | 'weights'>,
  loss: BatchedLoss,
): Promise<TrajectoryPoint[]> {
  const { initial, checkpoint, weights } = trained;
  const folders = checkpointFolders(path);
  const files = (await Promise.all([listCheckpoints(folders.last), listCheckpoints(folders.best)])).flat();
  const bySteps = new Map(files.map((file) => [file.step, file]));
  const names = treePaths(initial.parameters);
  const points: TrajectoryPoint[] = [
    { step: 0, parameters: flattenParameters(loss, flattenTree(initial.parameters)) },
  ];
  for (const step of [...bySteps.keys()].sort((a, b) => a - b)) {
    const file = bySteps.get(step);
    if (file === undefined || step === 0 || step >= checkpoint.step) continue;
    const { tensors } = await loadCheckpoint(file.path);
    points.push({
      step,
      parameters: flattenParameters(
        loss,
        names.map((name) => tensors[`model.${name}`]),
      ),
    });
  }
  points.push({ step: checkpoint.step, parameters: flattenParameters(loss, weights.parameters) });
  return points;
}
