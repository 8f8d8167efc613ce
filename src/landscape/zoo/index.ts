import { ScreeError } from '../../graph/errors.js';
import { unknownName } from '../../graph/suggest.js';
import { elementarySurfaces } from './elementary.js';
import { manyVariableSurfaces } from './many-variables.js';
import { planeSurfaces } from './plane.js';
import { ravineSurfaces } from './ravines.js';
import { singularSurfaces } from './singularities.js';
import { instantiate, plainName, type Surface, type SurfaceDefinition } from './surface.js';

export { problemResiduals, type LeastSquaresProblem, type Optimum } from './least-squares.js';
export { findProblem, leastSquaresProblems } from './mgh.js';
export {
  surfaceFormula,
  type CriticalKind,
  type CriticalPoint,
  type Minimum,
  type Point,
  type Surface,
} from './surface.js';

const definitions: readonly SurfaceDefinition[] = [
  ...elementarySurfaces,
  ...planeSurfaces,
  ...manyVariableSurfaces,
  ...ravineSurfaces,
  ...singularSurfaces,
];

/** Every surface of the zoo, with its usual parameters. */
export function surfaces(): Surface[] {
  return definitions.map((definition) => instantiate(definition));
}

/**
 * A surface of the zoo by its name, which case, spaces, hyphens and underscores do not change.
 * @param parameters what differs from the usual, as `{ n: 10 }` or `{ kappa: 1e6 }`
 * @throws ScreeError for an unknown name, with the nearest known one, and for parameters that the surface does not take
 */
export function findSurface(name: string, parameters?: Readonly<Record<string, number>>): Surface {
  const definition = definitions.find((candidate) => plainName(candidate.name) === plainName(name));
  if (definition !== undefined) return instantiate(definition, parameters);
  throw new ScreeError(
    unknownName(
      'surface',
      name,
      definitions.map((candidate) => candidate.name),
    ),
  );
}
