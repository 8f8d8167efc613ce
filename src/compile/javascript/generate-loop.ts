import { allocate } from '../../graph/dtype.js';
import type { Graph } from '../../graph/graph.js';
import type { NDArray } from '../../graph/ndarray.js';
import { sizeOf } from '../../graph/shape.js';
import { advance, carriedOf, elementNames } from './carried.js';
import { deliver, instantiate, type Generated } from './generate.js';
import { countLines, longestFunction } from './parts.js';
import { planGraph, type Plan } from './plan.js';
import { Hoisted, indent } from './text.js';
import { writeBody, type InputSource, type OutputSource } from './write.js';

export type RunLoop = (
  carry: readonly NDArray[],
  constants: readonly NDArray[],
  steps: number,
  records: readonly Float64Array[],
) => number;

export type RunMany = (
  carry: readonly NDArray[],
  constants: readonly NDArray[],
  count: number,
  steps: number,
) => void;

/** The constants' elements in variables, defined before the loop. */
function constantsOf({ graph, limit }: Plan, carry: number): { lines: string[]; sources: InputSource[] } {
  const lines: string[] = [];
  const sources = graph.inputs.slice(carry).map((id, index): InputSource => {
    const array = `x${index}`;
    lines.push(`const ${array} = constants[${index}].data;`);
    const size = sizeOf(graph.nodes[id].shape);
    if (size > limit) return { array, fixed: true };
    const elements = elementNames(`p${index}`, size);
    elements.forEach((name, place) => lines.push(`const ${name} = ${array}[${place}];`));
    return { array, elements, fixed: true };
  });
  return { lines, sources };
}

function record(output: OutputSource, name: string, size: number): string[] {
  if ('array' in output) return [`${name}.set(${output.array}, step * ${size});`];
  const row = size === 1 ? 'step' : `step * ${size}`;
  return output.elements.map(
    (value, place) => `${name}[${place === 0 ? row : `${row} + ${place}`}] = ${value};`,
  );
}

/** One function for a loop over a prepared graph, or undefined where it would be too long for V8 to make it fast. */
export function loopSource(
  graph: Graph,
  { carry, stop }: { carry: number; stop: boolean },
): Generated | undefined {
  const hoisted = new Hoisted();
  const plan = planGraph(graph);
  const carried = carriedOf(plan, carry);
  const constants = constantsOf(plan, carry);
  const body = writeBody(plan, hoisted, {
    inputs: [
      ...carried.map(({ names, array }) => (names === undefined ? { array } : { elements: names })),
      ...constants.sources,
    ],
    targets: carried.map(({ names, next }) => (names === undefined ? next : undefined)),
  });
  if (countLines(body.lines) > longestFunction) return undefined;
  const records = body.outputs.slice(carry, stop ? -1 : undefined);
  const last = body.outputs.at(-1);
  const halt = stop && last !== undefined && 'elements' in last ? last.elements[0] : undefined;
  const start = carried.flatMap(({ names, array, next }, index) => {
    if (names !== undefined) return names.map((name, place) => `let ${name} = y${index}[${place}];`);
    const { dtype, shape } = graph.nodes[graph.inputs[index]];
    return [
      `let ${array} = y${index};`,
      `let ${next} = ${hoisted.name('b', allocate(dtype, sizeOf(shape)))};`,
    ];
  });
  const end = carried.flatMap(({ names, array }, index) => {
    if (names === undefined) return [`if (${array} !== y${index}) y${index}.set(${array});`];
    return deliver({ elements: names }, `y${index}`);
  });
  const source = [
    '(carry, constants, steps, records) => {',
    ...indent([
      ...carried.map((_, index) => `const y${index} = carry[${index}].data;`),
      ...records.map((_, index) => `const r${index} = records[${index}];`),
      ...constants.lines,
      ...start,
      ...body.fixed,
      'let step = 0;',
      'while (step < steps) {',
      ...indent([
        ...body.lines,
        ...records.flatMap((output, index) => {
          return record(output, `r${index}`, sizeOf(graph.nodes[graph.outputs[carry + index]].shape));
        }),
        ...(halt === undefined ? [] : [`const halt = ${halt} !== 0;`]),
        ...advance(carried, body),
        'step++;',
        ...(halt === undefined ? [] : ['if (halt) break;']),
      ]),
      '}',
      ...end,
      'return step;',
    ]),
    '}',
  ].join('\n');
  return { source, hoisted };
}

export function generateLoop(graph: Graph, options: { carry: number; stop: boolean }): RunLoop | undefined {
  const source = loopSource(graph, options);
  return source && (instantiate(source) as RunLoop);
}

/** Walks that are taken side by side, so that the processor need not wait for one sum before it begins another. */
function lanesFor(lines: number): number {
  if (lines > 150) return 1;
  return lines > 60 ? 2 : 4;
}

/** One function for many walks of a prepared graph, or undefined where they need memory beside variables. */
function manySource(graph: Graph, carry: number): Generated | undefined {
  const hoisted = new Hoisted();
  const plan = planGraph(graph);
  const inMemory = plan.slots.some(({ nest, kernel }) => nest !== undefined || kernel !== undefined);
  const { lines: constantLines, sources } = constantsOf(plan, carry);
  if (
    inMemory ||
    plan.lifetimes.size > 0 ||
    carriedOf(plan, carry).some(({ names }) => names === undefined)
  ) {
    return undefined;
  }
  const lane = (suffix: string) => {
    const carried = carriedOf(plan, carry, suffix);
    const inputs = [...carried.map(({ names }): InputSource => ({ elements: names })), ...sources];
    const body = writeBody(plan, hoisted, { inputs, targets: [], suffix });
    return { carried, body };
  };
  const place = (index: number, size: number, offset: number, element: number): string => {
    const row = offset === 0 ? 'start' : `start + ${offset}`;
    if (size === 1) return `y${index}[${row}]`;
    return `y${index}[${offset === 0 ? row : `(${row})`} * ${size} + ${element}]`;
  };
  const sideBySide = (lanes: number): string[] => {
    const parts = Array.from({ length: lanes }, (_, offset) => lane(lanes === 1 ? '' : `$${offset}`));
    const each = (line: (name: string, element: string) => string): string[] =>
      parts.flatMap(({ carried }, offset) =>
        carried.flatMap(({ names = [], size }, index) =>
          names.map((name, element) => line(name, place(index, size, offset, element))),
        ),
      );
    return [
      ...parts.flatMap(({ body }) => body.fixed),
      `for (; start + ${lanes} <= count; start += ${lanes}) {`,
      ...indent([
        ...each((name, element) => `let ${name} = ${element};`),
        'for (let step = 0; step < steps; step++) {',
        ...indent(parts.flatMap(({ carried, body }) => [...body.lines, ...advance(carried, body)])),
        '}',
        ...each((name, element) => `${element} = ${name};`),
      ]),
      '}',
    ];
  };
  const lines = countLines(lane('').body.lines);
  if (lines > longestFunction) return undefined;
  const lanes = lanesFor(lines);
  const source = [
    '(carry, constants, count, steps) => {',
    ...indent([
      ...plan.graph.inputs.slice(0, carry).map((_, index) => `const y${index} = carry[${index}].data;`),
      ...constantLines,
      'let start = 0;',
      ...(lanes > 1 ? sideBySide(lanes) : []),
      ...sideBySide(1),
    ]),
    '}',
  ].join('\n');
  return { source, hoisted };
}

export function generateMany(graph: Graph, carry: number): RunMany | undefined {
  const source = manySource(graph, carry);
  return source && (instantiate(source) as RunMany);
}
