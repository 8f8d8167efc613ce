import { isFloat } from '../graph/dtype.js';
import { ScreeError } from '../graph/errors.js';
import type { Graph } from '../graph/graph.js';
import type { Op, TensorType } from '../graph/op.js';
import { sameShape, showShape } from '../graph/shape.js';
import type { Builder, Tensor } from '../graph/tensor.js';
import { concat, slice, stack } from '../ops/slices.js';
import { reshape } from '../ops/shape-ops.js';
import { pack, tupleMember, tupleType, type TupleAttributes } from '../ops/tuple.js';
import { pushforward } from './forward.js';
import { pullback } from './reverse.js';
import { captureBody, inline, reached } from './scan-body.js';
import { vmap } from './vmap.js';

export type ScanAttributes = {
  /** One step: (carry, elements of the sequences, captured values) → (carry, what is kept of the step). */
  readonly body: Graph;
  readonly length: number;
  /** Whether the steps go from the last element of the sequences to the first. */
  readonly reverse: boolean;
  readonly carries: number;
  readonly sequences: number;
  /** Which of the kept values is the first carry before the step (the other carries follow), or −1 where none is kept. */
  readonly saved: number;
};

/** What a loop gives: its carries after the last step, then for each kept value [length, …]. */
export function scanResults({ body, length, carries }: ScanAttributes): TensorType[] {
  return body.outputs.map((id, index) => {
    const { shape, dtype } = body.nodes[id];
    return { shape: index < carries ? shape : [length, ...shape], dtype };
  });
}

export function tupleAttributes(attributes: ScanAttributes, lead = 0): TupleAttributes {
  const results = scanResults(attributes);
  return {
    shapes: results.map(({ shape }) => shape),
    dtypes: results.map(({ dtype }) => dtype).join(),
    lead,
  };
}

/**
 * A step applied `length` times over the leading axis of sequences, each time to what it gave before. It gives a tuple (see
 * ops/tuple). Reverse mode runs the steps backwards from the carries that were kept and computes the inside of each step again.
 */
