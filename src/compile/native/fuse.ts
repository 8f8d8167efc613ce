import { constantOp, inputOp, type Graph, type Node } from '../../graph/graph.js';
import type { Attributes, Op } from '../../graph/op.js';
import { sizeOf } from '../../graph/shape.js';
import { barrierOp } from '../../ops/barrier.js';
import { convInputGradientOp, convOp, convWeightGradientOp } from '../../ops/conv.js';
import { matmulOp } from '../../ops/matmul.js';
import { maxPoolGradientOp, maxPoolOp, sumPoolGradientOp, sumPoolOp } from '../../ops/pool.js';
import { argmaxOp, maxOp, minOp, sumOp } from '../../ops/reduce.js';
import { reshapeOp, transposeOp } from '../../ops/shape-ops.js';
import { concatOp, padOp, sliceOp } from '../../ops/slices.js';
import { logSoftmaxOp, softmaxOp } from '../../ops/softmax.js';
import { maskPositiveOp, reluOp } from '../../ops/unary.js';
import { isView as isScriptView } from '../javascript/access.js';
import { isFloat32, postSteps, spreadOf } from './elementwise.js';
import { findGelus } from './fuse-gelu.js';
import { findNorms } from './fuse-norm.js';
import type { Norm, PostStep, Unit, UnitGraph, UnitKind } from './units.js';

/** Elements from which on the library is quicker than a loop in JavaScript. */
export const fewElements = 2048;

const kinds = new Map<Op<never>, UnitKind>([
  [convOp, 'conv'],
  [convInputGradientOp, 'convInputGradient'],
  [convWeightGradientOp, 'convWeightGradient'],
  [matmulOp, 'matmul'],
  [maxPoolOp, 'maxPool'],
  [maxPoolGradientOp, 'maxPoolGradient'],
  [sumPoolOp, 'sumPool'],
  [sumPoolGradientOp, 'sumPoolGradient'],
  [softmaxOp, 'softmax'],
  [logSoftmaxOp, 'softmax'],
]);

/** Kinds whose results take post-ops. */
const heads: ReadonlySet<UnitKind> = new Set(['conv', 'matmul', 'maxPool', 'elementwise']);

/** Whether a node only names its operand's memory in another arrangement, for primitives too. */
export function isView({ op, dtype, attributes }: Node): boolean {
  if (op === reshapeOp || op === barrierOp) return true;
  if (dtype !== 'float32') return false;
  if (op === transposeOp) return true;
  return op === sliceOp && (attributes.steps as readonly number[]).every((step) => step === 1);
}

/** The node whose memory a chain of views names. */
export function rootOf(nodes: readonly Node[], id: number): number {
  let root = id;
  while (isView(nodes[root])) root = nodes[root].inputs[0];
  return root;
}

/** The nodes that must be there before a value can be read: its root, and what the barriers on the way to it wait for. */
export function awaited(nodes: readonly Node[], id: number): number[] {
  const waits: number[] = [];
  let root = id;
  for (; isView(nodes[root]); root = nodes[root].inputs[0]) waits.push(...nodes[root].inputs.slice(1));
  return [root, ...waits.flatMap((other) => awaited(nodes, other))];
}

/** Whether JavaScript for a node can be written as text, without functions that no other thread has. */
export function isText(node: Node): boolean {
  const { op } = node;
  if (op.elementwise !== undefined) return op.elementwise.code !== undefined;
  return (
    isScriptView(node) || [padOp, concatOp, sumOp, maxOp, minOp].some((known: Op<never>) => known === op)
  );
}

