import { allocate, bytesPerElement, type TypedArray } from '../../graph/dtype.js';
import { sizeOf } from '../../graph/shape.js';
import { ScreeError } from '../../graph/errors.js';
import type { Graph } from '../../graph/graph.js';
import type { NDArray } from '../../graph/ndarray.js';
import type { TensorType } from '../../graph/op.js';
import {
  checkArrays,
  type AsyncExecutable,
  type GroupListener,
  type KeptState,
  type OutputGroups,
  NotEnoughMemory,
} from '../program.js';
import { argumentBytes } from './binding/constants.js';
import type { Engine } from './binding/engine.js';
import { addressOf, allocateBlock, viewOf, type Block } from './binding/memory.js';
import type { Pointer } from './binding/signatures.js';
import { Crew } from './crew.js';
import type { Buffer, Place, StateEntry } from './layout.js';
import type { MemoryPlan } from './memory-plan.js';
import type { ScriptParameter, WorkerProgram, WorkerStep } from './messages.js';
import { StateMemory } from './state.js';
import { usesOf, type HostStep, type Parameter, type PrimitiveStep, type Step } from './program.js';

/** Steps that one thread runs without the other. */
type Segment =
  | { readonly lane: 'worker'; readonly index: number; readonly steps: readonly Step[] }
  | {
      readonly lane: 'host';
      readonly run: HostRun;
      readonly completes: readonly number[];
    };

/** Runs kernels on the arrays of a run, on this thread; tells how long each took where somebody asks. */
type HostRun = (arrays: readonly TypedArray[], times?: StepTime[]) => void;

/** One step of a program and how long it took. */
export interface StepTime {
  readonly step: Step;
  readonly ms: number;
}

/** An executable of this target. */
export interface NativeExecutable extends AsyncExecutable {
  readonly steps: readonly Step[];
  /** Bytes that it holds beside the arrays of a run. */
  readonly bytes: number;
  /** In the order of the pairs. */
  readonly state: KeptState;
  /** As `run`, with the time of each step. */
  profile(inputs: readonly NDArray[], outputs: readonly NDArray[]): Promise<StepTime[]>;
}

let programs = 0;

/** The library's objects and memory for a planned program. */
class Assembly {
  readonly block: Block;
  readonly view: ArrayBuffer;
  readonly memories: Pointer[][];
  private readonly known = new Map<string, Pointer>();
  private readonly argsStart: number;

  constructor(
    private readonly engine: Engine,
    private readonly plan: MemoryPlan,
    private readonly inputs: number,
    externals: number,
  ) {
    const primitives = plan.steps.filter((step): step is PrimitiveStep => step.kind === 'primitive');
    const argsBytes = primitives.reduce((sum, { args }) => sum + args.length * argumentBytes, 0);
    this.argsStart = plan.arenaBytes + plan.keptBytes;
    const bytes = this.argsStart + argsBytes;
    requireMemory(bytes);
    this.block = allocateBlock(bytes);
    this.view = viewOf(this.block.address, this.block.bytes);
    this.memories = Array.from({ length: externals }, () => []);
    for (const [buffer, offset] of plan.offsets) {
      if (buffer.source.kind !== 'constant') continue;
      const { data } = buffer.source;
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      new Uint8Array(this.view, offset, data.byteLength).set(bytes);
    }
  }

  /** The place of an array among those that a run is given; undefined for memory of the program's own. */
  externalOf(buffer: Buffer): number | undefined {
    const { source } = this.plan.home(buffer);
    if (source.kind === 'input') return source.index;
    return source.kind === 'output' ? this.inputs + source.index : undefined;
  }

  offsetOf(buffer: Buffer): number {
    return this.plan.offsets.get(this.plan.home(buffer)) ?? 0;
  }

