import { once } from 'node:events';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { walkRows, type BasinsTask } from './basins-task.js';
import { startThread } from '../../src/compile/native/thread.js';

/** Walks all rows of starts on this thread and on `threads − 1` others, each taking the next row when it has done one. */
export async function runBasins(
  task: BasinsTask,
  { threads, onRow }: { threads: number; onRow: (rows: number) => void },
): Promise<void> {
  const counts = new Int32Array(task.counters);
  const workers = Array.from({ length: threads - 1 }, () =>
    startThread('./basins-worker', import.meta.url, task),
  );
  // Listened to from the start: a thread may end, or fail, while this one walks.
  const ended = Promise.all(workers.map((worker) => once(worker, 'exit')));
  ended.catch(() => undefined);
  const rows = walkRows(task);
  while (rows.next().done !== true) {
    await setImmediate();
    onRow(Atomics.load(counts, 1));
  }
  // Rows that others still walk; a thread that has only just begun is not waited for.
  while (Atomics.load(counts, 1) < task.grid.rows) await Promise.race([ended, setTimeout(1)]);
  await Promise.all(workers.map((worker) => worker.terminate()));
}