class Fuser {
  private readonly nodes: readonly Node[];
  private readonly norms: readonly Norm[];
  /** The norms of gradient nodes. */
  private readonly normOf = new Map<number, Norm>();
  /** Nodes that a norm's primitive makes, and which node that is. */
  private readonly picks = new Map<number, number>();
  /** Nodes that are a GELU or its gradient. */
  private readonly gelus = new Map<number, { readonly x: number; readonly cotangent?: number }>();
  private readonly users: number[][];
  private readonly isOutput: boolean[];
  private readonly taken = new Set<number>();
  /** For weight gradients the sum of the same cotangent. */
  private readonly biasGradients = new Map<number, number>();

  constructor(private readonly graph: Graph) {
    this.nodes = graph.nodes;
    this.isOutput = this.nodes.map(() => false);
    for (const id of graph.outputs) this.isOutput[id] = true;
    this.norms = findNorms(graph);
    for (const norm of this.norms) {
      const { forward, mean, variance, gradients } = norm;
      for (const { node } of gradients) this.normOf.set(node, norm);
      for (const pick of [mean, variance]) if (pick !== undefined) this.picks.set(pick, forward);
      for (const { node, scale, shift } of gradients) {
        for (const pick of [scale, shift]) if (pick !== undefined) this.picks.set(pick, node);
      }
    }
    for (const { x, forward, gradients } of findGelus(graph)) {
      if (forward !== undefined) this.gelus.set(forward, { x });
      for (const { node, cotangent } of gradients) this.gelus.set(node, { x, cotangent });
    }
    this.users = this.liveUsers();
  }

  /** What a node needs, once norms are whole. */
  private needs(id: number): readonly number[] {
    const pick = this.picks.get(id);
    if (pick !== undefined) return [pick];
    const gelu = this.gelus.get(id);
    if (gelu !== undefined) return gelu.cotangent === undefined ? [gelu.x] : [gelu.x, gelu.cotangent];
    const norm = this.normOf.get(id);
    return norm === undefined ? this.nodes[id].inputs : [...this.nodes[id].inputs, norm.forward];
  }

