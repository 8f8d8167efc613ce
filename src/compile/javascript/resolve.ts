import type { Node } from '../../graph/graph.js';
import { sizeOf } from '../../graph/shape.js';
import {
  constantAccess,
  identityAccess,
  isConstant,
  isView,
  linearize,
  throughBroadcast,
  throughView,
  type Access,
  type Affine,
} from './access.js';
import type { Work } from './plan.js';
import type { Role } from './roles.js';

/** How one number is come by inside a nest of loops, or outside all of them. */
export type Value =
  /** One element of a scalar or small array. */
  | { readonly kind: 'element'; readonly node: number; readonly place: number }
  /** The element of a member that the loops are at. */
  | { readonly kind: 'current'; readonly node: number; readonly at: Affine }
  | { readonly kind: 'load'; readonly node: number; readonly at: Affine }
  | { readonly kind: 'compute'; readonly node: number; readonly operands: readonly Value[] };

/** A reader cannot compute the element of an inline node that it needs. */
export class Blocked extends Error {
  constructor(readonly node: number) {
    super(`node ${node} cannot be computed where it is read`);
  }
}

/** Resolves elements of a graph's nodes to where they come from. */
export class Resolver {
  constructor(
    readonly nodes: readonly Node[],
    readonly roles: readonly Role[],
    readonly limit: number,
  ) {}

  /** The element of a node, as a reader sees it. */
  read(id: number, access: Access): Value {
    const role = this.roles[id];
    const { shape } = this.nodes[id];
    if (role === 'inline') return this.evaluate(id, access);
    const at = linearize(access, shape);
    if (isConstant(at) && sizeOf(shape) <= this.limit) return { kind: 'element', node: id, place: at.base };
    return { kind: role === 'member' ? 'current' : 'load', node: id, at };
  }

  /** The element of a view or elementwise node, from the elements of its operands. */
  evaluate(id: number, access: Access): Value {
    const node = this.nodes[id];
    const operand = (input: number, next: Access | undefined) => {
      if (next === undefined) throw new Blocked(id);
      return this.read(input, next);
    };
    if (isView(node)) {
      const [input] = node.inputs;
      return operand(input, throughView(node, access, this.nodes[input].shape));
    }
    const operands = node.inputs.map((input) =>
      operand(input, throughBroadcast(access, this.nodes[input].shape, node.shape)),
    );
    return { kind: 'compute', node: id, operands };
  }

  /** What a piece of work computes at each place. */
  work({ node, kind }: Work): Value {
    const { shape, inputs } = this.nodes[node];
    if (kind === 'member') return this.evaluate(node, identityAccess(shape));
    const read = kind === 'reduce' ? inputs[0] : node;
    return this.read(read, identityAccess(this.nodes[read].shape));
  }

  /** One element of a view outside all loops. */
  constant(id: number, place: number): Value {
    return this.evaluate(id, constantAccess(this.nodes[id].shape, place));
  }
}
