import { allocate, isFloat } from '../graph/dtype.js';
import { ScreeError } from '../graph/errors.js';
import { constantValue, type Graph, type Node } from '../graph/graph.js';
import { broadcastOffsets, sizeOf } from '../graph/shape.js';
import { expandComposites } from './expand.js';
import { seriesRules } from './jet-rules.js';
import {
  add,
  agree,
  constantSeries,
  kinked,
  multiply,
  representationError,
  rounding,
  zeroSeries,
  type Monomials,
  type Series,
} from './jet-series.js';
import { simplify } from './simplify.js';

/** Ops whose elements are elements of their floating-point inputs, or zero. */
const rearranging = new Set([
  'reshape',
  'broadcastTo',
  'slice',
  'transpose',
  'flip',
  'concat',
  'pad',
  'gather',
  'takeAlongAxis',
]);

/** Ops that add up elements of their floating-point input. */
const additive = new Set(['sum', 'cumsum', 'scatterAdd', 'putAlongAxis']);

/** Reductions to the largest or smallest, by the elementwise op that chooses between two. */
const extremes: Readonly<Record<string, string>> = { max: 'maximum', min: 'minimum' };

/** A value of the graph: a series for each element. */
type Elements = readonly Series[];

type Step = (pass: Pass, inputs: readonly Elements[]) => Elements;

/** One way through the graph. Comparisons that change at the very point go to the side that it says. */
interface Pass {
  readonly space: Monomials;
  readonly side: 'above' | 'below';
  /** Whether any comparison changes at the point. */
  isDivided: boolean;
}

/**
 * A graph made ready for power series: `run` gives the series of its outputs from those of its inputs, element by element.
 * Composite ops are taken apart first.
 */
export class JetProgram {
  readonly #graph: Graph;
  readonly #steps: readonly (Step | undefined)[];

  /** @throws ScreeError for an op that has no rule for power series */
  constructor(graph: Graph) {
    this.#graph = simplify(expandComposites(graph, ({ name }) => hasRule(name)));
    this.#steps = this.#graph.nodes.map((node, id) =>
      this.#graph.inputs.includes(id) ? undefined : stepOf(node, this.#graph),
    );
  }

  /**
   * Where a comparison changes at the very point, both sides are taken: if their series agree the function is as smooth as
   * they are (a quotient continued by its series), else it has a kink.
   */
  run(space: Monomials, inputs: readonly Elements[]): Elements[] {
    const pass: Pass = { space, side: 'above', isDivided: false };
    const outputs = this.#pass(pass, inputs);
    if (!pass.isDivided) return outputs;
    const others = this.#pass({ space, side: 'below', isDivided: false }, inputs);
    return outputs.map((elements, k) =>
      elements.map((series, i) =>
        agree(series, others[k][i])
          ? series
          : kinked(series, series.value[0], 'a condition that changes there'),
      ),
    );
  }

  #pass(pass: Pass, inputs: readonly Elements[]): Elements[] {
    const { nodes, outputs } = this.#graph;
    const values: Elements[] = [];
    nodes.forEach((node, id) => {
      const step = this.#steps[id];
      values.push(
        step === undefined
          ? inputs[this.#graph.inputs.indexOf(id)]
          : step(
              pass,
              node.inputs.map((input) => values[input]),
            ),
      );
    });
    return outputs.map((id) => values[id]);
  }
}

function hasRule(name: string): boolean {
  const isKind = rearranging.has(name) || additive.has(name) || Object.hasOwn(extremes, name);
  return Object.hasOwn(seriesRules, name) || isKind || name === 'matmul';
}

function stepOf(node: Node, graph: Graph): Step {
  const { op, shape } = node;
  const constant = constantValue(node);
  if (constant !== undefined) {
    const numbers = Array.from(constant.data);
    return ({ space }) => numbers.map((value) => constantSeries(space, value, representationError(value)));
  }
  const types = node.inputs.map((input) => graph.nodes[input]);
  if (Object.hasOwn(seriesRules, op.name)) {
    const rule = seriesRules[op.name];
    const size = sizeOf(shape);
    const places = types.map((type) => broadcastOffsets(type.shape, shape));
    return (pass, inputs) => {
      const result: Series[] = [];
      for (let i = 0; i < size; i++) {
        const series = rule(...inputs.map((elements, k) => elements[places[k]?.[i] ?? i]));
        result.push(op.name in sides && series.value[0] === 0.5 ? sided(op.name, pass) : series);
      }
      return result;
    };
  }
  if (rearranging.has(op.name)) return rearrange(node, types);
  if (additive.has(op.name)) return accumulate(node, types);
  if (Object.hasOwn(extremes, op.name)) return extreme(node, types[0]);
  if (op.name === 'matmul') return matrixProduct(types[0], types[1], sizeOf(shape));
  throw new ScreeError(`jet: ${op.name} has no rule for power series`);
}

