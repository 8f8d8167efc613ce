import { isGraph, type Graph } from '../../graph/graph.js';
import { productFlops } from '../work.js';

/**
 * Whether the library takes the heavy part of a graph: products inside of a loop, as recurrent networks have them, run in JavaScript,
 * a tenth as fast as on ONNX Runtime.
 */
export function covers({ nodes }: Graph): boolean {
  return !nodes.some(({ attributes: { body } }) => isGraph(body) && productFlops(body) > 0);
}
