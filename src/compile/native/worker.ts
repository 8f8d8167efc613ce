import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { allocate, type TypedArray } from '../../graph/dtype.js';
import { describeStatus } from './binding/constants.js';
import { openLibrary } from './binding/library.js';
import { viewOf } from './binding/memory.js';
import type { Pointer } from './binding/signatures.js';
import type { Message, Reply, ScriptParameter, WorkerProgram, WorkerSetup, WorkerStep } from './messages.js';

// Runs programs: a list of primitives and scripts, one after the other. It sleeps on a counter rather than in an event loop,
// from which it would wake later.

const { library: path, threads, bell } = workerData as WorkerSetup;
const library = openLibrary(path);
library.setThreads(threads);
const execute = library.functions.dnnl_primitive_execute;
const setHandle = library.functions.dnnl_memory_set_data_handle;

type Run = () => void;

const keptViews = 4;

class LoadedProgram {
  private readonly addresses: BigInt64Array;
  private readonly known: BigInt64Array;
  private readonly block: ArrayBuffer;
  private readonly views: (ArrayBuffer | undefined)[];
  /** The last views of each array: callers that swap two buffers from run to run are the common case, and a view is dear. */
  private readonly recent: { readonly address: Pointer; readonly view: ArrayBuffer }[][];
  private readonly rebind: (() => void)[][];
  private readonly segments: Run[][];

  constructor(private readonly program: WorkerProgram) {
    const { externals } = program;
    this.addresses = new BigInt64Array(program.addresses);
    this.known = new BigInt64Array(externals.length);
    this.views = new Array<ArrayBuffer | undefined>(externals.length).fill(undefined);
    this.rebind = externals.map(() => []);
    this.recent = externals.map(() => []);
    this.block = viewOf(program.address, program.bytes);
    this.segments = program.segments.map((steps) => steps.map((step) => this.tellingRunOf(step)));
  }

  private tellingRunOf(step: WorkerStep): Run {
    const run = this.runOf(step);
    const { completes = [] } = step;
    if (completes.length === 0) return run;
    return () => {
      run();
      for (const group of completes) {
        parentPort?.postMessage({ program: this.program.id, group } satisfies Reply);
      }
    };
  }

  private runOf(step: WorkerStep): Run {
    if (step.kind === 'script') return this.script(step);
    const { what, primitive, count, args } = step;
    const { stream } = this.program;
    return () => {
      const status = execute(primitive, stream, count, args);
      if (status !== 0) throw new Error(`${what}: oneDNN says ${describeStatus(status)}`);
    };
  }

  private script({ source, constants, parameters }: WorkerStep & { kind: 'script' }): Run {
    const make: unknown = new Function(...constants.keys(), `'use strict';\nreturn ${source};`);
    const body = (make as (...values: unknown[]) => (...arrays: TypedArray[]) => void)(...constants.values());
    const arrays = parameters.map((parameter) => this.array(parameter));
    parameters.forEach((parameter, index) => {
      if (parameter.external === undefined) return;
      this.rebind[parameter.external].push(() => (arrays[index] = this.array(parameter)));
    });
    return () => body(...arrays);
  }

  private array({ external, offset, dtype, length }: ScriptParameter): TypedArray {
    if (external === undefined) return allocate(dtype, length, this.block, offset);
    const view = this.views[external];
    return view === undefined ? allocate(dtype, 0) : allocate(dtype, length, view);
  }

  /** Looks where the arrays lie this time. */
  private bind(): void {
    this.program.externals.forEach(({ memories, bytes }, index) => {
      const address: Pointer = this.addresses[index];
      if (address === this.known[index]) return;
      this.known[index] = address;
      for (const memory of memories) setHandle(memory, address);
      if (this.rebind[index].length === 0) return;
      this.views[index] = this.viewAt(index, address, bytes);
      for (const again of this.rebind[index]) again();
    });
  }

  private viewAt(index: number, address: Pointer, bytes: number): ArrayBuffer {
    const recent = this.recent[index];
    const known = recent.find((entry) => entry.address === address);
    if (known !== undefined) return known.view;
    if (recent.length === keptViews) recent.shift();
    const view = viewOf(address, bytes);
    recent.push({ address, view });
    return view;
  }

  run(segment: number, timed: boolean): number[] | undefined {
    this.bind();
    if (!timed) {
      for (const run of this.segments[segment]) run();
      return undefined;
    }
    return this.segments[segment].map((run) => {
      const before = performance.now();
      run();
      return performance.now() - before;
    });
  }
}

const programs = new Map<number, LoadedProgram>();

/** Whether there is more to come. */
function handle(message: Message): boolean {
  switch (message.kind) {
    case 'load':
      programs.set(message.program.id, new LoadedProgram(message.program));
      return true;
    case 'forget':
      programs.delete(message.program);
      return true;
    case 'run': {
      const { program, segment, timed } = message;
      let reply: Reply = { program };
      try {
        const times = programs.get(program)?.run(segment, timed);
        if (times !== undefined) reply = { program, times };
      } catch (error) {
        reply = { program, failure: error instanceof Error ? error.message : String(error) };
      }
      parentPort?.postMessage(reply);
      return true;
    }
    case 'stop':
      return false;
  }
}

function listen(): void {
  const counter = new Int32Array(bell);
  for (;;) {
    const seen = Atomics.load(counter, 0);
    for (;;) {
      const received = parentPort === null ? undefined : receiveMessageOnPort(parentPort);
      if (received === undefined) break;
      if (!handle(received.message as Message)) return;
    }
    Atomics.wait(counter, 0, seen);
  }
}

listen();