  /** For each node the nodes that read it, of those that the outputs need. */
  private liveUsers(): number[][] {
    const users = this.nodes.map((): number[] => []);
    const seen = new Set<number>();
    const visit = (start: number) => {
      const stack = [start];
      for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
        if (seen.has(id)) continue;
        seen.add(id);
        for (const need of this.needs(id)) {
          users[need].push(id);
          stack.push(need);
        }
      }
    };
    this.graph.outputs.forEach(visit);
    return users;
  }

  private isLive(id: number): boolean {
    return this.isOutput[id] || this.users[id].length > 0;
  }

  /** The only reader of a node that nobody else needs. */
  private onlyUser(id: number): number | undefined {
    return this.isOutput[id] || this.users[id].length !== 1 ? undefined : this.users[id][0];
  }

  run(): UnitGraph {
    for (const norm of this.norms) this.takeNorm(norm);
    this.nodes.forEach((_, id) => {
      const sum = this.isLive(id) ? this.sumBeside(id) : undefined;
      if (sum === undefined) return;
      this.biasGradients.set(id, sum);
      this.taken.add(sum);
    });
    const units: Unit[] = this.norms.flatMap((norm) => this.normUnits(norm));
    this.nodes.forEach((node, id) => {
      if (node.op === inputOp || node.op === constantOp || isView(node)) return;
      if (!this.isLive(id) || this.taken.has(id)) return;
      const unit = this.unitAt(id);
      for (const member of [...unit.nodes, ...unit.outputs]) this.taken.add(member);
      units.push(unit);
    });
    return { graph: this.graph, units: units.sort((a, b) => a.result - b.result) };
  }

  private takeNorm({ forward, mean, variance, gradients }: Norm): void {
    for (const id of [forward, mean, variance]) if (id !== undefined) this.taken.add(id);
    for (const { node, scale, shift } of gradients) {
      for (const id of [node, scale, shift]) if (id !== undefined) this.taken.add(id);
    }
  }

  private normUnits(norm: Norm): Unit[] {
    const { forward, mean, variance } = norm;
    const relu = this.onlyUser(forward);
    const isRelu = norm.kind === 'batch' && relu !== undefined && this.nodes[relu].op === reluOp;
    const fused = isRelu ? relu : undefined;
    if (fused !== undefined) this.taken.add(fused);
    const gradients = norm.gradients
      .filter(({ node, scale, shift }) =>
        [node, scale, shift].some((id) => id !== undefined && this.isLive(id)),
      )
      .map((gradient) => {
        const mask = this.nodes[gradient.cotangent];
        const masked =
          fused !== undefined &&
          mask.op === maskPositiveOp &&
          mask.inputs[1] === fused &&
          this.nodes[mask.inputs[0]].shape.join() === mask.shape.join() &&
          this.onlyUser(gradient.cotangent) === gradient.node;
        if (masked) this.taken.add(gradient.cotangent);
        return masked ? { ...gradient, masked, cotangent: mask.inputs[0] } : gradient;
      });
    const whole: Norm = { ...norm, relu: fused, gradients };
    const result = fused ?? forward;
    const live = (ids: readonly (number | undefined)[]) =>
      ids.filter((id) => id !== undefined && this.isLive(id)) as number[];
    const { inputs } = this.nodes[forward];
    const common = { lane: 'primitive', nodes: [], tail: [], norm: whole } as const;
    return [
      {
        ...common,
        kind: 'norm',
        node: forward,
        result,
        outputs: [result, ...live([mean, variance])],
        inputs,
      },
      ...gradients.map(({ node, cotangent, scale, shift }): Unit => ({
        ...common,
        kind: 'normGradient',
        node,
        result: node,
        outputs: [node, ...live([scale, shift])],
        inputs: [inputs[0], inputs[1], cotangent, result],
      })),
    ];
  }

  private unitAt(id: number): Unit {
    const node = this.nodes[id];
    const gelu = this.gelus.get(id);
    if (gelu !== undefined) {
      const kind = gelu.cotangent === undefined ? 'gelu' : 'geluGradient';
      const common = { node: id, result: id, outputs: [id], inputs: this.needs(id), nodes: [], tail: [] };
      return { lane: 'primitive', kind, ...common, gelu };
    }
    const kind = this.kindOf(id);
    const { inputs } = node;
    if (kind === 'script' || kind === 'host') {
      return { lane: kind, kind, node: id, result: id, outputs: [id], inputs, nodes: [id], tail: [] };
    }
    const lane = 'primitive';
    if (kind === 'convWeightGradient') {
      const biasGradient = this.biasGradients.get(id);
      const outputs = biasGradient === undefined ? [id] : [id, biasGradient];
      return { lane, kind, node: id, result: id, outputs, inputs, nodes: [id], tail: [], biasGradient };
    }
    if (!heads.has(kind)) {
      return { lane, kind, node: id, result: id, outputs: [id], inputs, nodes: [id], tail: [] };
    }
    return this.withTail(kind, id);
  }

  private kindOf(id: number): UnitKind {
    const node = this.nodes[id];
    const otherwise = isText(node) ? 'script' : 'host';
    if (node.op === argmaxOp) return 'argmax';
    if (!isFloat32(node, this.nodes)) return otherwise;
    const sizes = [node, ...node.inputs.map((input) => this.nodes[input])].map(({ shape }) => sizeOf(shape));
    if (sizes.includes(0)) return otherwise;
    const kind = kinds.get(node.op);
    if (kind !== undefined) return kind;
    if (Math.max(...sizes) < fewElements) return otherwise;
    if (node.op === concatOp) return 'concat';
    if (node.op === sumOp || node.op === maxOp || node.op === minOp) return 'reduce';
    if (node.op === maskPositiveOp) {
      return sizes[1] === sizes[0] && sizes[2] === sizes[0] ? 'mask' : otherwise;
    }
    return this.spineOf(id) === undefined ? otherwise : 'elementwise';
  }

  /** The operand of an elementwise node on which the library can do what the node does. */
  private spineOf(id: number): number | undefined {
    return this.nodes[id].inputs.find((input) => postSteps(this.nodes, id, input) !== undefined);
  }

  /** The sum of a cotangent over all axes but the channels', that a weight gradient can make as its bias's. */
  private sumBeside(gradient: number): number | undefined {
    const { attributes, op, inputs } = this.nodes[gradient];
    if (op !== convWeightGradientOp || attributes.groups !== 1) return undefined;
    if (this.kindOf(gradient) !== 'convWeightGradient') return undefined;
    const [, cotangent] = inputs;
    const rank = this.nodes[cotangent].shape.length;
    return this.users[cotangent].find(
      (user) => isChannelSum(this.nodes[user], rank) && !this.taken.has(user),
    );
  }

  /** A head with the elementwise nodes after it that nobody else waits for. */
  private withTail(kind: UnitKind, id: number): Unit {
    const { nodes } = this;
    const members = [id];
    const spine = kind === 'elementwise' ? this.spineOf(id) : undefined;
    const tail: PostStep[] = spine === undefined ? [] : [...(postSteps(nodes, id, spine) ?? [])];
    const inputs = [...nodes[id].inputs];
    let bias: number | undefined;
    let last = id;
    for (;;) {
      const next = this.onlyUser(last);
      if (next === undefined || this.taken.has(next) || this.gelus.has(next)) break;
      const steps = postSteps(nodes, next, last);
      if (steps === undefined) break;
      const operand = steps.find((step) => step.kind === 'binary')?.operand;
      if (operand !== undefined && !this.allows(kind, operand, next)) break;
      const isBias =
        operand !== undefined && tail.length === 0 && bias === undefined && this.isBias(kind, next, operand);
      if (isBias) bias = operand;
      else tail.push(...steps);
      if (operand !== undefined) inputs.push(operand);
      members.push(next);
      last = next;
      if (tail.length > 6) break;
    }
    return {
      lane: 'primitive',
      kind,
      node: id,
      result: last,
      outputs: [last],
      inputs,
      nodes: members,
      tail,
      ...(bias !== undefined && { bias }),
      ...(spine !== undefined && { spine }),
    };
  }

  private allows(kind: UnitKind, operand: number, result: number): boolean {
    const [own, { shape }] = [this.nodes[operand], this.nodes[result]];
    const spread = spreadOf(own.shape, shape);
    if (kind === 'elementwise' || spread === 'full' || spread === 'scalar') return true;
    // A row of a product is one of its last axis: a mask that all heads share is more.
    if (kind === 'matmul') return spread === 'row' && sizeOf(own.shape) === shape[shape.length - 1];
    return spread === 'channel';
  }

  private isBias(kind: UnitKind, id: number, operand: number): boolean {
    if (this.nodes[id].op.name !== 'add' || (kind !== 'conv' && kind !== 'matmul')) return false;
    const { shape } = this.nodes[id];
    const spread = spreadOf(this.nodes[operand].shape, shape);
    const extent = kind === 'conv' ? shape[1] : shape[shape.length - 1];
    return (
      sizeOf(this.nodes[operand].shape) === extent &&
      (kind === 'conv' ? spread === 'channel' || (spread === 'row' && shape.length === 2) : spread === 'row')
    );
  }
}

function isChannelSum({ op, attributes }: Node, rank: number): boolean {
  const { axes, keepDims } = attributes as Attributes & { axes?: readonly number[]; keepDims?: boolean };
  const others = Array.from({ length: rank }, (_, axis) => axis).filter((axis) => axis !== 1);
  return op === sumOp && keepDims === false && axes?.join() === others.join();
}

/** Divides a graph into units: primitives with what they can do besides, scripts and kernels. */
export function fuse(graph: Graph): UnitGraph {
  return new Fuser(graph).run();
}
