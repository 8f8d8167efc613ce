import type { Graph } from '../../graph/graph.js';
import type { Op } from '../../graph/op.js';
import { sizeOf } from '../../graph/shape.js';
import { addOp, mulOp, subOp } from '../../ops/arithmetic.js';
import { layerNormGradientOp, layerNormOp } from '../../ops/layer-norm.js';
import { batchNormGradientOp, batchNormOp } from '../../ops/norm.js';
import { sumOp } from '../../ops/reduce.js';
import { reshapeOp } from '../../ops/shape-ops.js';
import { rsqrtOp } from '../../ops/unary.js';
import { Patterns } from './patterns.js';
import type { Norm, NormGradient } from './units.js';

/** What the graph computes of a norm's statistics, in other ops. */
interface Moments {
  readonly mean?: number;
  readonly centred?: number;
  /** 1/√(variance + ε). */
  readonly inverse?: number;
  readonly variance?: number;
}

/**
 * Finds what a graph computes of a norm beside its output: statistics for the running mean and variance, the gradients of scale
 * and bias. They are written in other ops; the primitives make them on the way.
 */
class NormFinder extends Patterns {
  private sumOver(id: number | undefined, axes: readonly number[], keepDims: boolean): number | undefined {
    if (id === undefined) return undefined;
    return this.users[id].find((user) => {
      const { op, attributes } = this.nodes[user];
      const along = attributes.axes as readonly number[] | undefined;
      return op === sumOp && attributes.keepDims === keepDims && along?.join() === axes.join();
    });
  }

  /** The mean over axes, which it keeps. */
  private meanOver(id: number | undefined, axes: readonly number[]): number | undefined {
    if (id === undefined) return undefined;
    const { shape } = this.nodes[id];
    const count = axes.reduce((product, axis) => product * shape[axis], 1);
    return this.userWith(mulOp, this.sumOver(id, axes, true), 1 / count);
  }

  private moments(x: number, axes: readonly number[], epsilon: number): Moments {
    const mean = this.meanOver(x, axes);
    const centred = mean === undefined ? undefined : this.user(subOp, x, mean);
    const squares = centred === undefined ? undefined : this.user(mulOp, centred, centred);
    const variance = this.meanOver(squares, axes);
    const inverse = this.user(rsqrtOp, this.userWith(addOp, variance, epsilon));
    return { mean, centred, variance, inverse };
  }

  /** The sum over axes of a cotangent times what a norm makes of its input. */
  private along(cotangent: number, other: number | undefined, axes: readonly number[]): number | undefined {
    return other === undefined ? undefined : this.sumOver(this.user(mulOp, cotangent, other), axes, false);
  }

  private batchGradient(node: number, { centred, inverse }: Moments, axes: readonly number[]): NormGradient {
    const cotangent = this.nodes[node].inputs[2];
    const along = this.along(cotangent, centred, axes);
    const vectors = inverse === undefined ? [] : this.users[inverse];
    const vector = vectors.find(
      (user) => this.nodes[user].op === reshapeOp && this.nodes[user].shape.length === 1,
    );
    const scale = along === undefined || vector === undefined ? undefined : this.user(mulOp, along, vector);
    return { node, cotangent, masked: false, scale, shift: this.sumOver(cotangent, axes, false) };
  }

  private layerGradient(node: number, { centred, inverse }: Moments, axes: readonly number[]): NormGradient {
    const cotangent = this.nodes[node].inputs[2];
    const hat =
      centred === undefined || inverse === undefined ? undefined : this.user(mulOp, centred, inverse);
    const scale = this.along(cotangent, hat, axes);
    return { node, cotangent, masked: false, scale, shift: this.sumOver(cotangent, axes, false) };
  }

  /** The gradients of a norm's input: nodes of the op for the same input, scale and attributes. */
  private gradients(op: Op<never>, forward: number): number[] {
    const { inputs, attributes } = this.nodes[forward];
    return this.users[inputs[0]].filter((user) => {
      const other = this.nodes[user];
      const fits = other.op === op && other.inputs[0] === inputs[0] && other.inputs[1] === inputs[1];
      return fits && JSON.stringify(other.attributes) === JSON.stringify(attributes);
    });
  }

  find(): Norm[] {
    const norms: Norm[] = [];
    const seen = new Set<number>();
    this.nodes.forEach((node, forward) => {
      const { op, inputs, shape, dtype, attributes } = node;
      if (dtype !== 'float32' || sizeOf(shape) === 0) return;
      const all = shape.map((_, axis) => axis);
      const epsilon = attributes.epsilon as number;
      if (op === batchNormOp && !seen.has(inputs[0])) {
        seen.add(inputs[0]);
        const axes = all.filter((axis) => axis !== 1);
        const moments = this.moments(inputs[0], axes, epsilon);
        const gradients = this.gradients(batchNormGradientOp, forward).map((gradient) =>
          this.batchGradient(gradient, moments, axes),
        );
        const { mean, variance } = moments;
        norms.push({ kind: 'batch', forward, mean, variance, gradients });
      } else if (op === layerNormOp) {
        const border = shape.length - (attributes.axes as number);
        const moments = this.moments(inputs[0], all.slice(border), epsilon);
        const gradients = this.gradients(layerNormGradientOp, forward).map((gradient) =>
          this.layerGradient(gradient, moments, all.slice(0, border)),
        );
        norms.push({ kind: 'layer', forward, gradients });
      }
    });
    return norms;
  }
}

/** The norms that primitives run. */
export function findNorms(graph: Graph): readonly Norm[] {
  return new NormFinder(graph).find();
}