/** Comparisons by whether they hold where the first operand is the larger one. */
const sides: Readonly<Record<string, boolean>> = {
  less: false,
  lessEqual: false,
  greater: true,
  greaterEqual: true,
};

function sided(name: string, pass: Pass): Series {
  pass.isDivided = true;
  return constantSeries(pass.space, sides[name] === (pass.side === 'above') ? 1 : 0);
}

/** Indices, which are whole numbers, by their values. */
function numbersOf({ dtype }: Node, elements: Elements) {
  const data = allocate(dtype, elements.length);
  elements.forEach(({ value }, i) => (data[i] = value[0]));
  return data;
}

/** Runs the op's kernel on numbers that name the elements, and reads from the result which came where. */
function rearrange({ op, attributes, shape, dtype }: Node, types: readonly Node[]): Step {
  const kernel = op.kernel?.({ inputs: types, output: { shape, dtype }, attributes });
  return ({ space }, inputs) => {
    const all: Series[] = [];
    const names = inputs.map((elements, k) => {
      if (!isFloat(types[k].dtype)) return numbersOf(types[k], elements);
      const first = all.length + 1;
      all.push(...elements);
      return Float64Array.from(elements, (_, i) => first + i);
    });
    const output = new Float64Array(sizeOf(shape));
    kernel?.(output, ...names);
    return Array.from(output, (name) => (name === 0 ? zeroSeries(space) : all[name - 1]));
  };
}

/** A linear op, by its kernel on each coefficient and on each bound. */
function accumulate({ op, attributes, shape, dtype }: Node, types: readonly Node[]): Step {
  const kernel = op.kernel?.({ inputs: types, output: { shape, dtype }, attributes });
  return ({ space }, inputs) => {
    const [elements] = inputs;
    const others = inputs.slice(1).map((indices, k) => numbersOf(types[k + 1], indices));
    const result = Array.from({ length: sizeOf(shape) }, () => zeroSeries(space));
    const degree = elements.reduce((most, series) => Math.max(most, series.degree), 0);
    const [values, errors] = [new Float64Array(elements.length), new Float64Array(elements.length)];
    const sums = new Float64Array(result.length);
    const kink = elements.find((series) => series.kink !== undefined)?.kink;
    for (let place = 0; place < space.offsets[degree + 1]; place++) {
      elements.forEach(({ value, error }, i) => {
        values[i] = value[place];
        errors[i] = error[place] + rounding * Math.abs(value[place]);
      });
      kernel?.(sums, values, ...others);
      result.forEach((series, i) => (series.value[place] = sums[i]));
      kernel?.(sums, errors, ...others);
      result.forEach((series, i) => (series.error[place] = sums[i]));
    }
    for (const series of result) {
      series.degree = degree;
      series.kink = kink;
    }
    return result;
  };
}

/** The largest or smallest along axes, two at a time. */
function extreme({ op, attributes }: Node, { shape }: Node): Step {
  const axes = Array.isArray(attributes.axes) ? (attributes.axes as readonly number[]) : [];
  const kept = shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
  const places = broadcastOffsets(kept, shape);
  const rule = seriesRules[extremes[op.name]];
  return (_pass, [elements]) => {
    const result: Series[] = [];
    elements.forEach((series, i) => {
      const place = places?.[i] ?? i;
      const before = result[place] as Series | undefined;
      result[place] = before === undefined ? series : rule(before, series);
    });
    return result;
  };
}

function matrixProduct(a: Node, b: Node, size: number): Step {
  const [m, k] = a.shape.slice(-2);
  const n = b.shape[b.shape.length - 1];
  const batches = size / (m * n);
  const [countA, countB] = [sizeOf(a.shape) / (m * k), sizeOf(b.shape) / (k * n)];
  if ([countA, countB].some((count) => count !== 1 && count !== batches))
    throw new ScreeError('jet: matmul has no rule for power series where batch axes broadcast');
  return ({ space }, [left, right]) => {
    const result: Series[] = [];
    for (let batch = 0; batch < batches; batch++) {
      const [fromA, fromB] = [countA === 1 ? 0 : batch * m * k, countB === 1 ? 0 : batch * k * n];
      for (let row = 0; row < m; row++) {
        for (let column = 0; column < n; column++) {
          let sum = zeroSeries(space);
          for (let i = 0; i < k; i++) {
            sum = add(sum, multiply(left[fromA + row * k + i], right[fromB + i * n + column]));
          }
          result.push(sum);
        }
      }
    }
    return result;
  };
}
