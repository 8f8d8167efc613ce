import { constantOp, inputOp, type Graph, type Node } from '../../graph/graph.js';
import { sizeOf } from '../../graph/shape.js';
import { matmulOp } from '../../ops/matmul.js';
import { maxOp, minOp, sumOp } from '../../ops/reduce.js';
import { broadcastToOp, reshapeOp } from '../../ops/shape-ops.js';
import { concatOp, padOp } from '../../ops/slices.js';
import { isView } from './access.js';

/**
 * How generated code comes by a node's value.
 * - `elements`: one local variable an element; scalars and small arrays.
 * - `inline`: nowhere; whoever reads it computes the element it needs.
 * - `member`: computed in a nest of loops over its own shape, and stored only if it is read elsewhere.
 * - `reduce`: accumulated in a nest of loops over its operand's shape.
 * - `placed`: an array that other nodes are written into.
 * - `kernel`: by the op's own kernel, from array to array.
 */
export type Role = 'input' | 'constant' | 'elements' | 'inline' | 'member' | 'reduce' | 'placed' | 'kernel';

const reductions = new Set<object>([sumOp, maxOp, minOp]);

/** Arrays of up to this many elements become local variables, unless the code would grow too long. */
const limits = [16, 4, 1];
/** Statements of generated scalar code; V8 does not optimise functions beyond 60 kB of bytecode, about 5,000 of them. */
const manyStatements = 1500;

/** The largest size of array that is spelt out element by element. */
export function elementLimit({ nodes }: Graph): number {
  const counts = nodes.map(({ op, shape }) => (op === inputOp || op === constantOp ? 0 : sizeOf(shape)));
  const fits = limits.find(
    (limit) => counts.reduce((sum, count) => (count <= limit ? sum + count : sum), 0) <= manyStatements,
  );
  return fits ?? 1;
}

/** The node whose memory a chain of reshapes shares. */
export function rootOf(nodes: readonly Node[], id: number): number {
  let root = id;
  while (nodes[root].op === reshapeOp) root = nodes[root].inputs[0];
  return root;
}

/** For each node, the nodes that read it; one that reads twice is named twice. */
function readers({ nodes }: Graph): number[][] {
  const result = nodes.map((): number[] => []);
  nodes.forEach(({ inputs }, id) => inputs.forEach((input) => result[input].push(id)));
  return result;
}

/**
 * @param forced views and elementwise nodes that must have memory of their own, because a reader cannot compute the element
 * that it needs.
 */
export function assignRoles(graph: Graph, limit: number, forced: ReadonlySet<number>): Role[] {
  const { nodes } = graph;
  const isSmall = (id: number) => sizeOf(nodes[id].shape) <= limit;
  const uses = readers(graph);
  const stored = new Set(forced);
  for (const id of graph.outputs) stored.add(rootOf(nodes, id));
  nodes.forEach(({ op, inputs }, id) => {
    if (plainRole(nodes[id], isSmall(id), inputs.every(isSmall)) === 'kernel' && op !== inputOp) {
      for (const input of inputs) stored.add(rootOf(nodes, input));
    }
  });
  const loops = (id: number) => {
    const { op } = nodes[id];
    return (
      reductions.has(op) ||
      (!isSmall(id) && (op.elementwise !== undefined || op === padOp || op === concatOp))
    );
  };
  /**
   * Nodes with one reader, which reads each element at most once and at another place than its own: it computes the element
   * itself. True of views on the way from such nodes to loops, and of what only such nodes read.
   */
  const passesOn = new Array<boolean>(nodes.length).fill(false);
  const roles = nodes.map((node, id) => plainRole(node, isSmall(id), node.inputs.every(isSmall)));
  for (let id = nodes.length - 1; id >= 0; id--) {
    if (roles[id] === 'inline' && stored.has(id)) roles[id] = 'member';
    const [reader] = uses[id];
    if (uses[id].length !== 1 || stored.has(id) || isSmall(id)) continue;
    if (roles[id] === 'inline') {
      passesOn[id] = nodes[id].op !== broadcastToOp && (loops(reader) || passesOn[reader]);
    } else if (roles[id] === 'member' && passesOn[reader]) {
      passesOn[id] = sizeOf(nodes[id].shape) >= sizeOf(nodes[reader].shape);
      if (passesOn[id]) roles[id] = 'inline';
    }
  }
  return roles;
}

function plainRole(node: Node, small: boolean, smallInputs: boolean): Role {
  const { op } = node;
  if (op === inputOp) return 'input';
  if (op === constantOp) return 'constant';
  if (op.elementwise !== undefined) return small ? 'elements' : 'member';
  if (isView(node)) return small ? 'elements' : 'inline';
  if (op === padOp || op === concatOp) return small ? 'elements' : 'placed';
  if (reductions.has(op)) return small && smallInputs ? 'elements' : 'reduce';
  if (op === matmulOp) return small && smallInputs ? 'elements' : 'kernel';
  return 'kernel';
}