export const scanOp: Op<ScanAttributes> = {
  name: 'scan',
  infer(inputs, attributes) {
    const { body, length, carries, sequences } = attributes;
    body.inputs.forEach((id, index) => {
      const { shape, dtype } = body.nodes[id];
      const isSequence = index >= carries && index < carries + sequences;
      const wanted = isSequence ? [length, ...shape] : shape;
      const given = inputs[index];
      if (given === undefined || given.dtype !== dtype || !sameShape(given.shape, wanted)) {
        const shown = given === undefined ? 'missing' : `${given.dtype}${showShape(given.shape)}`;
        throw new ScreeError(`scan: input ${index} is ${shown}; it must be ${dtype}${showShape(wanted)}`);
      }
    });
    return tupleType(scanResults(attributes));
  },

  jvp({ inputs, output, attributes }, tangents) {
    const { body, carries, sequences, length, reverse } = attributes;
    const { builder } = output;
    const end = carries + sequences;
    const moving = movingInputs(attributes, inputs, tangents);
    const movingCarries = moving.filter((k) => k < carries);
    const movingSequences = moving.filter((k) => k >= carries && k < end);
    if (moving.length === 0) return undefined;
    const first = movingCarries.map((k) => tangents[k] ?? inputs[k].zerosLike());
    const lines = movingSequences.flatMap((k) => tangents[k] ?? []);
    const saved = savedCarries(inputs, output, attributes);
    // Which tangents a step gives is known once it is traced.
    let kept: number[] = [];
    const results = applyScan(
      builder,
      { carry: first, sequences: [...saved, ...inputs.slice(carries, end), ...lines] },
      { length, reverse },
      (carry, elements) => {
        const copies = [...elements.slice(0, end), ...inputs.slice(end)].map((input) => input.identity());
        const stepTangents = copies.map((_, k) => {
          if (!moving.includes(k)) return undefined;
          if (k < carries) return carry[movingCarries.indexOf(k)];
          return k < end ? elements[end + movingSequences.indexOf(k)] : tangents[k];
        });
        const outputs = inline(builder, body, copies);
        const result = pushforward(copies, stepTangents, outputs);
        kept = outputs.flatMap((_, k) => (k >= carries && result[k] ? [k] : []));
        return {
          carry: movingCarries.map((k) => result[k] ?? outputs[k].zerosLike()),
          kept: kept.flatMap((k) => result[k] ?? []),
        };
      },
    );
    return results.length === 0
      ? undefined
      : pack(results, [...movingCarries, ...kept], tupleAttributes(attributes));
  },

  vjp({ inputs, output, attributes }, cotangent, wanted) {
    const { body, carries, sequences, length, reverse } = attributes;
    const { builder } = output;
    const tuple = tupleAttributes(attributes);
    const cotangents = body.outputs.map((id, index) =>
      isFloat(body.nodes[id].dtype) ? tupleMember(cotangent, tuple, index) : undefined,
    );
    const range = (from: number, to: number, keep: (k: number) => boolean) =>
      Array.from({ length: to - from }, (_, k) => from + k).filter(
        (k) => isFloat(inputs[k].dtype) && keep(k),
      );
    const floatCarries = range(0, carries, () => true);
    const wantedSequences = range(carries, carries + sequences, (k) => wanted[k]);
    const wantedCaptured = range(carries + sequences, inputs.length, (k) => wanted[k]);
    const given = cotangents.flatMap((value, k) => (k >= carries && value ? [{ value, k }] : []));
    const saved = savedCarries(inputs, output, attributes);
    const results = applyScan(
      builder,
      {
        carry: [
          ...floatCarries.map((k) => cotangents[k] ?? inputs[k].zerosLike()),
          ...wantedCaptured.map((k) => inputs[k].zerosLike()),
        ],
        sequences: [
          ...saved,
          ...inputs.slice(carries, carries + sequences),
          ...given.map(({ value }) => value),
        ],
      },
      { length, reverse: !reverse },
      (carry, elements) => {
        const primal = [...elements.slice(0, carries + sequences), ...inputs.slice(carries + sequences)];
        const copies = primal.map((input) => input.identity());
        const outputs = inline(builder, body, copies);
        const seeds = [
          ...floatCarries.map((k, place) => ({ output: outputs[k], seed: carry[place] })),
          ...given.map(({ k }, place) => ({
            output: outputs[k],
            seed: elements[carries + sequences + place],
          })),
        ];
        const sources = [...floatCarries, ...wantedSequences, ...wantedCaptured];
        const result = pullback(
          sources.map((k) => copies[k]),
          seeds.map((entry) => entry.output),
          seeds.map(({ seed }) => seed),
        );
        const steps = sources.map((k, place) => result[place] ?? copies[k].zerosLike());
        const middle = floatCarries.length + wantedSequences.length;
        return {
          carry: [
            ...steps.slice(0, floatCarries.length),
            ...steps.slice(middle).map((step, place) => carry[floatCarries.length + place].add(step)),
          ],
          kept: steps.slice(floatCarries.length, middle),
        };
      },
    );
    const order = [...floatCarries, ...wantedCaptured, ...wantedSequences];
    return inputs.map((_, k) => (order.includes(k) ? results[order.indexOf(k)] : undefined));
  },

  batch(inputs, batched, attributes) {
    const { body, carries, sequences, length, reverse } = attributes;
    const [{ builder }] = inputs;
    const [count] = inputs[batched.indexOf(true)].shape;
    const end = carries + sequences;
    const all = inputs.map((input, k) => {
      if (k < carries) return batched[k] ? input : input.broadcastTo([count, ...input.shape]);
      // A sequence has the axis of the steps in front.
      if (k < end && batched[k]) return swapFront(input);
      return input;
    });
    const isBatched = inputs.map((_, k) => k < carries || batched[k]);
    const results = applyScan(
      builder,
      { carry: all.slice(0, carries), sequences: all.slice(carries, end) },
      { length, reverse },
      (carry, elements) => {
        const step = (...parts: readonly Tensor[]) => inline(builder, body, parts);
        const outputs = vmap<readonly Tensor[], readonly Tensor[]>(step, { batched: isBatched })(
          ...carry,
          ...elements,
          ...all.slice(end),
        );
        return { carry: outputs.slice(0, carries), kept: outputs.slice(carries) };
      },
    );
    const members = results.map((result, k) => (k < carries ? result : swapFront(result)));
    return pack(
      members,
      members.map((_, place) => place),
      tupleAttributes(attributes, 1),
    );
  },

  onnx(emitter, { names, attributes }) {
    const { body, carries, sequences, reverse } = attributes;
    const end = carries + sequences;
    const directions = (count: number) => ({ ints: new Array<number>(count).fill(reverse ? 1 : 0) });
    const outputs = emitter.emitMany('Scan', names.slice(0, end), body.outputs.length, {
      body: { body: emitter.body(body, names.slice(end)) },
      num_scan_inputs: { int: sequences },
      scan_input_directions: directions(sequences),
      scan_output_directions: directions(body.outputs.length - carries),
    });
    return emitter.tuple(outputs);
  },

  /** The steps one after the other. */
  decompose(inputs, attributes) {
    const { body, carries, sequences, length, reverse } = attributes;
    const [{ builder }] = inputs;
    let carry = inputs.slice(0, carries);
    const rows: Tensor[][] = [];
    for (let k = 0; k < length; k++) {
      const step = reverse ? length - 1 - k : k;
      const elements = inputs.slice(carries, carries + sequences).map((sequence) => element(sequence, step));
      const outputs = inline(builder, body, [...carry, ...elements, ...inputs.slice(carries + sequences)]);
      carry = outputs.slice(0, carries);
      rows[step] = outputs.slice(carries);
    }
    const kept = rows[0].map((_, index) => stack(rows.map((row) => row[index])));
    const { dtype } = tupleType(scanResults(attributes));
    return concat([...carry, ...kept].map((member) => member.reshape([member.size]).cast(dtype)));
  },
};

