import { isFloat } from '../graph/dtype.js';
import { ScreeError } from '../graph/errors.js';
import type { Graph } from '../graph/graph.js';
import type { Op, TensorType } from '../graph/op.js';
import { sameShape, showShape } from '../graph/shape.js';
import type { Builder, Tensor } from '../graph/tensor.js';
import { barrier } from '../ops/barrier.js';
import { concat } from '../ops/slices.js';
import { memberOp, pack, tupleMember, tupleType, type TupleAttributes } from '../ops/tuple.js';
import { pushforward } from './forward.js';
import { rebuild } from './rebuild.js';
import { pullback } from './reverse.js';
import { captureBody, inline } from './scan-body.js';
import { vmap } from './vmap.js';

export type CheckpointAttributes = {
  /** (arguments, captured values) → results. */
  readonly body: Graph;
  /** How many of the inputs are arguments. */
  readonly count: number;
};

function resultTypes({ body }: CheckpointAttributes): TensorType[] {
  return body.outputs.map((id) => {
    const { shape, dtype } = body.nodes[id];
    return { shape, dtype };
  });
}

function tupleAttributes(attributes: CheckpointAttributes, lead = 0): TupleAttributes {
  const results = resultTypes(attributes);
  return {
    shapes: results.map(({ shape }) => shape),
    dtypes: results.map(({ dtype }) => dtype).join(),
    lead,
  };
}

/**
 * A function that is kept whole for as long as derivatives are taken: reverse mode computes its inside again, from arguments that wait
 * for the cotangents. `inlineCheckpoints` opens it before a graph is simplified. It gives a tuple (see ops/tuple).
 */
const checkpointOp: Op<CheckpointAttributes> = {
  name: 'checkpoint',
  infer(inputs, attributes) {
    attributes.body.inputs.forEach((id, index) => {
      const { shape, dtype } = attributes.body.nodes[id];
      const given = inputs[index];
      if (given?.dtype === dtype && sameShape(given.shape, shape)) return;
      const shown = given === undefined ? 'missing' : `${given.dtype}${showShape(given.shape)}`;
      throw new ScreeError(`checkpoint: input ${index} is ${shown}; it must be ${dtype}${showShape(shape)}`);
    });
    return tupleType(resultTypes(attributes));
  },

  // Forwards nothing is kept for later.
  jvp({ inputs, output, attributes }, tangents) {
    const copies = inputs.map((input) => input.identity());
    const outputs = inline(output.builder, attributes.body, copies);
    const found = pushforward(copies, tangents, outputs);
    const places = outputs.flatMap((_, k) => (found[k] === undefined ? [] : [k]));
    if (places.length === 0) return undefined;
    return pack(
      places.flatMap((k) => found[k] ?? []),
      places,
      tupleAttributes(attributes),
    );
  },

  vjp({ inputs, output, attributes }, cotangent, wanted) {
    const { body, count } = attributes;
    const tuple = tupleAttributes(attributes);
    const cotangents = resultTypes(attributes).map(({ dtype }, k) =>
      isFloat(dtype) ? tupleMember(cotangent, tuple, k) : undefined,
    );
    const given = cotangents.flatMap((value) => value ?? []);
    const copies = inputs.map((input, k) => (k < count ? barrier(input, given) : input.identity()));
    const outputs = inline(output.builder, body, copies).filter((_, k) => cotangents[k] !== undefined);
    const found = pullback(
      copies.filter((_, k) => wanted[k]),
      outputs,
      given,
    );
    let next = 0;
    return wanted.map((isWanted) => (isWanted ? found[next++] : undefined));
  },

  batch(inputs, batched, attributes) {
    const { builder } = inputs[0];
    const { body, captured } = captureBody(builder, inputs, (parts) =>
      vmap<readonly Tensor[], readonly Tensor[]>((...each) => inline(builder, attributes.body, each), {
        batched,
      })(...parts),
    );
    const whole = { body, count: attributes.count };
    // What a function does not use of its arguments stays among them: captured values come last.
    const made = builder.apply(checkpointOp, [...inputs, ...captured], whole);
    const members = resultsOf(made, whole);
    return pack(
      members,
      members.map((_, place) => place),
      tupleAttributes(attributes, 1),
    );
  },

  decompose(inputs, { body }) {
    return flattened(inline(inputs[0].builder, body, inputs));
  },
};

/** Results as one tensor: what a tuple is. */
function flattened(results: readonly Tensor[]): Tensor {
  const { dtype } = tupleType(results);
  return concat(results.map((result) => result.reshape([result.size]).cast(dtype)));
}

function resultsOf(made: Tensor, attributes: CheckpointAttributes): Tensor[] {
  const tuple = tupleAttributes(attributes);
  return tuple.shapes.flatMap((_, index) => tupleMember(made, tuple, index) ?? []);
}

/** Applies a function as one node. */
export function applyCheckpoint(
  builder: Builder,
  args: readonly Tensor[],
  f: (args: readonly Tensor[]) => readonly Tensor[],
): Tensor[] {
  const { body, captured } = captureBody(builder, args, f);
  const attributes = { body, count: args.length };
  return resultsOf(builder.apply(checkpointOp, [...args, ...captured], attributes), attributes);
}

/** The graph with the insides of functions in their places. */
export function inlineCheckpoints(graph: Graph): Graph {
  let current = graph;
  while (current.nodes.some(({ op }) => op === checkpointOp)) current = inlineOnce(current);
  return current;
}

function inlineOnce(graph: Graph): Graph {
  const results = new Map<number, readonly Tensor[]>();
  return rebuild(graph, ({ node: { op, inputs, attributes }, id, operands, builder }) => {
    const members = op === memberOp ? results.get(inputs[0]) : undefined;
    if (members !== undefined) return members[attributes.index as number];
    if (op !== checkpointOp) return undefined;
    const own = inline(builder, (attributes as CheckpointAttributes).body, operands);
    results.set(id, own);
    return flattened(own);
  });
}
