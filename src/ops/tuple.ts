import { isFloat, type DType } from '../graph/dtype.js';
import { ScreeError } from '../graph/errors.js';
import { ndarray } from '../graph/ndarray.js';
import type { Op, TensorType } from '../graph/op.js';
import { sameShape, showShape, sizeOf, type Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { addOp } from './arithmetic.js';

// An op gives one tensor. One that has several results, such as a loop, gives them flattened one after the other, in an element
// type that holds them all exactly; `member` reads one of them. Cotangents and batches of such a tuple are tuples again, whose
// members are found while the graph is built, so that nothing is copied for them.

export type TupleAttributes = {
  readonly shapes: readonly Shape[];
  /** Element types, joined by commas. */
  readonly dtypes: string;
  /** Axes in front of the members that they have in common. */
  readonly lead: number;
};
type PackAttributes = TupleAttributes & {
  /** Which members the operands are, in order; the others are zero. */
  readonly places: readonly number[];
};
type MemberAttributes = TupleAttributes & { readonly index: number };

/** The element type of a tuple: that of its members, or float64, which holds all others exactly. */
function containerType(dtypes: string): DType {
  const [first, ...rest] = dtypes.split(',') as DType[];
  return rest.every((dtype) => dtype === first) ? first : 'float64';
}

/** What a tuple of such members is as one tensor. */
export function tupleType(members: readonly TensorType[]): TensorType {
  return {
    shape: [members.reduce((total, { shape }) => total + sizeOf(shape), 0)],
    dtype: containerType(members.map(({ dtype }) => dtype).join()),
  };
}

function memberType({ shapes, dtypes }: TupleAttributes, index: number): TensorType {
  return { shape: shapes[index], dtype: dtypes.split(',')[index] as DType };
}

/** One member of a tuple. */
export const memberOp: Op<MemberAttributes> = {
  name: 'member',
  infer([tuple], attributes) {
    const { shapes, dtypes, lead, index } = attributes;
    const total = shapes.reduce((sum, shape) => sum + sizeOf(shape), 0);
    if (tuple.shape[lead] !== total || tuple.dtype !== containerType(dtypes)) {
      throw new ScreeError(`member: ${tuple.dtype}${showShape(tuple.shape)} is no tuple of ${total} numbers`);
    }
    const { shape, dtype } = memberType(attributes, index);
    return { shape: [...tuple.shape.slice(0, lead), ...shape], dtype };
  },
  jvp: ({ attributes }, [tangent]) => tangent && tupleMember(tangent, attributes, attributes.index),
  vjp: ({ attributes: { shapes, dtypes, lead, index } }, cotangent) => [
    pack([cotangent], [index], { shapes, dtypes, lead }),
  ],
  batch([tuple], _batched, attributes) {
    const { lead, index } = attributes;
    const { shape, dtype } = memberType(attributes, index);
    const member = tupleMember(tuple, { ...attributes, lead: lead + 1 }, index);
    return member ?? zeros(tuple, [...tuple.shape.slice(0, lead + 1), ...shape], dtype);
  },
  decompose([tuple], attributes) {
    const { shapes, lead, index } = attributes;
    const start = shapes.slice(0, index).reduce((sum, shape) => sum + sizeOf(shape), 0);
    const { shape, dtype } = memberType(attributes, index);
    const front = tuple.shape.slice(0, lead);
    return tuple
      .slice([...front.map(() => 0), start], [...front, start + sizeOf(shape)])
      .reshape([...front, ...shape])
      .cast(dtype);
  },
  onnx: (emitter, { names: [tuple], attributes: { index } }) => emitter.member(tuple, index),
};

/** Members as a tuple. */
const packOp: Op<PackAttributes> = {
  name: 'pack',
  infer(inputs, attributes) {
    const { shapes, dtypes, lead, places } = attributes;
    const front = inputs[0].shape.slice(0, lead);
    inputs.forEach(({ shape, dtype }, k) => {
      const member = memberType(attributes, places[k]);
      if (!sameShape(shape, [...front, ...member.shape]) || dtype !== member.dtype) {
        throw new ScreeError(`pack: ${dtype}${showShape(shape)} is not the member ${places[k]} of the tuple`);
      }
    });
    const total = shapes.reduce((sum, shape) => sum + sizeOf(shape), 0);
    return { shape: [...front, total], dtype: containerType(dtypes) };
  },
  jvp({ attributes }, tangents) {
    const moving = attributes.places.filter((_, k) => tangents[k] !== undefined);
    return pack(
      tangents.flatMap((tangent) => tangent ?? []),
      moving,
      attributes,
    );
  },
  vjp: ({ attributes }, cotangent) =>
    attributes.places.map((place) =>
      isFloat(memberType(attributes, place).dtype) ? tupleMember(cotangent, attributes, place) : undefined,
    ),
  batch(inputs, batched, attributes) {
    const [count] = inputs[batched.indexOf(true)].shape;
    const all = inputs.map((input, k) => (batched[k] ? input : input.broadcastTo([count, ...input.shape])));
    return pack(all, attributes.places, { ...attributes, lead: attributes.lead + 1 });
  },
  decompose(inputs, attributes) {
    const { shapes, lead, places, dtypes } = attributes;
    const front = inputs[0].shape.slice(0, lead);
    const dtype = containerType(dtypes);
    const parts = shapes.map((shape, index) => {
      const flat = [...front, sizeOf(shape)];
      const place = places.indexOf(index);
      return place < 0 ? zeros(inputs[0], flat, dtype) : inputs[place].reshape(flat).cast(dtype);
    });
    return parts.reduce((whole, part) => whole.concat(part, lead));
  },
};

function zeros({ builder }: Tensor, shape: Shape, dtype: DType): Tensor {
  return builder.constant(ndarray(0, [], dtype)).broadcastTo(shape);
}

/** Members as a tuple; those that no place names are zero. */
export function pack(
  members: readonly Tensor[],
  places: readonly number[],
  { shapes, dtypes, lead }: TupleAttributes,
): Tensor {
  return members[0].builder.apply(packOp, members, { shapes, dtypes, lead, places });
}

/**
 * A member of a tuple, undefined where it is zero: what was packed is found again where the tuple is a pack or a sum of packs.
 */
export function tupleMember(tuple: Tensor, attributes: TupleAttributes, index: number): Tensor | undefined {
  const { builder } = tuple;
  const node = builder.nodes[tuple.id];
  if (node.op === packOp) {
    const place = (node.attributes as PackAttributes).places.indexOf(index);
    return place < 0 ? undefined : builder.tensor(node.inputs[place]);
  }
  if (node.op === addOp) {
    const [a, b] = node.inputs.map((input) => tupleMember(builder.tensor(input), attributes, index));
    return a && b ? a.add(b) : (a ?? b);
  }
  const { shapes, dtypes, lead } = attributes;
  return builder.apply(memberOp, [tuple], { shapes, dtypes, lead, index });
}
