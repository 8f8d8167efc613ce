import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Graph } from '../../graph/graph.js';
import { sizeOf } from '../../graph/shape.js';
import { convInputGradientOp, convOp, convWeightGradientOp, type ConvAttributes } from '../../ops/conv.js';
import { algorithm, argument, argumentBytes } from './binding/constants.js';
import { Engine, Refused, type Description, type Layout } from './binding/engine.js';
import type { Library } from './binding/library.js';
import { allocateBlock, viewOf } from './binding/memory.js';
import {
  convolutionFlops,
  convolutionOf,
  describeConvolution,
  describeForward,
  describeInputGradient,
  describeWeightGradient,
  type Convolution,
} from './lower-conv.js';
import type { Choices, Direction } from './lowering.js';
import { isFloat32 } from './elementwise.js';
import { keepChoices, knownChoices, machineKey, type ConvolutionAlgorithm } from './tune-cache.js';

export interface TuneOptions {
  readonly threads: number;
  /** Takes the direct algorithm everywhere, whatever is quicker. */
  readonly deterministic: boolean;
  /** Called before each convolution that is measured, and after the last one. */
  readonly onTune?: (done: number, total: number) => void;
}

/** Below this many operations nothing is to be gained. */
const fewFlops = 4e6;
/** Winograd's algorithm must be quicker by this share, for it is less exact. */
const leastGain = 0.05;
/** ‖winograd − direct‖ / ‖direct‖ that is accepted, on random numbers. */
const winogradBound = 1e-5;
const runs = 3;

interface Candidate {
  readonly key: string;
  readonly convolution: Convolution;
  readonly direction: Direction;
}

function keyOf(convolution: Convolution, direction: Direction): string {
  return `${direction} ${describeConvolution(convolution)}`;
}

/** Whether Winograd's algorithm can do it: 3×3, step 1, all channels together. */
function canBeWinograd({ attributes }: Convolution): boolean {
  const { kernel, strides, dilation, groups } = attributes;
  const isOne = (value: number) => value === 1;
  return kernel.join() === '3,3' && strides.every(isOne) && dilation.every(isOne) && groups === 1;
}

/** The convolutions of a graph between whose algorithms there is a choice. */
function candidatesOf({ nodes }: Graph): Candidate[] {
  const found = new Map<string, Candidate>();
  nodes.forEach((node) => {
    if (!isFloat32(node, nodes) || node.inputs.length !== 2) return;
    const [first, second] = node.inputs.map((input) => nodes[input].shape);
    const attributes = node.attributes as ConvAttributes;
    const op: object = node.op;
    let direction: Direction;
    let convolution: Convolution;
    if (op === convOp) {
      direction = 'forward';
      convolution = convolutionOf(first, second, node.shape, attributes);
    } else if (op === convInputGradientOp) {
      direction = 'inputGradient';
      convolution = convolutionOf(node.shape, second, first, attributes);
    } else if (op === convWeightGradientOp) {
      direction = 'weightGradient';
      convolution = convolutionOf(first, node.shape, second, attributes);
    } else return;
    if (sizeOf(node.shape) === 0 || !canBeWinograd(convolution)) return;
    if (convolutionFlops(convolution) < fewFlops) return;
    const key = keyOf(convolution, direction);
    found.set(key, { key, convolution, direction });
  });
  return [...found.values()];
}

const kinds: Readonly<Record<ConvolutionAlgorithm, number>> = {
  direct: algorithm.convolutionDirect,
  winograd: algorithm.convolutionWinograd,
};

function describe(engine: Engine, { convolution, direction }: Candidate, kind: number): Description {
  if (direction === 'forward') {
    return describeForward(engine, convolution, { kind, biased: false, training: true });
  }
  if (direction === 'inputGradient') return describeInputGradient(engine, convolution, kind);
  return describeWeightGradient(engine, convolution, { kind, biased: false });
}

/** For each direction: the two operands and the result, with their roles, arguments and extents. */
function operandsOf({ convolution, direction }: Candidate) {
  const { source, weights, destination } = convolution;
  const x = ['source', argument.source, source] as const;
  const w = ['weights', argument.weights, weights] as const;
  const dy = ['diffDestination', argument.diffDestination, destination] as const;
  if (direction === 'forward') {
    return { operands: [x, w], result: ['destination', argument.destination, destination] } as const;
  }
  return direction === 'inputGradient'
    ? ({ operands: [dy, w], result: ['diffSource', argument.diffSource, source] } as const)
    : ({ operands: [x, dy], result: ['diffWeights', argument.diffWeights, weights] } as const);
}

/** A sequence of numbers in (−1, 1) that is the same every time and without regularity that could flatter an algorithm. */
function noise(length: number, seed: number): Float32Array {
  const values = new Float32Array(length);
  for (let i = 0, state = seed; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    values[i] = state / 2 ** 31;
  }
  return values;
}

/** A convolution with memory of its own, to be timed. */
class Trial {
  best = Infinity;
  private readonly free: () => void;
  private readonly step: () => void;
  private readonly read: () => Float32Array;

