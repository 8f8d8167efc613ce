import { sizeOf } from '../../graph/shape.js';
import type { Plan } from './plan.js';
import type { Body } from './write.js';

/** A carried value while the loop runs: in variables, or in two arrays that change places. */
export interface Carried {
  readonly size: number;
  readonly names: readonly string[] | undefined;
  readonly array: string;
  readonly next: string;
}

export function elementNames(prefix: string, size: number, suffix = ''): string[] {
  return Array.from({ length: size }, (_, place) => `${prefix}${size === 1 ? '' : `_${place}`}${suffix}`);
}

export function carriedOf({ graph, limit }: Plan, carry: number, suffix = ''): Carried[] {
  return graph.inputs.slice(0, carry).map((id, index) => {
    const size = sizeOf(graph.nodes[id].shape);
    const names = size <= limit ? elementNames(`s${index}`, size, suffix) : undefined;
    return { size, names, array: `s${index}`, next: `n${index}` };
  });
}

/** Lines that make what a step computed the values of the next one. */
export function advance(carried: readonly Carried[], { outputs }: Body): string[] {
  const variables = new Set(carried.flatMap(({ names }) => names ?? []));
  const before: string[] = [];
  const lines: string[] = [];
  carried.forEach(({ names, array, next }, index) => {
    const output = outputs[index];
    if (names === undefined) {
      if (!('array' in output) || output.array === array) return;
      if (output.array !== next) before.push(`${next}.set(${output.array});`);
      const kept = `${next}_`;
      lines.push(`const ${kept} = ${array};`, `${array} = ${next};`, `${next} = ${kept};`);
      return;
    }
    names.forEach((target, place) => {
      const value = 'array' in output ? `${output.array}[${place}]` : output.elements[place];
      if (value === target) return;
      if (variables.has(value)) {
        // One carried variable takes the value of another: it must not see the new one.
        before.push(`const ${value}_${target} = ${value};`);
        lines.push(`${target} = ${value}_${target};`);
      } else lines.push(`${target} = ${value};`);
    });
  });
  return [...before, ...lines];
}
