import { drawCurve } from '../../src/landscape/draw-curve.js';
import { drawMap, type DrawnPoint } from '../../src/landscape/draw-map.js';
import { drawSeries } from '../../src/landscape/draw-series.js';
import { typeset } from '../../src/landscape/draw-text.js';
import { sampleGrid, trail, valuesAt, type Coordinate, type Range } from '../../src/landscape/draw-view.js';
import type { DrawnWalk } from '../../src/landscape/draw-walks.js';
import type { Walk } from '../../src/landscape/walk.js';
import type { Surface as ZooSurface } from '../../src/landscape/zoo/index.js';
import { endNote } from './report.js';
import type { Ground } from './surface-argument.js';

/** Values along each side of a map, and along a curve: one for each three pixels. */
const [mapSamples, curveSamples] = [201, 701];

/** The points known of a surface of two variables. */
export function knownPoints(zoo: ZooSurface | undefined): DrawnPoint[] {
  if (zoo === undefined) return [];
  const kinks = zoo.minima.filter(({ at }) => at !== undefined);
  return [
    ...zoo.criticalPoints.map(({ point, kind }) => ({ place: [point[0], point[1]] as const, kind })),
    ...kinks.map(({ point }) => ({ place: [point[0], point[1]] as const, kind: 'minimum' as const })),
  ];
}

/** Name and formula as title and second line; a formula alone is the title. */
export function titlesOf({ text, zoo }: Ground): { title: string; under: string } {
  const written = typeset(text);
  if (zoo === undefined) return { title: written, under: '' };
  const given = Object.entries(zoo.parameters).map(([name, value]) => `${name} = ${value}`);
  return { title: zoo.title, under: [written, ...given].join(',  ') };
}

/**
 * Walks as a picture, SVG: over a contour map for two variables, on the curve for one, as values against steps for more.
 * @param view the box to draw, for one and two variables
 */
export function walksFigure(
  ground: Ground,
  walks: readonly Walk[],
  names: readonly string[],
  view: readonly Range[],
): string {
  const { surface } = ground;
  const { variables } = surface;
  const titles = titlesOf(ground);
  const drawn = (x: Coordinate, y: Coordinate): DrawnWalk[] =>
    walks.map((walk, index) => ({ name: names[index], note: endNote(walk), places: trail(walk.path, x, y) }));
  if (variables.length === 1) {
    const [from, to] = view[0];
    const points = Float64Array.from({ length: curveSamples }, (_, index) => {
      return from + ((to - from) * index) / (curveSamples - 1);
    });
    return drawCurve({
      ...titles,
      variable: variables[0],
      range: view[0],
      values: valuesAt(surface, points),
      walks: drawn(0, 'value'),
    });
  }
  if (variables.length === 2) {
    return drawMap({
      ...titles,
      variables: [variables[0], variables[1]],
      grid: sampleGrid(surface, view[0], view[1], mapSamples, mapSamples),
      points: knownPoints(ground.zoo),
      walks: drawn(0, 1),
    });
  }
  return drawSeries({
    ...titles,
    yName: 'f',
    walks: drawn('step', 'value'),
  });
}
