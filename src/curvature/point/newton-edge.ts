import type { Series } from '../../transform/jet-series.js';
import { evaluateForm, extremesOf, type BinaryForm, type Direction } from './binary-form.js';
import { leads } from './dominance.js';
import type { LineVerdict, Turned } from './judge-two.js';
import type { Branch } from './reduced.js';
import { zeroFactor } from './splitting.js';

interface Term {
  /** Powers of x and y. */
  readonly i: number;
  readonly j: number;
  readonly value: number;
  readonly error: number;
}

/** The terms between two corners of Newton's polygon: of one order on the curves x = c·t^p, y = ±t^q. */
interface Edge {
  readonly corner: Term;
  readonly last: Term;
  readonly terms: readonly Term[];
  readonly p: number;
  readonly q: number;
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}

function termsOf({ space: { order, offsets }, value, error }: Series, sign: 1 | -1): Term[] {
  const terms: Term[] = [];
  for (let d = 1; d <= order; d++) {
    for (let j = 0; j <= d; j++) {
      const place = offsets[d] + j;
      terms.push({ i: d - j, j, value: sign * value[place], error: error[place] });
    }
  }
  return terms;
}

/** Whether x^a and x^b·y^c, both in the series, outweigh all other terms at some distance. */
export function pairLeads(series: Series, a: number, [b, c]: readonly [number, number]): boolean {
  const all = termsOf(series, 1);
  const corner = all.find(({ i, j }) => i === a && j === 0);
  const last = all.find(({ i, j }) => i === b && j === c);
  if (corner === undefined || last === undefined) return false;
  const common = divisor(c, a - b);
  const edge = { corner, last, terms: [corner, last], p: c / common, q: (a - b) / common };
  return edgeLeads(edge, all);
}

/** The edge from a corner towards lower powers of x; undefined where there are no such terms. */
function edgeFrom(corner: Term, terms: readonly Term[]): Edge | undefined {
  const below = terms.filter(({ i }) => i < corner.i);
  if (below.length === 0) return undefined;
  const slopeOf = ({ i, j }: Term) => (j - corner.j) / (corner.i - i);
  const slope = Math.min(...below.map(slopeOf));
  const on = below.filter((term) => Math.abs(slopeOf(term) - slope) < 1e-9);
  const last = on.reduce((lowest, term) => (term.i < lowest.i ? term : lowest));
  const [rise, run] = [last.j - corner.j, corner.i - last.i];
  const common = divisor(rise, run);
  return { corner, last, terms: [corner, ...on], p: rise / common, q: run / common };
}

/**
 * g along a root line of multiplicity four or more of its leading form, the y axis, by the edges of Newton's polygon below that form.
 * Divided by a monomial an edge is a form in x^q and y^p; in each quadrant it has one sign, or both, or touches zero on a curve.
 */
export function newtonEdge({ series, splitting }: Turned, degree: number, sign: 1 | -1): LineVerdict {
  const { order } = series.space;
  const all = termsOf(series, sign);
  const terms = all.filter(
    ({ i, j, value, error }) => i + j >= degree && Math.abs(value) > zeroFactor * error,
  );
  const leading = terms.filter(({ i, j }) => i + j === degree);
  if (leading.length === 0) {
    const open = 'along the line nothing of the leading form is certain';
    return { order: degree, flat: [], open, evidence: open };
  }
  const multiple = leading.reduce((lowest, term) => (term.i < lowest.i ? term : lowest));
  const text = `along the line, a root of multiplicity ${multiple.i},`;
  const flat: Branch[] = [];
  let reached = degree;
  let open: string | undefined;
  let corner = multiple;
  while (corner.i > 0) {
    const edge = edgeFrom(corner, terms);
    if (edge === undefined) {
      const axis = (side: number): Branch => ({
        splitting,
        coefficients: [[0], [0, side]],
        degree: undefined,
      });
      const evidence = `${text} nothing more follows up to order ${order}`;
      return { order, flat: [...flat, axis(1), axis(-1)], evidence };
    }
    reached = Math.max(reached, ...edge.terms.map(({ i, j }) => i + j));
    if (!edgeLeads(edge, all)) {
      const blurred = `${text} the terms of order ${reached} are the first that are not zero for certain, but at no distance do lower and higher orders matter less`;
      return { order: reached, flat: [], open: blurred, evidence: blurred };
    }
    for (const [sx, sy] of quadrants) {
      const { against, touching, isOpen } = judgeQuadrant(edge, sx, sy);
      const branch = (c: number, change?: number): Branch => ({
        splitting,
        coefficients: [
          [...new Array<number>(edge.p).fill(0), sx * c],
          [...new Array<number>(edge.q).fill(0), sy],
        ],
        degree: change,
      });
      if (against !== undefined) {
        const evidence = `${text} the terms of order ${reached} follow and turn the sign`;
        const change = edge.p * edge.corner.i + edge.q * edge.corner.j;
        return { order: reached, against: branch(against, change), flat: [], evidence };
      }
      if (isOpen) open = `${text} the terms of order ${reached} follow, and rounding hides their sign`;
      flat.push(...touching.map((c) => branch(c)));
    }
    corner = edge.last;
  }
  const end = flat.length > 0 ? 'vanish on a curve' : 'keep the sign';
  return { order: reached, flat, open, evidence: `${text} the terms of order ${reached} follow and ${end}` };
}

