import { ScreeError } from '../../graph/errors.js';
import { pruneGraph, type Graph } from '../../graph/graph.js';
import { zeros, type NDArray } from '../../graph/ndarray.js';
import type { TensorType } from '../../graph/op.js';
import { sameShape, showShape, sizeOf } from '../../graph/shape.js';
import { allocateOutputs, checkArray, sharesMemory, type SyncExecutable } from '../program.js';
import { compilePrepared, generated } from './prepared.js';
import { generateLoop, generateMany, type RunLoop, type RunMany } from './generate-loop.js';
import { prepare } from './prepare.js';

export interface LoopOptions {
  /** How many of the graph's first inputs are carried: its first outputs are their values for the next step. */
  readonly carry: number;
  /** Whether the graph's last output, a scalar, ends the loop after the step in which it is not zero. */
  readonly stop?: boolean;
}

/** A graph that is one step, run many times over in one call. */
export interface Loop {
  readonly graph: Graph;
  /**
   * Takes steps from `carry`, which holds the new values afterwards.
   * @param constants the graph's inputs after the carried ones.
   * @param records one for each output after the carried ones (without that of `stop`), for [steps, size] numbers: row k is what
   * step k computed from the values before it.
   * @returns the number of steps taken: `steps`, or fewer where `stop` ended the loop.
   * @throws ScreeError for arrays that do not fit; nothing is written then.
   */
  run(
    carry: readonly NDArray[],
    constants: readonly NDArray[],
    steps: number,
    records: readonly Float64Array[],
  ): number;
  /**
   * Takes the same number of steps from many starts: each of `carry` has a leading axis, one row a start. Records nothing and
   * never stops early.
   * @throws ScreeError for arrays that do not fit; nothing is written then.
   */
  runMany(carry: readonly NDArray[], constants: readonly NDArray[], steps: number): void;
}

/** What the loop is made of, once its options are checked. */
interface Parts {
  readonly carried: readonly TensorType[];
  readonly constant: readonly TensorType[];
  readonly recorded: readonly TensorType[];
}

function partsOf({ nodes, inputs, outputs }: Graph, { carry, stop = false }: LoopOptions): Parts {
  const given = inputs.map((id) => nodes[id]);
  const made = outputs.map((id) => nodes[id]);
  if (!Number.isInteger(carry) || carry < 0 || carry > Math.min(given.length, made.length - (stop ? 1 : 0))) {
    throw new ScreeError(
      `compileLoop: cannot carry ${carry} of ${given.length} inputs and ${made.length} outputs${stop ? ', the last of which is the stop' : ''}`,
    );
  }
  for (let index = 0; index < carry; index++) {
    if (given[index].dtype !== made[index].dtype || !sameShape(given[index].shape, made[index].shape)) {
      throw new ScreeError(
        `compileLoop: input ${index} is ${show(given[index])}, output ${index} that follows it ${show(made[index])}`,
      );
    }
  }
  const last = made.at(-1);
  if (stop && (last === undefined || sizeOf(last.shape) !== 1)) {
    throw new ScreeError(`compileLoop: the output that stops the loop must be a scalar`);
  }
  return {
    carried: given.slice(0, carry),
    constant: given.slice(carry),
    recorded: made.slice(carry, stop ? -1 : undefined),
  };
}

function show({ dtype, shape }: TensorType): string {
  return `${dtype}${showShape(shape)}`;
}

function check(kind: string, types: readonly TensorType[], arrays: readonly NDArray[]): void {
  if (arrays.length !== types.length) {
    throw new ScreeError(`run: the loop has ${types.length} ${kind} arrays, got ${arrays.length}`);
  }
  types.forEach((type, index) => checkArray(kind, index, type, arrays[index]));
}

function checkSteps(steps: number): void {
  if (!Number.isSafeInteger(steps) || steps < 0) {
    throw new ScreeError(`run: ${steps} steps; give a number that is not negative`);
  }
}

