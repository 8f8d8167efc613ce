import { ScreeError } from '../../../graph/errors.js';
import { sameShape, showShape, sizeOf, stridesOf, type Shape } from '../../../graph/shape.js';
import {
  algorithm,
  dataType,
  describeStatus,
  engineKind,
  formatTag,
  query,
  scratchpadMode,
  streamFlags,
} from './constants.js';
import { koffi } from './koffi.js';
import type { Library } from './library.js';
import type { DescriptorArguments, DescriptorName, Functions, Out, Pointer } from './signatures.js';

/** How a tensor lies in memory. */
export interface Layout {
  readonly pointer: Pointer;
  readonly dims: Shape;
  readonly bytes: number;
  /** Row-major without gaps. */
  readonly plain: boolean;
  /** Chosen by a primitive; otherwise described by strides. */
  readonly blocked: boolean;
  /** Without gaps other than the padding of blocks. */
  readonly dense: boolean;
  /** Padding of a blocked layout makes it larger than its elements. */
  readonly padded: boolean;
}

/** What is applied to a primitive's result before it is stored. */
export type PostOp =
  | { readonly kind: 'eltwise'; readonly algorithm: number; readonly alpha: number; readonly beta: number }
  | { readonly kind: 'binary'; readonly algorithm: number; readonly operand: Layout };

/** The library refuses a primitive for these shapes or layouts. */
export class Refused extends ScreeError {}

/** A primitive before it is made: what it would be, and which layouts it wants. */
export interface Description {
  readonly name: DescriptorName;
  readonly pointer: Pointer;
  /** Which of the library's implementations it is, `brgconv:avx512_core` for instance. */
  readonly implementation: string;
}

export type LayoutRole = Exclude<keyof typeof query, 'implementation'>;

/** Implementations that the library itself calls plain references: ten to sixty times slower. */
export function isReference(implementation: string): boolean {
  return /(^|:)(ref|simple)/.test(implementation);
}

/**
 * An engine of the library and the objects made with it, which live until it is closed. Not for use by two threads at once; what
 * it makes may be executed by another thread.
 */
export class Engine {
  readonly pointer: Pointer;
  readonly stream: Pointer;
  private readonly garbage: (() => void)[] = [];
  private readonly functions: Functions;
  private readonly layouts = new Map<string, Layout>();
  private readonly attributes = new Map<string, Pointer>();

  constructor(readonly library: Library) {
    this.functions = library.functions;
    this.pointer = this.made('dnnl_engine_destroy', 'engine', (out) =>
      this.functions.dnnl_engine_create(out, engineKind.cpu, 0),
    );
    this.stream = this.made('dnnl_stream_destroy', 'stream', (out) =>
      this.functions.dnnl_stream_create(out, this.pointer, streamFlags.inOrder),
    );
  }

  /** Calls a function that hands an object out, and sees to it that the object is freed. */
  private made(
    destroy: { [N in keyof Functions]: N extends `${string}_destroy` ? N : never }[keyof Functions],
    what: string,
    call: (out: Out) => number,
  ): Pointer {
    const out: Out = [null];
    const status = call(out);
    const [pointer] = out;
    if (status !== 0 || pointer === null) {
      throw new Refused(`native: oneDNN makes no ${what}: ${describeStatus(status)}`);
    }
    this.garbage.push(() => this.functions[destroy](pointer));
    return pointer;
  }

  private check(what: string, status: number): void {
    if (status !== 0) throw new ScreeError(`native: ${what}: oneDNN says ${describeStatus(status)}`);
  }

  private wrap(
    pointer: Pointer,
    dims: Shape,
    { plain = false, blocked = false, dense = true }: Partial<Layout> = {},
  ): Layout {
    const bytes = this.functions.dnnl_memory_desc_get_size(pointer);
    const padded = dense && bytes > 4 * dims.reduce((a, b) => a * b, 1);
    return { pointer, dims, bytes, plain, blocked, dense, padded };
  }

  /** Row-major float32; a scalar counts as one axis of one element. */
  plain(shape: Shape): Layout {
    const dims = shape.length === 0 ? [1] : shape;
    const key = dims.join();
    const known = this.layouts.get(key);
    if (known !== undefined) return known;
    const layout = this.wrap(this.strided(dims, stridesOf(dims)), dims, { plain: true });
    this.layouts.set(key, layout);
    return layout;
  }

  /** Float32 images with the channels of each place side by side. */
  channelsLast(dims: Shape): Layout {
    const key = `last ${dims.join()}`;
    const known = this.layouts.get(key);
    if (known !== undefined) return known;
    const [, channels, ...places] = dims;
    const inner = stridesOf([...places, channels]);
    const strides = [sizeOf(dims.slice(1)), 1, ...inner.slice(0, -1)];
    const layout = this.wrap(this.strided(dims, strides), dims);
    this.layouts.set(key, layout);
    return layout;
  }

