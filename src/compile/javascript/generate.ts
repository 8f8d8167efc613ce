import type { DType } from '../../graph/dtype.js';
import type { Graph } from '../../graph/graph.js';
import type { NDArray } from '../../graph/ndarray.js';
import { sizeOf } from '../../graph/shape.js';
import { checkArrays, sharesMemory, type SyncExecutable } from '../program.js';
import { countLines, longestFunction, splitStatements } from './parts.js';
import { planGraph } from './plan.js';
import { Hoisted, indent } from './text.js';
import { writeBody, type OutputSource } from './write.js';

/** The text of a function, and what it refers to. */
export interface Generated {
  readonly source: string;
  readonly hoisted: Hoisted;
}

/** The line that brings an output to its array, where it was not made there. */
export function deliver(source: OutputSource, array: string): string[] {
  if ('elements' in source)
    return source.elements.map((element, place) => `${array}[${place}] = ${element};`);
  return source.array === array ? [] : [`${array}.set(${source.array});`];
}

const constructors: Readonly<Record<DType, string>> = {
  float64: 'Float64Array',
  float32: 'Float32Array',
  int32: 'Int32Array',
  bool: 'Uint8Array',
};

/** Comparing every output with every array grows with the square of their number. */
const fewArrays = 12;

/** Conditions under which arrays are not what the graph takes: spelt out, they cost a tenth of `checkArrays`. */
function misfits({ nodes, inputs, outputs }: Graph, x: readonly string[], y: readonly string[]): string[] {
  const arrays = [
    ...inputs.map((id, index) => ({ node: nodes[id], data: x[index], from: `inputs[${index}]` })),
    ...outputs.map((id, index) => ({ node: nodes[id], data: y[index], from: `outputs[${index}]` })),
  ];
  const conditions = arrays.map(({ node: { dtype, shape }, data, from }) => {
    const extents = shape.map((extent, axis) => `${from}.shape[${axis}] !== ${extent}`);
    return [
      `!(${data} instanceof ${constructors[dtype]})`,
      `${data}.length !== ${sizeOf(shape)}`,
      `${from}.shape.length !== ${shape.length}`,
      ...extents,
    ].join(' || ');
  });
  const shared = arrays.flatMap((one, index) =>
    arrays.flatMap((other, before) => {
      const alike =
        one.node.dtype === other.node.dtype && sizeOf(one.node.shape) === sizeOf(other.node.shape);
      return before < index && index >= inputs.length && alike ? [`${one.data} === ${other.data}`] : [];
    }),
  );
  if (arrays.length > fewArrays) return [...conditions, 'sharesMemory(inputs, outputs)'];
  return shared.length === 0 ? conditions : [...conditions, shared.join(' || ')];
}

/**
 * One function for a prepared graph: from its inputs' arrays to its outputs', without allocating. It gives false, and writes
 * nothing, where the arrays do not fit.
 */
export function graphSource(graph: Graph): Generated {
  const hoisted = new Hoisted();
  const x = graph.inputs.map((_, index) => `x${index}`);
  const y = graph.outputs.map((_, index) => `y${index}`);
  const body = writeBody(planGraph(graph), hoisted, { inputs: x.map((array) => ({ array })), targets: y });
  if (x.length + y.length > fewArrays) hoisted.values.set('sharesMemory', sharesMemory);
  const statements = [
    ...body.fixed,
    ...body.lines,
    ...body.outputs.flatMap((output, index) => deliver(output, y[index])),
  ];
  const parts =
    countLines(statements) > longestFunction ? splitStatements(statements, [...x, ...y]) : undefined;
  const run = [
    '(inputs, outputs) => {',
    ...indent([
      `if (inputs.length !== ${x.length} || outputs.length !== ${y.length}) return false;`,
      ...x.map((name, index) => `const ${name} = inputs[${index}].data;`),
      ...y.map((name, index) => `const ${name} = outputs[${index}].data;`),
      ...misfits(graph, x, y).map((condition) => `if (${condition}) return false;`),
      ...(parts?.calls ?? statements),
      'return true;',
    ]),
    '}',
  ].join('\n');
  if (parts === undefined) return { source: run, hoisted };
  const source = ['(() => {', ...indent([...parts.definitions, `return ${run};`]), '})()'].join('\n');
  return { source, hoisted };
}

type Run = (inputs: readonly NDArray[], outputs: readonly NDArray[]) => boolean;

/**
 * Makes a function from its text.
 * @throws EvalError where a content security policy (or Node's --disallow-code-generation-from-strings) forbids it.
 */
export function instantiate({ source, hoisted }: Generated): unknown {
  const make: unknown = new Function(...hoisted.values.keys(), `'use strict';\nreturn ${source};`);
  return (make as (...values: unknown[]) => unknown)(...hoisted.values.values());
}

/** A prepared graph as one generated function. Throws EvalError where code generation is forbidden. */
export function generateGraph(graph: Graph): SyncExecutable {
  const run = instantiate(graphSource(graph)) as Run;
  return {
    graph,
    run(inputs, outputs) {
      if (!run(inputs, outputs)) checkArrays(graph, inputs, outputs);
    },
    close: () => undefined,
  };
}
