import type { BatchedLoss, FloatVector, LossFunction } from '../../src/curvature/index.js';
import type { Grid } from '../../src/landscape/contour.js';
import { rangeAround, trajectoryPlane } from '../../src/landscape/pca.js';
import { lossPlane } from '../../src/landscape/plane.js';
import {
  filterNormalisedDirection,
  project,
  type Plane,
  type Projection,
} from '../../src/landscape/slice.js';
import { Generator } from '../../src/random/index.js';
import { trajectoryOfRun, type TrainedRun } from '../../src/train/index.js';
import type { PlaneKind } from './run-options.js';

/** Weights of the run, seen from the plane. */
export interface PlanePoint extends Projection {
  readonly step: number;
  /** The loss at the weights themselves, and at the closest place of the plane. */
  readonly loss: number;
  readonly planeLoss: number;
}

export interface RunPlane {
  readonly kind: PlaneKind;
  readonly grid: Grid;
  /** Of the trajectory's plane: the shares of the squared distances from the last weights along either axis. */
  readonly explained?: readonly [number, number];
  readonly points: readonly PlanePoint[];
}

export interface PlaneRequest {
  readonly seed: number;
  readonly size?: number;
  readonly signal: AbortSignal;
  readonly onPoint: (done: number, of: number) => void;
}

/** The loss over a plane through a run's weights, and where its checkpoints lie. */
export async function surveyPlane(
  path: string,
  trained: TrainedRun,
  loss: BatchedLoss,
  at: FloatVector,
  f: LossFunction,
  kind: PlaneKind,
  { seed, size, signal, onPoint }: PlaneRequest,
): Promise<RunPlane> {
  // A random plane passes all other checkpoints by: their places on it would tell nothing.
  const trajectory =
    kind === 'trajectory'
      ? await trajectoryOfRun(path, trained, loss)
      : [{ step: trained.checkpoint.step, parameters: at }];
  const vectors = trajectory.map(({ parameters }) => parameters);
  const found = kind === 'trajectory' ? trajectoryPlane(vectors) : undefined;
  const plane = found?.plane ?? randomPlane(loss, at, seed);
  const places = found?.places ?? vectors.map((point) => project(plane, point));
  const ranges = found && {
    x: rangeAround(places.map(({ a }) => a)),
    y: rangeAround(places.map(({ b }) => b)),
  };
  const grid = await lossPlane((parameters) => f.value(parameters), plane, {
    size,
    signal,
    onPoint,
    ...ranges,
  });
  const points: PlanePoint[] = [];
  const projected = at.slice();
  for (const [index, place] of places.entries()) {
    for (let i = 0; i < projected.length; i++) {
      projected[i] = plane.origin[i] + place.a * plane.u[i] + place.b * plane.v[i];
    }
    points.push({
      ...place,
      step: trajectory[index].step,
      loss: await f.value(vectors[index]),
      planeLoss: await f.value(projected),
    });
  }
  return { kind, grid, points, ...(found && { explained: found.explained }) };
}

function randomPlane({ parameters }: BatchedLoss, at: FloatVector, seed: number): Plane {
  const generator = new Generator(seed);
  return {
    origin: at,
    u: filterNormalisedDirection(parameters, at, generator.fork('u')),
    v: filterNormalisedDirection(parameters, at, generator.fork('v')),
  };
}