  private strided(dims: Shape, strides: readonly number[]): Pointer {
    return this.made('dnnl_memory_desc_destroy', `layout of ${showShape(dims)}`, (out) =>
      this.functions.dnnl_memory_desc_create_with_strides(
        out,
        dims.length,
        int64(dims),
        dataType.float32,
        int64(strides),
      ),
    );
  }

  /** Float32 in a layout that the primitive chooses. */
  any(dims: Shape): Layout {
    const key = `any ${dims.join()}`;
    const known = this.layouts.get(key);
    if (known !== undefined) return known;
    const pointer = this.made('dnnl_memory_desc_destroy', `layout of ${showShape(dims)}`, (out) =>
      this.functions.dnnl_memory_desc_create_with_tag(
        out,
        dims.length,
        int64(dims),
        dataType.float32,
        formatTag.any,
      ),
    );
    const layout = opaqueLayout(pointer, dims, 0);
    this.layouts.set(key, layout);
    return layout;
  }

  /** The same memory with its axes in another order: axis k of the result is axis permutation[k] of the layout. */
  transposed(layout: Layout, permutation: readonly number[]): Layout {
    // The library wants to know where each axis goes to.
    const places = permutation.map((_, axis) => permutation.indexOf(axis));
    const pointer = this.made('dnnl_memory_desc_destroy', 'transposed layout', (out) =>
      this.functions.dnnl_memory_desc_permute_axes(out, layout.pointer, Int32Array.from(places)),
    );
    const { blocked, dense } = layout;
    return this.recognised(
      pointer,
      permutation.map((axis) => layout.dims[axis]),
      { blocked, dense },
    );
  }

  /** The same memory with other axes; undefined where strides cannot describe it. */
  reshaped(layout: Layout, dims: Shape): Layout | undefined {
    const out: Out = [null];
    const status = this.functions.dnnl_memory_desc_reshape(out, layout.pointer, dims.length, int64(dims));
    const [pointer] = out;
    if (status !== 0 || pointer === null) return undefined;
    this.garbage.push(() => this.functions.dnnl_memory_desc_destroy(pointer));
    const { blocked, dense } = layout;
    return this.recognised(pointer, dims, { blocked, dense });
  }

  /** A part of the same memory. */
  part(layout: Layout, starts: readonly number[], dims: Shape): Layout {
    const pointer = this.made('dnnl_memory_desc_destroy', 'part of a layout', (out) =>
      this.functions.dnnl_memory_desc_create_submemory(out, layout.pointer, int64(dims), int64(starts)),
    );
    return this.wrap(pointer, dims, { blocked: layout.blocked, dense: false });
  }

  private recognised(pointer: Pointer, dims: Shape, kind: Partial<Layout>): Layout {
    const plain = this.plain(dims);
    return this.same(pointer, plain.pointer) ? plain : this.wrap(pointer, dims, kind);
  }

  private same(a: Pointer, b: Pointer): boolean {
    return a === b || this.functions.dnnl_memory_desc_equal(a, b) === 1;
  }

  equal(a: Layout, b: Layout): boolean {
    return sameShape(a.dims, b.dims) && this.same(a.pointer, b.pointer);
  }

  /**
   * Attributes of a primitive: scratch memory is ours, and what is applied to the result.
   * @param scaled an argument that is multiplied by a number, which is given when the primitive runs
   */
  attribute(postOps: readonly PostOp[] = [], scaled?: number): Pointer {
    const { functions } = this;
    const steps = postOps
      .map((op) =>
        op.kind === 'eltwise'
          ? `${op.algorithm} ${op.alpha} ${op.beta}`
          : `${op.algorithm} @${op.operand.pointer}`,
      )
      .join(';');
    const key = `${scaled ?? ''}:${steps}`;
    const known = this.attributes.get(key);
    if (known !== undefined) return known;
    const attribute = this.made('dnnl_primitive_attr_destroy', 'attributes', (out) =>
      functions.dnnl_primitive_attr_create(out),
    );
    this.check(
      'scratch memory',
      functions.dnnl_primitive_attr_set_scratchpad_mode(attribute, scratchpadMode.user),
    );
    if (scaled !== undefined) {
      this.check('a scale', functions.dnnl_primitive_attr_set_scales_mask(attribute, scaled, 0));
    }
    if (postOps.length > 0) {
      const list = this.made('dnnl_post_ops_destroy', 'post-ops', (out) =>
        functions.dnnl_post_ops_create(out),
      );
      for (const op of postOps) {
        const status =
          op.kind === 'eltwise'
            ? functions.dnnl_post_ops_append_eltwise(list, op.algorithm, op.alpha, op.beta)
            : functions.dnnl_post_ops_append_binary(list, op.algorithm, op.operand.pointer);
        if (status !== 0) throw new Refused(`native: a post-op is refused: ${describeStatus(status)}`);
      }
      this.check('post-ops', functions.dnnl_primitive_attr_set_post_ops(attribute, list));
    }
    this.attributes.set(key, attribute);
    return attribute;
  }

