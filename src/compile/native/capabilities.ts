import { algorithm } from './binding/constants.js';
import { Engine } from './binding/engine.js';
import type { Library } from './binding/library.js';
import { describeForward } from './lower-conv.js';

/** What a library can do on this processor. */
export interface Capabilities {
  /** The widest instructions that it uses. */
  readonly instructions: string;
  /** Convolutions by Winograd's algorithm, which takes a third of the multiplications of 3×3 kernels. */
  readonly winograd: boolean;
}

/** dnnl_cpu_isa_t, widest last. */
const instructionSets: readonly (readonly [bits: number, name: string])[] = [
  [0x1, 'SSE4.1'],
  [0x3, 'AVX'],
  [0x7, 'AVX2'],
  [0xf, 'AVX2 with VNNI'],
  [0x27, 'AVX-512'],
  [0x67, 'AVX-512 with VNNI'],
  [0xe7, 'AVX-512 with bfloat16'],
  [0x1ef, 'AVX-512 with float16'],
  [0xfef, 'AMX'],
];

/** Looks what a library can do. */
export function capabilitiesOf(library: Library): Capabilities {
  const isa = library.functions.dnnl_get_effective_cpu_isa();
  const known = instructionSets.filter(([bits]) => (isa & bits) === bits);
  const engine = new Engine(library);
  try {
    const window = {
      kernel: [3, 3],
      strides: [1, 1],
      low: [1, 1],
      high: [1, 1],
      dilation: [1, 1],
      groups: 1,
    };
    const shape = [8, 64, 32, 32];
    const found = engine.attempt(() =>
      describeForward(
        engine,
        { source: shape, weights: [64, 64, 3, 3], destination: shape, attributes: window },
        { kind: algorithm.convolutionWinograd, biased: false, training: true },
      ),
    );
    return {
      instructions: known.at(-1)?.[1] ?? 'no vector instructions',
      winograd: found !== undefined && found.implementation.includes('wino'),
    };
  } finally {
    engine.close();
  }
}
