import { constantValue, type Node } from '../../graph/graph.js';
import type { Op } from '../../graph/op.js';
import { sameShape, sizeOf, type Shape } from '../../graph/shape.js';
import {
  addOp,
  divOp,
  maximumOp,
  minimumOp,
  mulOp,
  negOp,
  reciprocalOp,
  subOp,
} from '../../ops/arithmetic.js';
import { broadcastToOp, reshapeOp } from '../../ops/shape-ops.js';
import {
  absOp,
  expOp,
  logOp,
  reluOp,
  rsqrtOp,
  sigmoidOp,
  softplusOp,
  sqrtOp,
  tanhOp,
} from '../../ops/unary.js';
import { algorithm } from './binding/constants.js';
import { eltwise, type PostOp } from './binding/engine.js';
import type { PostStep, Spread } from './units.js';

const unary = new Map<Op<never>, PostOp & { kind: 'eltwise' }>([
  [reluOp, eltwise('relu')],
  [tanhOp, eltwise('tanh')],
  [expOp, eltwise('exp')],
  [logOp, eltwise('log')],
  [sqrtOp, eltwise('sqrt')],
  [absOp, eltwise('abs')],
  [sigmoidOp, eltwise('logistic')],
  [softplusOp, eltwise('softRelu', 1)],
  [negOp, eltwise('linear', -1)],
  [reciprocalOp, eltwise('pow', 1, -1)],
  [rsqrtOp, eltwise('pow', 1, -0.5)],
]);

const binary = new Map<Op<never>, number>([
  [addOp, algorithm.add],
  [subOp, algorithm.sub],
  [mulOp, algorithm.mul],
  [divOp, algorithm.div],
  [maximumOp, algorithm.max],
  [minimumOp, algorithm.min],
]);

/** The one number that a node is everywhere, or undefined. */
export function uniformValue(nodes: readonly Node[], id: number): number | undefined {
  const node = nodes[id];
  if (node.op === broadcastToOp || node.op === reshapeOp) return uniformValue(nodes, node.inputs[0]);
  const value = constantValue(node);
  return value?.data.length === 1 ? value.data[0] : undefined;
}

/** How an operand spreads over a result; undefined where no primitive does it that way. */
export function spreadOf(operand: Shape, result: Shape): Spread | undefined {
  const size = sizeOf(operand);
  if (size === sizeOf(result))
    return sameShape(operand.filter(notOne), result.filter(notOne)) ? 'full' : undefined;
  if (size === 1) return 'scalar';
  const padded = [...new Array<number>(result.length - operand.length).fill(1), ...operand];
  const first = padded.findIndex(notOne);
  if (padded.every((extent, axis) => axis < first || extent === result[axis])) return 'row';
  if (first === 1 && padded.every((extent, axis) => (axis === 1 ? extent === result[1] : extent === 1))) {
    return 'channel';
  }
  const last = padded.findLastIndex(notOne);
  if (padded.every((extent, axis) => extent === (axis > last ? 1 : result[axis]))) return 'column';
  return undefined;
}

const notOne = (extent: number) => extent !== 1;

/** Whether all that the node works with is float32. */
export function isFloat32({ dtype, inputs }: Node, nodes: readonly Node[]): boolean {
  return dtype === 'float32' && inputs.every((input) => nodes[input].dtype === 'float32');
}

/**
 * An elementwise node as steps on the value of one of its operands.
 * @param spine which operand, by node; its shape must be the result's
 * @returns undefined where no post-op does it
 */
export function postSteps(nodes: readonly Node[], id: number, spine: number): PostStep[] | undefined {
  const node = nodes[id];
  if (!isFloat32(node, nodes) || !sameShape(nodes[spine].shape, node.shape)) return undefined;
  const single = unary.get(node.op);
  if (single !== undefined) return [{ kind: 'eltwise', op: single }];
  const [x, y] = node.inputs;
  if (node.op === mulOp && x === y) return [{ kind: 'eltwise', op: eltwise('square') }];
  const operation = binary.get(node.op);
  if (operation === undefined || x === y) return undefined;
  const other = spine === x ? y : x;
  const linear = linearStep(node.op, uniformValue(nodes, other), spine === x);
  if (linear !== undefined) return [{ kind: 'eltwise', op: linear }];
  const spread = spreadOf(nodes[other].shape, node.shape);
  if (spread === undefined) return undefined;
  const negated = { kind: 'eltwise', op: eltwise('linear', -1) } as const;
  const inverted = { kind: 'eltwise', op: eltwise('pow', 1, -1) } as const;
  const step = (algorithm: number): PostStep => ({ kind: 'binary', algorithm, operand: other, spread });
  if (spine === x) return [step(operation)];
  if (node.op === subOp) return [negated, step(algorithm.add)];
  if (node.op === divOp) return [inverted, step(algorithm.mul)];
  return [step(operation)];
}

/** An operation with a number as α·x + β. */
function linearStep(op: Op, value: number | undefined, left: boolean) {
  if (value === undefined) return undefined;
  if (op === addOp) return eltwise('linear', 1, value);
  if (op === subOp) return left ? eltwise('linear', 1, -value) : eltwise('linear', -1, value);
  if (op === mulOp) return eltwise('linear', value);
  if (op === divOp) return left && value !== 0 ? eltwise('linear', 1 / value) : eltwise('pow', value, -1);
  return undefined;
}

/** Whether steps leave a zero a zero, so that the padding of a blocked layout stays as it must be. */
export function keepsZero(steps: readonly PostStep[]): boolean {
  const odd: readonly number[] = [
    algorithm.relu,
    algorithm.tanh,
    algorithm.square,
    algorithm.abs,
    algorithm.sqrt,
  ];
  return steps.every((step) => {
    if (step.kind === 'eltwise') {
      const { algorithm: kind, beta } = step.op;
      return odd.includes(kind) || (kind === algorithm.linear && beta === 0);
    }
    return step.algorithm === algorithm.mul || (step.spread === 'full' && step.algorithm !== algorithm.div);
  });
}
