import { checkpoints, rowWalker, type StartGrid } from '../../src/landscape/basins.js';
import { parseOptimizer } from '../../src/optim/index.js';
import { readSurface, type ParameterOptions } from './surface-argument.js';

/** What a thread needs to walk rows of starts beside others. */
export interface BasinsTask {
  /** A formula or a name of the zoo. */
  readonly argument: string;
  readonly parameters: ParameterOptions;
  readonly optimizer: string;
  readonly steps: number;
  readonly grid: StartGrid;
  /** Float32 numbers for all places. */
  readonly places: SharedArrayBuffer;
  /** Two Int32: the next row that nobody has taken yet, and the number of rows done. */
  readonly counters: SharedArrayBuffer;
}

/** Takes one row after the other until none is left. @returns after each row whether there are more */
export function* walkRows({ argument, parameters, optimizer, steps, grid, places, counters }: BasinsTask) {
  const { surface } = readSurface(argument, parameters);
  const data = new Float32Array(places);
  const walkRow = rowWalker(surface, parseOptimizer(optimizer), { grid, steps: checkpoints(steps), data });
  const counts = new Int32Array(counters);
  for (let row = Atomics.add(counts, 0, 1); row < grid.rows; row = Atomics.add(counts, 0, 1)) {
    walkRow(row);
    Atomics.add(counts, 1, 1);
    yield row;
  }
}