const quadrants = [
  [1, 1],
  [-1, 1],
  [1, -1],
  [-1, -1],
] as const;

/** x in units in which both ends of an edge are of one size at y = 1. */
function unitOf({ corner, last }: Edge): number {
  return Math.abs(last.value / corner.value) ** (1 / (corner.i - last.i));
}

/** Whether an edge's terms outweigh all others at some distance. */
function edgeLeads(edge: Edge, all: readonly Term[]): boolean {
  const { corner, p, q } = edge;
  const unit = Math.log(unitOf(edge));
  const exponent = p * corner.i + q * corner.j;
  const others = all
    .map(({ i, j, value, error }) => ({
      exponent: p * i + q * j,
      size: Math.exp(Math.log(Math.abs(value) + error) + (i - corner.i) * unit),
    }))
    .filter((other) => other.exponent !== exponent);
  return leads({ exponent, size: Math.abs(corner.value) }, others);
}

interface QuadrantVerdict {
  /** The curves x = ±c·t^p, y = ±t^q on which it is below zero most clearly, and where it touches zero. */
  readonly against?: number;
  readonly touching: readonly number[];
  /** Whether rounding hides the sign somewhere. */
  readonly isOpen: boolean;
}

function judgeQuadrant(edge: Edge, sx: number, sy: number): QuadrantVerdict {
  const { corner, last, terms, q } = edge;
  const unit = unitOf(edge);
  const degree = (corner.i - last.i) / q;
  const form: BinaryForm = {
    coefficients: new Float64Array(degree + 1),
    errors: new Float64Array(degree + 1),
  };
  for (const { i, j, value, error } of terms) {
    const factor = (unit ** (i - corner.i) / Math.abs(corner.value)) * sx ** i * sy ** j;
    const place = (corner.i - i) / q;
    form.coefficients[place] = factor * value;
    form.errors[place] = Math.abs(factor) * error;
  }
  const isInside = ([u, v]: Direction) => u * v > 1e-9;
  const { touching, lowest, isOpen } = extremesOf(form, 0.5);
  const directions = Array.from({ length: 89 }, (_, k): Direction => {
    const angle = (Math.PI / 180) * (k + 1);
    return [Math.cos(angle), Math.sin(angle)];
  });
  const below = [lowest.direction, ...directions].filter(isInside).flatMap((direction) => {
    const { value, bound } = evaluateForm(form, direction);
    return value < -bound ? [{ direction, value }] : [];
  });
  // (x/unit)^q : y^p = u : v.
  const toCurve = ([u, v]: Direction) => unit * Math.abs(u / v) ** (1 / q);
  if (below.length > 0) {
    const { direction } = below.reduce((least, one) => (one.value < least.value ? one : least));
    return { against: toCurve(direction), touching: [], isOpen };
  }
  const curves = touching.map(({ direction }) => direction).filter(isInside);
  return { touching: curves.map(toCurve), isOpen };
}
