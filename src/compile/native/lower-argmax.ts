import { sizeOf } from '../../graph/shape.js';
import type { Lowering } from './lowering.js';
import type { Unit } from './units.js';

/** As the op's own kernel has it, as text: so that a run needs not leave the worker for it. */
const source = `(x, y) => {
  for (let o = 0, to = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++, to++) {
      const start = o * count * inner + i;
      let best = 0;
      let champion = x[start];
      for (let k = 1; k < count; k++) {
        const value = x[start + k * inner];
        if (value > champion || (value !== value && champion === champion)) {
          best = k;
          champion = value;
        }
      }
      y[to] = best;
    }
  }
}`;

/** The place of the largest element along an axis. */
export function lowerArgmax(lowering: Lowering, { node, result }: Unit): boolean {
  const { inputs, attributes } = lowering.nodes[node];
  const shape = lowering.shape(inputs[0]);
  const axis = attributes.axis as number;
  const constants = new Map([
    ['count', shape[axis]],
    ['inner', sizeOf(shape.slice(axis + 1))],
    ['outer', sizeOf(shape.slice(0, axis))],
  ]);
  const parameters = [lowering.parameter(inputs[0]), lowering.parameter(result, true)];
  lowering.steps.push({ kind: 'script', what: 'argmax', source, constants, parameters });
  return true;
}
