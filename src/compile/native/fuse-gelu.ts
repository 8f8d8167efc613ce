import type { Graph } from '../../graph/graph.js';
import { addOp, mulOp, negOp } from '../../ops/arithmetic.js';
import { erfOp, expOp } from '../../ops/unary.js';
import { Patterns } from './patterns.js';

/** GELU, x·Φ(x), and its gradients, as a graph has them: in products, sums and the error function. */
export interface Gelu {
  readonly x: number;
  readonly forward?: number;
  readonly gradients: readonly { readonly node: number; readonly cotangent: number }[];
}

const tangentAtZero = 2 / Math.sqrt(Math.PI);

class GeluFinder extends Patterns {
  find(): Gelu[] {
    return this.nodes.flatMap((node, erf) => {
      if (node.op !== erfOp || node.dtype !== 'float32') return [];
      const found = this.geluOf(erf);
      return found === undefined ? [] : [found];
    });
  }

  private geluOf(erf: number): Gelu | undefined {
    const [scaled] = this.nodes[erf].inputs;
    // x/√2, of which the error function is taken.
    const x = this.nodes[scaled].inputs.find((input) => this.userWith(mulOp, input, Math.SQRT1_2) === scaled);
    const half = this.userWith(mulOp, x, 0.5);
    const sum = this.userWith(addOp, erf, 1);
    if (x === undefined || half === undefined || sum === undefined) return undefined;
    const forward = this.user(mulOp, half, sum);
    return { x, forward, gradients: this.gradients(scaled, half, sum) };
  }

  /** d·(1 + erf)/2 + d·x/2·(2/√π)·e^(−x²/2)/√2, in the order in which reverse mode makes it. */
  private gradients(scaled: number, half: number, sum: number): Gelu['gradients'] {
    const square = this.user(mulOp, scaled, scaled);
    const bell = this.user(expOp, this.user(negOp, square));
    const tangent = this.userWith(mulOp, bell, tangentAtZero);
    if (tangent === undefined) return [];
    return this.users[sum].flatMap((direct) => {
      const { op, inputs } = this.nodes[direct];
      const cotangent = inputs[0] === sum ? inputs[1] : inputs[0];
      if (op !== mulOp || cotangent === half) return [];
      const through = this.user(mulOp, this.user(mulOp, cotangent, half), tangent);
      const [left, right] = [this.userWith(mulOp, direct, 0.5), this.userWith(mulOp, through, Math.SQRT1_2)];
      const node = left === undefined || right === undefined ? undefined : this.user(addOp, left, right);
      return node === undefined ? [] : [{ node, cotangent }];
    });
  }
}

/** The GELUs of a graph that primitives run. */
export function findGelus(graph: Graph): readonly Gelu[] {
  return new GeluFinder(graph).find();
}