  /**
   * Describes a primitive.
   * @param what for messages: the op and its shapes
   * @throws Refused where the library has no implementation
   */
  describe<N extends DescriptorName>(name: N, what: string, ...args: DescriptorArguments<N>): Description {
    const create = this.functions[`dnnl_${name}_primitive_desc_create`] as (
      out: Out,
      engine: Pointer,
      ...rest: unknown[]
    ) => number;
    const out: Out = [null];
    const status = create(out, this.pointer, ...args);
    const [pointer] = out;
    if (status !== 0 || pointer === null) {
      throw new Refused(`native: oneDNN refuses ${what}: ${describeStatus(status)}`);
    }
    this.garbage.push(() => this.functions.dnnl_primitive_desc_destroy(pointer));
    return { name, pointer, implementation: this.implementation(pointer) };
  }

  /** The description, or undefined where the library has no implementation. */
  attempt(describe: () => Description): Description | undefined {
    try {
      return describe();
    } catch (error) {
      if (error instanceof Refused) return undefined;
      throw error;
    }
  }

  /** The first of a description's implementations that is accepted, or else the first of all. */
  accepted(describe: () => Description, accept: (implementation: string) => boolean): Description {
    let description = describe();
    while (!accept(description.implementation)) {
      const { name, pointer } = description;
      if (this.functions.dnnl_primitive_desc_next_impl(pointer) !== 0) return describe();
      description = { name, pointer, implementation: this.implementation(pointer) };
    }
    return description;
  }

  private implementation(description: Pointer): string {
    const text = new BigInt64Array(1);
    const status = this.functions.dnnl_primitive_desc_query(description, query.implementation, 0, text);
    return status === 0 ? koffi().decode.string(text[0]) : '';
  }

  /** The layout that a described primitive has for an argument; undefined where it has none. */
  layoutOf({ pointer }: Description, role: LayoutRole, dims: Shape): Layout | undefined {
    const found = this.functions.dnnl_primitive_desc_query_md(pointer, query[role], 0);
    if (found === null || this.functions.dnnl_memory_desc_get_size(found) === 0) return undefined;
    return this.recognised(found, dims, { blocked: true });
  }

  /** Bytes of an argument without a shape of its own: scratch memory or a workspace. */
  opaque({ pointer }: Description, role: 'workspace' | 'scratchpad'): Layout | undefined {
    const found = this.functions.dnnl_primitive_desc_query_md(pointer, query[role], 0);
    const bytes = found === null ? 0 : this.functions.dnnl_memory_desc_get_size(found);
    if (found === null || bytes === 0) return undefined;
    return opaqueLayout(found, [bytes], bytes);
  }

  primitive({ name, pointer }: Description): Pointer {
    return this.made('dnnl_primitive_destroy', `primitive ${name}`, (out) =>
      this.functions.dnnl_primitive_create(out, pointer),
    );
  }

  memory(layout: Layout, address: Pointer): Pointer {
    return this.made('dnnl_memory_destroy', 'memory', (out) =>
      this.functions.dnnl_memory_create(out, layout.pointer, this.pointer, address),
    );
  }

  /** Lets memory that was made for a layout lie elsewhere. */
  moveMemory(memory: Pointer, address: Pointer): void {
    this.check('memory', this.functions.dnnl_memory_set_data_handle(memory, address));
  }

  execute(primitive: Pointer, count: number, args: Pointer): void {
    this.check('execution', this.functions.dnnl_primitive_execute(primitive, this.stream, count, args));
  }

  reorder(from: Layout, to: Layout): Description {
    const out: Out = [null];
    const { functions, pointer: engine } = this;
    const status = functions.dnnl_reorder_primitive_desc_create(
      out,
      from.pointer,
      engine,
      to.pointer,
      engine,
      this.attribute(),
    );
    const [pointer] = out;
    if (status !== 0 || pointer === null) {
      throw new Refused(
        `native: oneDNN refuses a reorder of ${showShape(from.dims)}: ${describeStatus(status)}`,
      );
    }
    this.garbage.push(() => functions.dnnl_primitive_desc_destroy(pointer));
    return { name: 'reorder', pointer, implementation: this.implementation(pointer) };
  }

  /** Frees everything, last things first. */
  close(): void {
    for (const free of this.garbage.reverse()) free();
    this.garbage.length = 0;
  }
}

function opaqueLayout(pointer: Pointer, dims: Shape, bytes: number): Layout {
  return { pointer, dims, bytes, plain: false, blocked: true, dense: true, padded: false };
}

export function int64(values: readonly number[]): BigInt64Array {
  return BigInt64Array.from(values, BigInt);
}

/** Post-ops by name. */
export function eltwise(
  name:
    | 'relu'
    | 'tanh'
    | 'square'
    | 'abs'
    | 'sqrt'
    | 'linear'
    | 'softRelu'
    | 'logistic'
    | 'exp'
    | 'log'
    | 'pow'
    | 'geluErf',
  alpha = 0,
  beta = 0,
): PostOp & { kind: 'eltwise' } {
  return { kind: 'eltwise', algorithm: algorithm[name], alpha, beta };
}
