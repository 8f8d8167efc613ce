import { isDeepStrictEqual } from 'node:util';
import {
  leafViews,
  surveyNetwork,
  LossFunction,
  type BatchedLoss,
  type FloatVector,
  type NetworkSurvey,
} from '../../src/curvature/index.js';
import { ScreeError } from '../../src/graph/errors.js';
import type { NDArray } from '../../src/graph/ndarray.js';
import {
  exportWeights,
  loadRun,
  lossOfRun,
  stabilityOfRun,
  weightsOfRun,
  type TrainedRun,
} from '../../src/train/index.js';
import { lossLine } from '../../src/landscape/line.js';
import { withDownload } from '../data.js';
import { Interrupt } from '../interrupt.js';
import { columnsOf, startLive } from '../terminal/live.js';
import { styleFor } from '../terminal/style.js';
import { writeOut } from '../walk/write.js';
import type { SurveyOptions } from './options.js';
import { surveyFiles, writeSurveyFiles } from './run-files.js';
import { runJson } from './run-json.js';
import { checkCounts, planeKind } from './run-options.js';
import { surveyPlane } from './run-plane.js';
import { runReport, type RunEscape, type RunSurvey } from './run-report.js';

/** One line about what is being measured, where there is a terminal to show it. */
function progressLine(stream: NodeJS.WriteStream) {
  let line = 'compiling';
  const live = startLive({ stream, view: () => [line], line: () => line });
  return {
    tell: (what: string, done: number, of: number) => {
      line = `${what}: ${done} of at most ${of}`;
    },
    stop: () => live.stop({ clear: true }),
  };
}

/** Measures the curvature of a run's model at its checkpoint, and draws what was asked for. */
export async function surveyRun(path: string, options: SurveyOptions): Promise<void> {
  checkCounts(options);
  const kind = planeKind(options);
  const { json = false, engine, threads, checkpoint, statistics = 'running', seed = 0 } = options;
  const trained = await loadRun(path, { target: engine, threads, checkpoint });
  for (const line of trained.warnings) process.stderr.write(`warning: ${line}\n`);
  const interrupt = new Interrupt();
  const quiet = !process.stderr.isTTY;
  const progress = quiet ? undefined : progressLine(process.stderr);
  try {
    const data = await withDownload(process.stderr, true, (load) => trained.loadData(load));
    const { samples, batch: batchSize } = options;
    const loss = lossOfRun(trained, data, { samples, batchSize, statistics, seed });
    const at = weightsOfRun(loss, trained.weights);
    const { compile } = trained;
    const other = options.line === undefined ? undefined : await readOther(options.line, trained);
    const stability = await stabilityOfRun(path, trained, loss);
    interrupt.arm();
    const { signal } = interrupt;
    const network = await surveyNetwork(loss, at, {
      compile,
      top: options.top,
      bottom: options.bottom,
      maxSteps: options.steps,
      density: options.density,
      layers: options.layers,
      scaling: stability?.scaling,
      seed,
      signal,
      onProgress: progress?.tell,
    });
    const f = new LossFunction(loss, compile);
    try {
      const plane =
        kind &&
        (await surveyPlane(path, trained, loss, at, f, kind, {
          seed,
          size: options.size,
          signal,
          onPoint: told(progress, 'plane'),
        }));
      const line =
        other && (await surveyLine(trained, at, f, other, { signal, onPoint: told(progress, 'line') }));
      const survey: RunSurvey = {
        path,
        model: trained.run.model.name,
        data: data.name,
        step: trained.checkpoint.step,
        statistics,
        network,
        ...(stability && { stability }),
        ...(plane && { plane }),
        ...(line && { line }),
        ...(options.escape !== undefined && {
          escape: await writeEscape(options.escape, trained, loss, network),
        }),
      };
      progress?.stop();
      const files = options.out === undefined ? [] : await writeSurveyFiles(options.out, surveyFiles(survey));
      if (json) {
        process.stdout.write(`${JSON.stringify(runJson(survey, files))}\n`);
        return;
      }
      const lines = runReport(survey, {
        columns: columnsOf(process.stdout),
        style: styleFor(process.stdout),
        files,
      });
      process.stdout.write(`${lines.join('\n')}\n`);
    } finally {
      f.close();
    }
  } catch (error) {
    if (interrupt.exitCode === undefined) throw error;
    process.exitCode = interrupt.exitCode;
  } finally {
    progress?.stop();
    interrupt.release();
    await trained.evaluator.close();
  }
}

function told(progress: ReturnType<typeof progressLine> | undefined, what: string) {
  return (done: number, of: number) => progress?.tell(what, done, of);
}

/** Writes the weights at the end of the best way down, where there is one. */
async function writeEscape(
  file: string,
  { run, initial, weights }: TrainedRun,
  { parameters }: BatchedLoss,
  { waysDown: [best] }: NetworkSurvey,
): Promise<RunEscape> {
  if (best === undefined || !(best.decrease > 0)) return { file };
  const moved = { parameters: leafViews(parameters, best.parameters), state: weights.state };
  await writeOut(file, exportWeights({ name: run.model.name, initial, weights: moved }));
  return { file, along: best.along, value: best.value };
}

interface OtherRun {
  readonly path: string;
  readonly weights: TrainedRun['weights'];
}

/** The run at the other end of a line. */
async function readOther(path: string, trained: TrainedRun): Promise<OtherRun> {
  const other = await loadRun(path);
  await other.evaluator.close();
  const shapes = ({ weights }: TrainedRun) =>
    [weights.parameters, weights.state].map((arrays) => arrays.map(({ shape }) => shape));
  if (!isDeepStrictEqual(shapes(trained), shapes(other))) {
    throw new ScreeError(
      `survey: ${path} holds a ${other.run.model.name} of other shapes; a line runs between two runs of one model`,
    );
  }
  return { path, weights: other.weights };
}

/** The line from a run's weights to another's, their running statistics interpolated too. */
async function surveyLine(
  trained: TrainedRun,
  at: FloatVector,
  f: LossFunction,
  other: OtherRun,
  options: { signal: AbortSignal; onPoint: (done: number, of: number) => void },
): Promise<NonNullable<RunSurvey['line']>> {
  const second = at.slice();
  let start = 0;
  for (const { data } of other.weights.parameters) {
    second.set(data, start);
    start += data.length;
  }
  const mixed = (t: number): NDArray[] =>
    trained.weights.state.map((array, index) => {
      const there = other.weights.state[index].data;
      // Beyond the ends a variance could become negative.
      const share = Math.min(1, Math.max(0, t));
      return { ...array, data: Float32Array.from(array.data, (x, i) => (1 - share) * x + share * there[i]) };
    });
  const line = await lossLine((parameters, t) => f.value(parameters, mixed(t)), at, second, options);
  return { ...line, other: other.path };
}