/** One element of a sequence. */
export function element(sequence: Tensor, step: number): Tensor {
  const rest = sequence.shape.slice(1);
  const row = slice(sequence, [step, ...rest.map(() => 0)], [step + 1, ...rest]);
  return reshape(row, rest);
}

function swapFront(x: Tensor): Tensor {
  return x.transpose([1, 0, ...x.shape.map((_, axis) => axis).slice(2)]);
}

/** The inputs whose values move with the tangents: those that have one, and the carries that follow from them. */
function movingInputs(
  { body, carries }: ScanAttributes,
  inputs: readonly Tensor[],
  tangents: readonly (Tensor | undefined)[],
): number[] {
  const moving = inputs.map((_, k) => tangents[k] !== undefined);
  for (;;) {
    const reach = reached(body, moving);
    const next = inputs.findIndex(
      (input, k) => k < carries && !moving[k] && reach[k] && isFloat(input.dtype),
    );
    if (next < 0) return inputs.flatMap((_, k) => (moving[k] ? [k] : []));
    moving[next] = true;
  }
}

/** The carries before each step, [length, …]. */
function savedCarries(inputs: readonly Tensor[], output: Tensor, attributes: ScanAttributes): Tensor[] {
  const { body, carries, saved } = attributes;
  if (saved >= 0) return members(output, attributes).slice(saved, saved + carries);
  // They have been taken away as unused: the loop is run again for them.
  const own = body.inputs.slice(0, carries);
  const keeping: ScanAttributes = {
    ...attributes,
    body: { ...body, outputs: [...body.outputs, ...own] },
    saved: body.outputs.length,
  };
  const again = output.builder.apply(scanOp, inputs, keeping);
  return members(again, keeping).slice(keeping.saved);
}

function members(tuple: Tensor, attributes: ScanAttributes): Tensor[] {
  const all = tupleAttributes(attributes);
  return all.shapes.flatMap((_, index) => tupleMember(tuple, all, index) ?? []);
}

export interface ScanParts {
  readonly carry: readonly Tensor[];
  readonly sequences: readonly Tensor[];
}

export interface ScanStep {
  readonly carry: readonly Tensor[];
  readonly kept: readonly Tensor[];
}

/** Traces a step and applies it along the sequences; gives the last carries, then what was kept, [length, …]. */
export function applyScan(
  builder: Builder,
  { carry, sequences }: ScanParts,
  { length, reverse }: { readonly length: number; readonly reverse: boolean },
  step: (carry: readonly Tensor[], elements: readonly Tensor[]) => ScanStep,
): Tensor[] {
  const elements = sequences.map(({ shape, dtype }) => ({ shape: shape.slice(1), dtype }));
  const carries = carry.length;
  let count = 0;
  const { body, captured } = captureBody(builder, [...carry, ...elements], (parameters) => {
    const before = parameters.slice(0, carries);
    const after = step(before, parameters.slice(carries));
    count = carries + after.kept.length;
    return [...after.carry, ...after.kept, ...before];
  });
  const attributes = { body, length, reverse, carries, sequences: sequences.length, saved: count };
  const loop = builder.apply(scanOp, [...carry, ...sequences, ...captured], attributes);
  return members(loop, attributes).slice(0, count);
}