  private memory({ buffer, layout }: Place): Pointer {
    const external = this.externalOf(buffer);
    const offset = this.offsetOf(buffer);
    const key = `${external ?? ''}@${offset}:${layout.pointer}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const address = external === undefined ? this.block.address + BigInt(offset) : 0n;
    const memory = this.engine.memory(layout, address);
    if (external !== undefined) this.memories[external].push(memory);
    this.known.set(key, memory);
    return memory;
  }

  private parameter({ buffer, dtype, length }: Parameter): ScriptParameter {
    const external = this.externalOf(buffer);
    return { offset: this.offsetOf(buffer), dtype, length, ...(external !== undefined && { external }) };
  }

  /** Steps as the worker takes them; their arguments are written behind the constants. */
  workerSteps(steps: readonly Step[], from: { offset: number }, completed: Completed): WorkerStep[] {
    return steps.flatMap((step): WorkerStep[] => {
      if (step.kind === 'host') return [];
      const completes = completed.get(step);
      if (step.kind === 'script') {
        const { source, constants, parameters } = step;
        const placed = parameters.map((parameter) => this.parameter(parameter));
        return [{ kind: 'script', source, constants, parameters: placed, completes }];
      }
      const start = this.argsStart + from.offset;
      const args = new DataView(this.view, start);
      step.args.forEach(({ index, place }, k) => {
        args.setInt32(argumentBytes * k, index, true);
        args.setBigInt64(argumentBytes * k + 8, this.memory(place), true);
      });
      from.offset += step.args.length * argumentBytes;
      const address = this.block.address + BigInt(start);
      const { primitive, name } = step;
      const what = `${name} ${step.what}`;
      return [{ kind: 'primitive', what, primitive, count: step.args.length, args: address, completes }];
    });
  }

  hostRun(steps: readonly HostStep[]): HostRun {
    const runs = steps.map(({ kernel, parameters }) => {
      const places = parameters.map(({ buffer, dtype, length }) => {
        const external = this.externalOf(buffer);
        return external ?? allocate(dtype, length, this.view, this.offsetOf(buffer));
      });
      return (arrays: readonly TypedArray[]) => {
        const [first, ...rest] = places.map((place) => (typeof place === 'number' ? arrays[place] : place));
        kernel(first, ...rest);
      };
    });
    return (arrays, times) =>
      runs.forEach((run, place) => {
        const before = performance.now();
        run(arrays);
        times?.push({ step: steps[place], ms: performance.now() - before });
      });
  }
}

/** The system promises more memory than there is, and ends a process that then takes it. */
function requireMemory(bytes: number): void {
  const available = process.availableMemory();
  if (bytes <= available) return;
  const megabytes = (count: number) => `${Math.ceil(count / 1e6)} MB`;
  throw new NotEnoughMemory(
    `native: a run needs ${megabytes(bytes)} beside its arrays, and ${megabytes(available)} are free; a batch of ${Math.floor((100 * available) / bytes)} % of this one fits`,
    bytes,
  );
}

function divide(steps: readonly Step[]): { lane: 'worker' | 'host'; steps: Step[] }[] {
  const parts: { lane: 'worker' | 'host'; steps: Step[] }[] = [];
  for (const step of steps) {
    const lane = step.kind === 'host' ? 'host' : 'worker';
    const last = parts.at(-1);
    if (last?.lane === lane) last.steps.push(step);
    else parts.push({ lane, steps: [step] });
  }
  return parts;
}

/** The groups of outputs that are complete after a step. */
type Completed = ReadonlyMap<Step, readonly number[]>;

function completedBy({ steps, lastUses }: MemoryPlan, groups: OutputGroups): Completed {
  const places = new Map(steps.map((step, index) => [step, index]));
  const completed = new Map<Step, number[]>();
  groups.forEach((outputs, group) => {
    const last = Math.max(0, ...outputs.map((output) => places.get(lastUses.get(output) ?? steps[0]) ?? 0));
    completed.set(steps[last], [...(completed.get(steps[last]) ?? []), group]);
  });
  return completed;
}

export interface AssemblyOptions {
  readonly threads: number;
  readonly state: readonly StateEntry[];
  /** Of the state. */
  readonly types: readonly TensorType[];
  readonly groups: OutputGroups;
}

/** Makes a planned program ready to run. It owns the engine from now on. */
export function assemble(
  source: Graph,
  engine: Engine,
  plan: MemoryPlan,
  { threads, state, types, groups }: AssemblyOptions,
): NativeExecutable {
  const inputCount = source.inputs.length;
  const externals = inputCount + source.outputs.length;
  const assembly = new Assembly(engine, plan, inputCount, externals);
  const { address, bytes } = assembly.block;
  const memory = { address, view: assembly.view, offsetOf: (buffer: Buffer) => assembly.offsetOf(buffer) };
  const kept = new StateMemory(engine, state, types, memory);
  const from = { offset: 0 };
  const workerSegments: WorkerStep[][] = [];
  const completed = completedBy(plan, groups);
  const divided = divide(plan.steps);
  const segments = divided.map(({ lane, steps }): Segment => {
    if (lane === 'host') {
      const completes = steps.flatMap((step) => completed.get(step) ?? []);
      return { lane, run: assembly.hostRun(steps as HostStep[]), completes };
    }
    workerSegments.push(assembly.workerSteps(steps, from, completed));
    return { lane, index: workerSegments.length - 1, steps };
  });
  const id = programs++;
  const shared = new SharedArrayBuffer(8 * externals);
  const addresses = new BigInt64Array(shared);
  const arrayTypes = [...source.inputs, ...source.outputs].map((node) => source.nodes[node]);
  const program: WorkerProgram = {
    id,
    stream: engine.stream,
    address,
    bytes,
    externals: assembly.memories.map((memories, index) => ({
      memories,
      bytes: bytesPerElement[arrayTypes[index].dtype] * sizeOf(arrayTypes[index].shape),
    })),
    addresses: shared,
    segments: workerSegments,
  };
  const crew = Crew.join(engine.library.path, threads);
  crew.load(program);
  const last: (TypedArray | undefined)[] = new Array<TypedArray | undefined>(externals).fill(undefined);
  let running = false;
  let closed = false;
  /** Whether a run wrote some of the state, and not all of it. */
  let isLost = false;
  const firstWriting = divided.findIndex(({ steps }) =>
    steps.flatMap(usesOf).some(({ buffer, writes }) => writes && plan.home(buffer).source.kind === 'state'),
  );
  const free = () => {
    crew.leave(id);
    engine.close();
    assembly.block.free();
    kept.free();
  };
  const requireIdle = () => {
    if (closed) throw new ScreeError('run: the program is closed');
    if (running) throw new ScreeError('run: the program is still running; await the earlier run first');
  };
  const run = async (
    inputs: readonly NDArray[],
    outputs: readonly NDArray[],
    onGroup?: GroupListener,
    times?: StepTime[],
  ) => {
    requireIdle();
    checkArrays(source, inputs, outputs);
    running = true;
    kept.moves();
    const wasLost = isLost;
    try {
      const arrays = [...inputs, ...outputs].map(({ data }) => data);
      arrays.forEach((array, index) => {
        if (last[index] === array) return;
        last[index] = array;
        addresses[index] = array.length === 0 ? 0n : addressOf(array);
      });
      for (const [place, segment] of segments.entries()) {
        isLost ||= place === firstWriting;
        if (segment.lane === 'host') {
          segment.run(arrays, times);
          for (const group of segment.completes) onGroup?.(group);
          continue;
        }
        const { index, steps } = segment;
        // One after the other: each needs what the ones before have made.
        const ms = await crew.run(id, index, times !== undefined, onGroup);
        if (ms !== undefined) times?.push(...steps.map((step, k) => ({ step, ms: ms[k] })));
      }
      isLost = wasLost;
    } finally {
      running = false;
      if (closed) free();
    }
  };
  return {
    graph: source,
    steps: plan.steps,
    bytes,
    state: {
      write(arrays) {
        requireIdle();
        kept.write(arrays);
        isLost = false;
      },
      read(arrays) {
        requireIdle();
        if (isLost) throw new ScreeError('state: the run before failed half way, and what it was is lost');
        kept.read(arrays);
      },
    },
    run: (inputs, outputs, onGroup) => run(inputs, outputs, onGroup),
    async profile(inputs, outputs) {
      const times: StepTime[] = [];
      await run(inputs, outputs, undefined, times);
      return times;
    },
    close() {
      if (closed) return;
      closed = true;
      if (!running) free();
    },
  };
}
