/** Numbers of oneDNN's C headers (dnnl_types.h, dnnl_common_types.h); the same from 3.1 to 3.13. */

export const engineKind = { cpu: 1 } as const;
export const streamFlags = { inOrder: 1 } as const;
export const dataType = { float32: 3, int32: 4, uint8: 6 } as const;
export const formatTag = { any: 1 } as const;
export const scratchpadMode = { user: 1 } as const;

export const propagation = { training: 64, inference: 96, backward: 128, backwardData: 160 } as const;

export const algorithm = {
  convolutionDirect: 0x1,
  convolutionWinograd: 0x2,
  relu: 0x20,
  tanh: 0x21,
  square: 0x23,
  abs: 0x24,
  sqrt: 0x25,
  linear: 0x26,
  softRelu: 0x27,
  logistic: 0x29,
  exp: 0x2a,
  log: 0x2d,
  pow: 0x30,
  geluErf: 0x31,
  reluFromOutput: 0x100,
  poolingMax: 0x1ff,
  poolingAverageIncludePadding: 0x2ff,
  poolingAverageExcludePadding: 0x3ff,
  add: 0x1fff0,
  mul: 0x1fff1,
  max: 0x1fff2,
  min: 0x1fff3,
  div: 0x1fff4,
  sub: 0x1fff5,
  reductionMax: 0x2fff2,
  reductionMin: 0x2fff3,
  reductionSum: 0x2fff4,
  softmax: 0x30000,
  logSoftmax: 0x30001,
} as const;

export const normalization = { useScale: 2, useShift: 4, fuseRelu: 8 } as const;

export const query = {
  implementation: 8,
  source: 129,
  diffSource: 130,
  weights: 131,
  diffWeights: 132,
  destination: 133,
  diffDestination: 134,
  workspace: 135,
  scratchpad: 136,
} as const;

/** What an argument of an execution is for. */
export const argument = {
  source: 1,
  source1: 2,
  destination: 17,
  weights: 33,
  bias: 41,
  mean: 49,
  variance: 50,
  scale: 51,
  shift: 52,
  workspace: 64,
  scratchpad: 80,
  diffSource: 129,
  diffDestination: 145,
  diffWeights: 161,
  diffBias: 169,
  diffScale: 255,
  diffShift: 256,
} as const;

/** The second operand of the binary post-op at a place. */
export function postOpOperand(place: number): number {
  return (32768 * (place + 1)) | argument.source1;
}

/** The factor of an argument that is given when the primitive runs. */
export function scaleOf(argument: number): number {
  return 4096 | argument;
}

/** sizeof(dnnl_exec_arg_t): an int32, then a pointer at 8. */
export const argumentBytes = 16;

/** dnnl_status_t in words. */
const statusWords = [
  'success',
  'out of memory',
  'invalid arguments',
  'not implemented',
  'no further implementation',
  'runtime error',
  'not required',
];

export function describeStatus(status: number): string {
  return statusWords[status] ?? `status ${status}`;
}
