import { ScreeError } from '../../graph/errors.js';
import { formula, type Formula } from '../../formula/index.js';

export type Point = readonly number[];

/** What a point with a zero gradient is: a minimum if no neighbour is lower, a maximum if none is higher, else a saddle. */
export type CriticalKind = 'minimum' | 'maximum' | 'saddle';

export interface CriticalPoint {
  readonly point: Point;
  readonly kind: CriticalKind;
  readonly value: number;
  /** Of the Hessian, ascending, where they are known in closed form. */
  readonly eigenvalues?: readonly number[];
  /** Set where the Hessian has a zero eigenvalue: it does not decide the kind alone. */
  readonly degenerate?: true;
  /** Arnold's name of a degenerate point that has one: A3+, D4−, E6. */
  readonly singularity?: string;
}

/** A minimum, and whether it is the lowest (of the box, where the surface is lower still outside). */
export interface Minimum {
  readonly point: Point;
  readonly value: number;
  readonly global: boolean;
  /** Set where the gradient does not vanish there: at a kink of the surface, or at the edge of the box. */
  readonly at?: 'kink' | 'edge';
}

/** A surface of the zoo, with the values that its parameters have here. */
export interface Surface {
  readonly name: string;
  readonly title: string;
  readonly formula: string;
  readonly parameters: Readonly<Record<string, number>>;
  /** In the order of points. */
  readonly variables: readonly string[];
  /** The box to draw and to search, one range for each variable. */
  readonly domain: readonly (readonly [number, number])[];
  /** Customary starting points. */
  readonly starts: readonly Point[];
  readonly minima: readonly Minimum[];
  /** The known points with a zero gradient, minima included. */
  readonly criticalPoints: readonly CriticalPoint[];
  /** Whether `criticalPoints` holds every one in the box. */
  readonly complete: boolean;
  /** Whether the surface is unbounded below in the box: none of its minima is global then. */
  readonly unbounded: boolean;
  readonly source: string;
}

/** What may be asked of a parameter. */
export type ParameterRange = { readonly default: number } & (
  | { readonly least: number; readonly most?: number; readonly multipleOf?: number }
  | { readonly choices: readonly number[] }
);

/** What of a surface depends on its parameters. */
export interface SurfacePoints {
  /** One range for every variable, or one for each. */
  readonly domain: readonly [number, number] | readonly (readonly [number, number])[];
  readonly starts: readonly Point[];
  readonly criticalPoints?: readonly CriticalPoint[];
  /** Minima that are no critical points. */
  readonly minima?: readonly {
    readonly point: Point;
    readonly value: number;
    readonly at: 'kink' | 'edge';
  }[];
  /** Whether every critical point in the box is listed; false by default. */
  readonly complete?: boolean;
  /** Whether the surface is unbounded below in the box; false by default. */
  readonly unbounded?: boolean;
}

/** A surface as it is written down: its points may follow from its parameters. */
export interface SurfaceDefinition<P extends string = string> {
  readonly name: string;
  readonly title: string;
  readonly formula: string;
  readonly source: string;
  readonly parameters?: Readonly<Record<P, ParameterRange>>;
  readonly points: SurfacePoints | ((parameters: Readonly<Record<P, number>>) => SurfacePoints);
}

/** Lets TypeScript see which parameters `points` is given. */
export function surface<P extends string = never>(definition: SurfaceDefinition<P>): SurfaceDefinition {
  return definition;
}

/** Throws unless a parameter has a value that it may have. */
export function checkParameter(surface: string, name: string, value: number, range: ParameterRange): void {
  if ('choices' in range) {
    if (range.choices.includes(value)) return;
    throw new ScreeError(`${surface}: ${name} is ${value}; it must be ${range.choices.join(' or ')}`);
  }
  const { least, most = Infinity, multipleOf } = range;
  if (value >= least && value <= most && (multipleOf === undefined || value % multipleOf === 0)) return;
  const limits = most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`;
  const sort =
    multipleOf === undefined ? 'number' : multipleOf === 1 ? 'whole number' : `multiple of ${multipleOf}`;
  throw new ScreeError(`${surface}: ${name} is ${value}; it must be a ${sort} ${limits}`);
}

/**
 * A surface with some of its parameters given, the others as they usually are.
 * @throws ScreeError for a parameter that the surface does not have, or out of range
 */
export function instantiate(
  definition: SurfaceDefinition,
  given: Readonly<Record<string, number>> = {},
): Surface {
  const { name, title, source, parameters: ranges = {} } = definition;
  const unknown = Object.keys(given).find((parameter) => !Object.hasOwn(ranges, parameter));
  if (unknown !== undefined) {
    const known = Object.keys(ranges);
    const has = known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`;
    throw new ScreeError(`${name}: there is no parameter ${unknown}; ${has}`);
  }
  const parameters = Object.fromEntries(
    Object.entries(ranges).map(([parameter, range]) => {
      const value = Object.hasOwn(given, parameter) ? given[parameter] : range.default;
      checkParameter(name, parameter, value, range);
      return [parameter, value];
    }),
  );
  const points = typeof definition.points === 'function' ? definition.points(parameters) : definition.points;
  const { variables } = formula(definition.formula, { parameters });
  const { criticalPoints = [], minima = [], complete = false, unbounded = false, domain } = points;
  const all = [...criticalPoints.filter(({ kind }) => kind === 'minimum'), ...minima];
  const lowest = Math.min(...all.map(({ value }) => value));
  return {
    name,
    title,
    formula: definition.formula,
    parameters,
    variables,
    domain: isOneRange(domain) ? variables.map(() => domain) : domain,
    starts: points.starts,
    minima: all.map((minimum) => ({
      point: minimum.point,
      value: minimum.value,
      // Values of equal depth may differ in their last bit.
      global: !unbounded && minimum.value - lowest <= 1e-12 * Math.max(1, Math.abs(lowest)),
      ...('at' in minimum ? { at: minimum.at } : {}),
    })),
    criticalPoints,
    complete,
    unbounded,
    source,
  };
}

function isOneRange(domain: SurfacePoints['domain']): domain is readonly [number, number] {
  return typeof domain[0] === 'number';
}

/** The surface's formula, read with its parameters. */
export function surfaceFormula({ formula: text, parameters }: Surface): Formula {
  return formula(text, { parameters });
}

/** A name without what names are not told apart by: case, spaces, hyphens, underscores. */
export function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[\s_-]/g, '');
}
