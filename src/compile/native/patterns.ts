import type { Graph, Node } from '../../graph/graph.js';
import type { Op } from '../../graph/op.js';
import { uniformValue } from './elementwise.js';

/** Looks for nodes by what they do with others. */
export class Patterns {
  protected readonly users: number[][];
  protected readonly nodes: readonly Node[];

  constructor({ nodes }: Graph) {
    this.nodes = nodes;
    this.users = nodes.map((): number[] => []);
    nodes.forEach(({ inputs }, id) => {
      for (const input of new Set(inputs)) this.users[input].push(id);
    });
  }

  /** The user of a node that is an op of it alone or, in either order, of it and another node. */
  protected user(op: Op<never>, id: number | undefined, other?: number): number | undefined {
    if (id === undefined) return undefined;
    return this.users[id].find((user) => {
      const { op: found, inputs } = this.nodes[user];
      if (found !== op) return false;
      if (other === undefined) return inputs[0] === id;
      return inputs.length === 2 && inputs.includes(id) && inputs.includes(other);
    });
  }

  /** The user of a node that is an op of it and a number near the given one. */
  protected userWith(op: Op<never>, id: number | undefined, number: number): number | undefined {
    if (id === undefined) return undefined;
    return this.users[id].find((user) => {
      const { op: found, inputs } = this.nodes[user];
      if (found !== op) return false;
      const value = uniformValue(this.nodes, inputs[0] === id ? inputs[1] : inputs[0]);
      return value !== undefined && Math.abs(value - number) <= 1e-6 * number;
    });
  }
}