function checkRecords(types: readonly TensorType[], records: readonly Float64Array[], steps: number): void {
  if (records.length !== types.length) {
    throw new ScreeError(`run: the loop has ${types.length} records, got ${records.length} arrays`);
  }
  types.forEach(({ shape }, index) => {
    const length = steps * sizeOf(shape);
    if (records[index] instanceof Float64Array && records[index].length >= length) return;
    throw new ScreeError(
      `run: record ${index} has ${records[index].length} numbers; ${steps} steps of ${sizeOf(shape)} need ${length} in a Float64Array`,
    );
  });
}

/**
 * One function for a whole walk: the graph's code (a function's value, its gradient, an optimiser's update), the loop around it
 * and the recording, with scalars and small arrays in local variables from the first step to the last.
 * @example
 * ```ts
 * import { compileLoop, float64, ndarray, trace, type Tensor } from 'scree';
 *
 * // Newton's method for √2.
 * const step = trace((x: Tensor) => x.add(x.reciprocal().mul(2)).div(2), [float64()]);
 * const x = ndarray(1);
 * compileLoop(step, { carry: 1 }).run([x], [], 6, []);
 * console.log(x.data[0].toFixed(12));
 * ```
 * ```text
 * 1.414213562373
 * ```
 */
export function compileLoop(source: Graph, options: LoopOptions): Loop {
  const parts = partsOf(source, options);
  const { carry, stop = false } = options;
  const graph = prepare(source);
  const step = makeLoop(graph, { carry, stop });
  let many: RunMany | undefined;
  return {
    graph,
    run(carried, constants, steps, records) {
      check('carried', parts.carried, carried);
      check('constant', parts.constant, constants);
      checkSteps(steps);
      checkRecords(parts.recorded, records, steps);
      if (sharesMemory(constants, carried)) {
        throw new ScreeError('run: a carried array shares memory with another one; give it one of its own');
      }
      return step(carried, constants, steps, records);
    },
    runMany(carried, constants, steps) {
      const count = carried[0]?.shape[0] ?? 0;
      const rows = parts.carried.map(({ dtype, shape }) => ({ dtype, shape: [count, ...shape] }));
      check('carried', rows, carried);
      check('constant', parts.constant, constants);
      checkSteps(steps);
      many ??= compileMany(graph, carry, parts.carried);
      many(carried, constants, count, steps);
    },
  };
}

function compileMany(graph: Graph, carry: number, carried: readonly TensorType[]): RunMany {
  const bare = prepare(pruneGraph({ ...graph, outputs: graph.outputs.slice(0, carry) }));
  const many = generated(
    () => generateMany(bare, carry),
    () => undefined,
  );
  return many ?? runRows(makeLoop(bare, { carry, stop: false }), carried);
}

/** Many starts one after the other, each copied out of its row and back. */
function runRows(run: RunLoop, carried: readonly TensorType[]): RunMany {
  const row = carried.map(({ shape, dtype }) => zeros(shape, dtype));
  return (rows, constants, count, steps) => {
    for (let start = 0; start < count; start++) {
      row.forEach(({ data }, index) => {
        for (let i = 0; i < data.length; i++) data[i] = rows[index].data[start * data.length + i];
      });
      run(row, constants, steps, []);
      row.forEach(({ data }, index) => rows[index].data.set(data, start * data.length));
    }
  };
}

function makeLoop(graph: Graph, options: { carry: number; stop: boolean }): RunLoop {
  const loop = generated(
    () => generateLoop(graph, options),
    () => undefined,
  );
  return loop ?? stepByStep(compilePrepared(graph), options);
}

/** A loop over calls of an executable: where it cannot be generated, or its code would be too long to be one function. */
function stepByStep(executable: SyncExecutable, { carry, stop }: { carry: number; stop: boolean }): RunLoop {
  const outputs = allocateOutputs(executable.graph);
  return (carried, constants, steps, records) => {
    const inputs = [...carried, ...constants];
    for (let step = 0; step < steps; step++) {
      executable.run(inputs, outputs);
      records.forEach((record, index) => {
        const { data } = outputs[carry + index];
        record.set(data, step * data.length);
      });
      carried.forEach(({ data }, index) => data.set(outputs[index].data));
      if (stop && outputs[outputs.length - 1].data[0] !== 0) return step + 1;
    }
    return steps;
  };
}
