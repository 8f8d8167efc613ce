import type { Graph } from '../../graph/graph.js';
import type { NDArray } from '../../graph/ndarray.js';
import { checkArrays, type SyncExecutable } from '../program.js';
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

/** One function for a prepared graph: from its inputs' arrays to its outputs', without allocating. */
export function graphSource(graph: Graph): Generated {
  const hoisted = new Hoisted();
  const x = graph.inputs.map((_, index) => `x${index}`);
  const y = graph.outputs.map((_, index) => `y${index}`);
  const body = writeBody(planGraph(graph), hoisted, { inputs: x.map((array) => ({ array })), targets: y });
  const source = [
    '(inputs, outputs) => {',
    ...indent([
      ...x.map((name, index) => `const ${name} = inputs[${index}].data;`),
      ...y.map((name, index) => `const ${name} = outputs[${index}].data;`),
      ...body.lines,
      ...body.outputs.flatMap((output, index) => deliver(output, y[index])),
    ]),
    '}',
  ].join('\n');
  return { source, hoisted };
}

/**
 * Makes a function from its text.
 * @throws EvalError where a content security policy (or Node's --disallow-code-generation-from-strings) forbids it.
 */
export function instantiate<F>({ source, hoisted }: Generated): F {
  const names = [...hoisted.values.keys()];
  const make = new Function(...names, `'use strict';\nreturn ${source};`) as (...values: unknown[]) => F;
  return make(...hoisted.values.values());
}

type Run = (inputs: readonly NDArray[], outputs: readonly NDArray[]) => void;

/** A prepared graph as one generated function. Throws EvalError where code generation is forbidden. */
export function generateGraph(graph: Graph): SyncExecutable {
  const run = instantiate<Run>(graphSource(graph));
  return {
    graph,
    run(inputs, outputs) {
      checkArrays(graph, inputs, outputs);
      run(inputs, outputs);
    },
    close: () => undefined,
  };
}
