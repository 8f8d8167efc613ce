import type { Graph, Node } from '../../graph/graph.js';
import type { Op } from '../../graph/op.js';
import { sizeOf } from '../../graph/shape.js';
import { addOp, mulOp, subOp } from '../../ops/arithmetic.js';
import { batchNormGradientOp, batchNormOp } from '../../ops/norm.js';
import { sumOp } from '../../ops/reduce.js';
import { reshapeOp } from '../../ops/shape-ops.js';
import { rsqrtOp } from '../../ops/unary.js';
import { uniformValue } from './elementwise.js';
import type { Norm, NormGradient } from './units.js';

/**
 * Finds what a graph computes of a batch norm beside its output: statistics for the running mean and variance, the gradients
 * of scale and bias. They are written in other ops; the primitives make them on the way.
 */
class NormFinder {
  private readonly users: number[][];
  private readonly nodes: readonly Node[];

  constructor({ nodes }: Graph) {
    this.nodes = nodes;
    this.users = nodes.map((): number[] => []);
    nodes.forEach(({ inputs }, id) => {
      for (const input of new Set(inputs)) this.users[input].push(id);
    });
  }

  /** The user of a node that is an op of it alone or, in either order, of it and another node. */
  private user(op: Op<never>, id: number | undefined, other?: number): number | undefined {
    if (id === undefined) return undefined;
    return this.users[id].find((user) => {
      const { op: found, inputs } = this.nodes[user];
      if (found !== op) return false;
      if (other === undefined) return inputs[0] === id;
      return inputs.length === 2 && inputs.includes(id) && inputs.includes(other);
    });
  }

  /** The sum over all axes but the channels'. */
  private channelSum(id: number | undefined, keepDims: boolean): number | undefined {
    if (id === undefined) return undefined;
    const { shape } = this.nodes[id];
    const axes = shape.map((_, axis) => axis).filter((axis) => axis !== 1);
    return this.users[id].find((user) => {
      const { op, attributes } = this.nodes[user];
      const along = attributes.axes as readonly number[] | undefined;
      return op === sumOp && attributes.keepDims === keepDims && along?.join() === axes.join();
    });
  }

  /** The mean over all axes but the channels', which it keeps. */
  private channelMean(id: number | undefined): number | undefined {
    const sum = this.channelSum(id, true);
    if (id === undefined || sum === undefined) return undefined;
    const { shape } = this.nodes[id];
    const share = shape[1] / sizeOf(shape);
    return this.users[sum].find((user) => {
      const { op, inputs } = this.nodes[user];
      const factor =
        op === mulOp ? uniformValue(this.nodes, inputs[0] === sum ? inputs[1] : inputs[0]) : undefined;
      return factor !== undefined && Math.abs(factor - share) <= 1e-6 * share;
    });
  }

  private moments(x: number) {
    const mean = this.channelMean(x);
    const centred = mean === undefined ? undefined : this.user(subOp, x, mean);
    const variance = this.channelMean(centred === undefined ? undefined : this.user(mulOp, centred, centred));
    return { mean, centred, variance };
  }

  private epsilonOf(id: number): number {
    return this.nodes[id].attributes.epsilon as number;
  }

  private gradientOf(
    node: number,
    { centred, variance }: { centred?: number; variance?: number },
  ): NormGradient {
    const { inputs } = this.nodes[node];
    const cotangent = inputs[2];
    const shift = this.channelSum(cotangent, false);
    const product = centred === undefined ? undefined : this.user(mulOp, cotangent, centred);
    const along = this.channelSum(product, false);
    const inverse = this.inverseDeviation(variance, this.epsilonOf(node));
    const scale = along === undefined || inverse === undefined ? undefined : this.user(mulOp, along, inverse);
    return { node, cotangent, masked: false, scale, shift };
  }

  /** 1/√(variance + ε) as a vector. */
  private inverseDeviation(variance: number | undefined, epsilon: number): number | undefined {
    if (variance === undefined) return undefined;
    const spread = this.users[variance].find((user) => {
      const { op, inputs } = this.nodes[user];
      const added =
        op === addOp ? uniformValue(this.nodes, inputs[0] === variance ? inputs[1] : inputs[0]) : undefined;
      return added !== undefined && Math.abs(added - epsilon) <= 1e-6 * epsilon;
    });
    const inverse = this.user(rsqrtOp, spread);
    return inverse === undefined
      ? undefined
      : this.users[inverse].find(
          (user) => this.nodes[user].op === reshapeOp && this.nodes[user].shape.length === 1,
        );
  }

  find(): Map<number, Norm> {
    const norms = new Map<number, Norm>();
    this.nodes.forEach(({ op, inputs, dtype, shape }, forward) => {
      if (op !== batchNormOp || dtype !== 'float32' || sizeOf(shape) === 0 || norms.has(inputs[0])) return;
      const [x, scale] = inputs;
      const moments = this.moments(x);
      const gradients = this.users[x]
        .filter((user) => {
          const other = this.nodes[user];
          return (
            other.op === batchNormGradientOp &&
            other.inputs[0] === x &&
            other.inputs[1] === scale &&
            this.epsilonOf(user) === this.epsilonOf(forward)
          );
        })
        .map((node) => this.gradientOf(node, moments));
      norms.set(x, { forward, mean: moments.mean, variance: moments.variance, gradients });
    });
    return norms;
  }
}

/** The batch norms that primitives run, by their input. */
export function findNorms(graph: Graph): ReadonlyMap<number, Norm> {
  return new NormFinder(graph).find();
}
