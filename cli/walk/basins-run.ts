import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { walkRows, type BasinsTask } from './basins-task.js';
import { startThread } from './thread.js';

/** Walks all rows of starts on this thread and on `threads − 1` others, each taking the next row when it has done one. */
export async function runBasins(
  task: BasinsTask,
  { threads, onRow }: { threads: number; onRow: (rows: number) => void },
): Promise<void> {
  const counter = new Int32Array(task.next);
  const workers = Array.from({ length: threads - 1 }, () =>
    startThread('./basins-worker', import.meta.url, task),
  );
  // Listened to from the start: a thread may end, or fail, while this one walks.
  const ended = Promise.all(workers.map((worker) => once(worker, 'exit')));
  ended.catch(() => undefined);
  const rows = walkRows(task);
  while (rows.next().done !== true) {
    await setImmediate();
    onRow(Math.min(Atomics.load(counter, 0), task.grid.rows));
  }
  await ended;
}
