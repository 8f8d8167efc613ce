/**
 * The part of oneDNN's C API (version 3) that is used: for each function what it gives, then what it takes. Both the functions
 * that koffi makes and their TypeScript types follow from this table.
 */

/** An address in C. */
export type Pointer = bigint;
/** A C out-parameter: an array of one element, which the call overwrites. */
export type Out = [Pointer | null];

interface Kinds {
  status: number;
  pointer: Pointer | null;
  /** Memory of ours that the callee reads or fills, or an address. */
  memory: BigInt64Array | BigUint64Array | Int32Array | Float32Array | Pointer | null;
  out: Out;
  int: number;
  uint: number;
  size: number;
  float: number;
}

type Kind = keyof Kinds;
type Signature = readonly [result: Kind, ...parameters: Kind[]];

/** How koffi spells them. */
export const koffiTypes: Readonly<Record<Kind, string>> = {
  status: 'int',
  pointer: 'void*',
  memory: 'void*',
  out: '_Out_ void**',
  int: 'int',
  uint: 'unsigned int',
  size: 'size_t',
  float: 'float',
};

const p = 'pointer';
const m = 'memory';
const destroy = ['status', p] as const;

/** Those that begin with (out, engine) make a primitive descriptor; its attributes come last. */
export const signatures = {
  dnnl_version: [p],
  dnnl_get_effective_cpu_isa: ['int'],
  dnnl_engine_create: ['status', 'out', 'int', 'size'],
  dnnl_engine_destroy: destroy,
  dnnl_stream_create: ['status', 'out', p, 'uint'],
  dnnl_stream_destroy: destroy,

  dnnl_memory_desc_create_with_strides: ['status', 'out', 'int', m, 'int', m],
  dnnl_memory_desc_create_with_tag: ['status', 'out', 'int', m, 'int', 'int'],
  dnnl_memory_desc_create_submemory: ['status', 'out', p, m, m],
  dnnl_memory_desc_permute_axes: ['status', 'out', p, m],
  dnnl_memory_desc_reshape: ['status', 'out', p, 'int', m],
  dnnl_memory_desc_clone: ['status', 'out', p],
  dnnl_memory_desc_destroy: destroy,
  dnnl_memory_desc_equal: ['int', p, p],
  dnnl_memory_desc_get_size: ['size', p],
  dnnl_memory_create: ['status', 'out', p, p, m],
  dnnl_memory_set_data_handle: ['status', p, p],
  dnnl_memory_destroy: destroy,

  dnnl_post_ops_create: ['status', 'out'],
  dnnl_post_ops_append_eltwise: ['status', p, 'int', 'float', 'float'],
  dnnl_post_ops_append_binary: ['status', p, 'int', p],
  dnnl_post_ops_destroy: destroy,
  dnnl_primitive_attr_create: ['status', 'out'],
  dnnl_primitive_attr_set_scratchpad_mode: ['status', p, 'int'],
  dnnl_primitive_attr_set_post_ops: ['status', p, p],
  dnnl_primitive_attr_set_scales_mask: ['status', p, 'int', 'int'],
  dnnl_primitive_attr_destroy: destroy,

  dnnl_reorder_primitive_desc_create: ['status', 'out', p, p, p, p, p],
  dnnl_convolution_forward_primitive_desc_create: [
    ...(['status', 'out', p, 'int', 'int', p, p, p, p] as const),
    ...([m, m, m, m, p] as const),
  ],
  dnnl_convolution_backward_data_primitive_desc_create: [
    ...(['status', 'out', p, 'int', p, p, p] as const),
    ...([m, m, m, m, p, p] as const),
  ],
  dnnl_convolution_backward_weights_primitive_desc_create: [
    ...(['status', 'out', p, 'int', p, p, p, p] as const),
    ...([m, m, m, m, p, p] as const),
  ],
  dnnl_inner_product_forward_primitive_desc_create: ['status', 'out', p, 'int', p, p, p, p, p],
  dnnl_inner_product_backward_data_primitive_desc_create: ['status', 'out', p, p, p, p, p, p],
  dnnl_inner_product_backward_weights_primitive_desc_create: ['status', 'out', p, p, p, p, p, p, p],
  dnnl_matmul_primitive_desc_create: ['status', 'out', p, p, p, p, p, p],
  dnnl_eltwise_forward_primitive_desc_create: ['status', 'out', p, 'int', 'int', p, p, 'float', 'float', p],
  dnnl_eltwise_backward_primitive_desc_create: [
    ...(['status', 'out', p, 'int', p, p, p] as const),
    ...(['float', 'float', p, p] as const),
  ],
  dnnl_binary_primitive_desc_create: ['status', 'out', p, 'int', p, p, p, p],
  dnnl_reduction_primitive_desc_create: ['status', 'out', p, 'int', p, p, 'float', 'float', p],
  dnnl_softmax_forward_primitive_desc_create: ['status', 'out', p, 'int', 'int', p, p, 'int', p],
  dnnl_softmax_backward_primitive_desc_create: ['status', 'out', p, 'int', p, p, p, 'int', p, p],
  dnnl_pooling_forward_primitive_desc_create: [
    ...(['status', 'out', p, 'int', 'int', p, p] as const),
    ...([m, m, m, m, m, p] as const),
  ],
  dnnl_pooling_backward_primitive_desc_create: [
    ...(['status', 'out', p, 'int', p, p] as const),
    ...([m, m, m, m, m, p, p] as const),
  ],
  dnnl_batch_normalization_forward_primitive_desc_create: [
    ...(['status', 'out', p, 'int', p, p, 'float', 'uint', p] as const),
  ],
  dnnl_batch_normalization_backward_primitive_desc_create: [
    ...(['status', 'out', p, 'int', p, p, p, 'float', 'uint', p, p] as const),
  ],
  dnnl_layer_normalization_forward_primitive_desc_create: [
    ...(['status', 'out', p, 'int', p, p, p, 'float', 'uint', p] as const),
  ],
  dnnl_layer_normalization_backward_primitive_desc_create: [
    ...(['status', 'out', p, 'int', p, p, p, p, 'float', 'uint', p, p] as const),
  ],

  dnnl_primitive_desc_query: ['status', p, 'int', 'int', m],
  dnnl_primitive_desc_query_md: [p, p, 'int', 'int'],
  dnnl_primitive_desc_next_impl: ['status', p],
  dnnl_primitive_desc_destroy: destroy,
  dnnl_primitive_create: ['status', 'out', p],
  dnnl_primitive_execute: ['status', p, p, 'int', p],
  dnnl_primitive_destroy: destroy,
} as const satisfies Record<string, Signature>;

type Signatures = typeof signatures;
export type FunctionName = keyof Signatures;

type Parameters<S extends Signature> = S extends readonly [Kind, ...infer Rest extends readonly Kind[]]
  ? { [K in keyof Rest]: Kinds[Rest[K]] }
  : never;

/** The functions of the table. */
export type Functions = {
  readonly [N in FunctionName]: (...args: [...Parameters<Signatures[N]>]) => Kinds[Signatures[N][0]];
};

/** The names of the functions that make a primitive descriptor, without what they have in common. */
export type DescriptorName = FunctionName extends infer N
  ? N extends `dnnl_${infer Short}_primitive_desc_create`
    ? Short
    : never
  : never;

type DescriptorParameters<S> = S extends readonly [
  'status',
  'out',
  'pointer',
  ...infer Rest extends readonly Kind[],
]
  ? { [K in keyof Rest]: Kinds[Rest[K]] }
  : never;

/** What such a function takes after (out, engine). */
export type DescriptorArguments<N extends DescriptorName> = [
  ...DescriptorParameters<Signatures[`dnnl_${N}_primitive_desc_create`]>,
];