  constructor(engine: Engine, candidate: Candidate, kind: number) {
    const description = describe(engine, candidate, kind);
    const { operands, result } = operandsOf(candidate);
    const layout = (role: Parameters<Engine['layoutOf']>[1], dims: readonly number[]): Layout =>
      engine.layoutOf(description, role, dims) ?? engine.plain(dims);
    const parts = [...operands, result].map(([role, index, dims]) => ({
      index,
      seen: layout(role, dims),
      plain: engine.plain(dims),
    }));
    const scratch = engine.opaque(description, 'scratchpad');
    const round = (bytes: number) => Math.ceil(bytes / 4096) * 4096;
    const total = parts.reduce((sum, { seen, plain }) => sum + round(seen.bytes) + round(plain.bytes), 0);
    const block = allocateBlock(total + round(scratch?.bytes ?? 0) + 4096);
    const view = viewOf(block.address, block.bytes);
    let end = 4096;
    const take = (bytes: number) => {
      const start = end;
      end += round(bytes);
      return start;
    };
    const at = (start: number) => block.address + BigInt(start);
    let used = 0;
    const args = (list: readonly (readonly [number, bigint])[]) => {
      const start = used;
      const data = new DataView(view, start);
      list.forEach(([index, memory], k) => {
        data.setInt32(argumentBytes * k, index, true);
        data.setBigInt64(argumentBytes * k + 8, memory, true);
      });
      used += argumentBytes * list.length;
      return at(start);
    };
    const placed = parts.map((part) => {
      const [plainAt, seenAt] = [take(part.plain.bytes), take(part.seen.bytes)];
      const memory = engine.memory(part.seen, at(seenAt));
      const row = engine.memory(part.plain, at(plainAt));
      return { ...part, plainAt, memory, row };
    });
    const reorder = (from: Layout, to: Layout, source: bigint, target: bigint) => {
      const primitive = engine.primitive(engine.reorder(from, to));
      const list = args([
        [argument.source, source],
        [argument.destination, target],
      ]);
      return () => engine.execute(primitive, 2, list);
    };
    placed.slice(0, 2).forEach(({ plain, seen, plainAt, row, memory, index }) => {
      new Float32Array(view, plainAt, plain.bytes / 4).set(noise(plain.bytes / 4, index));
      reorder(plain, seen, row, memory)();
    });
    const list: (readonly [number, bigint])[] = placed.map(({ index, memory }) => [index, memory] as const);
    if (scratch !== undefined) {
      list.push([argument.scratchpad, engine.memory(scratch, at(take(scratch.bytes)))]);
    }
    const all = args(list);
    const primitive = engine.primitive(description);
    this.step = () => engine.execute(primitive, list.length, all);
    const made = placed[2];
    const back = reorder(made.seen, made.plain, made.memory, made.row);
    this.read = () => {
      back();
      return new Float32Array(view, made.plainAt, made.plain.bytes / 4);
    };
    this.free = () => block.free();
  }

  run(): void {
    const before = performance.now();
    this.step();
    this.best = Math.min(this.best, performance.now() - before);
  }

  /** What it computed, row-major. */
  result(): Float32Array {
    return this.read();
  }

  close(): void {
    this.free();
  }
}

function distance(actual: Float32Array, expected: Float32Array): number {
  let error = 0;
  let norm = 0;
  for (let i = 0; i < expected.length; i++) {
    error += (actual[i] - expected[i]) ** 2;
    norm += expected[i] ** 2;
  }
  return Math.sqrt(error / norm);
}

/** The quicker algorithm for a convolution, Winograd's only where its result agrees with the direct one. */
function measure(library: Library, candidate: Candidate): ConvolutionAlgorithm {
  const engine = new Engine(library);
  const trials: Trial[] = [];
  try {
    const direct = new Trial(engine, candidate, kinds.direct);
    trials.push(direct);
    const winograd = new Trial(engine, candidate, kinds.winograd);
    trials.push(winograd);
    for (let run = 0; run < runs; run++) for (const trial of trials) trial.run();
    if (winograd.best > (1 - leastGain) * direct.best) return 'direct';
    return distance(winograd.result(), direct.result()) <= winogradBound ? 'winograd' : 'direct';
  } catch (error) {
    if (error instanceof Refused) return 'direct';
    throw error;
  } finally {
    for (const trial of trials) trial.close();
    engine.close();
  }
}

/**
 * Chooses an algorithm for each convolution of a graph: what is known of this machine from earlier runs, and else what is
 * quicker in a short measurement, which is kept.
 */
export async function tune(library: Library, graph: Graph, options: TuneOptions): Promise<Choices> {
  const { threads, deterministic, onTune } = options;
  if (deterministic) return { algorithm: () => kinds.direct };
  const candidates = candidatesOf(graph);
  const machine = machineKey(library, threads);
  const known = candidates.length === 0 ? new Map<string, ConvolutionAlgorithm>() : knownChoices(machine);
  const unknown = candidates.filter(({ key }) => !known.has(key));
  const fresh = new Map<string, ConvolutionAlgorithm>();
  for (const [index, candidate] of unknown.entries()) {
    onTune?.(index, unknown.length);
    const before = library.setThreads(threads);
    try {
      fresh.set(candidate.key, measure(library, candidate));
    } finally {
      library.setThreads(before);
    }
    // A measurement takes some tens of milliseconds; timers and signals have their turn between two of them.
    await nextTurn();
  }
  if (fresh.size > 0) {
    onTune?.(fresh.size, fresh.size);
    keepChoices(machine, fresh);
  }
  return {
    algorithm: (convolution, direction) => {
      const key = keyOf(convolution, direction);
      return kinds[fresh.get(key) ?? known.get(key) ?? 'direct'];
    },
  };
}
