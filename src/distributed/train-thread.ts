import { parentPort } from 'node:worker_threads';
import { ScreeError } from '../graph/errors.js';
import { train } from '../train/index.js';
import { joinThreadsAndProcesses } from './collective/threads-and-processes.js';
import { joinThreads } from './collective/threads.js';
import { trainGroup } from './group.js';
import { startMs, threadDone, type ThreadFailure, type ThreadTask } from './threads-run.js';

/** One rank of a run on threads: waits for its task, takes part, and tells when it fails. */
async function takePart({ seat, relay, options, wire, timeoutMs }: ThreadTask): Promise<void> {
  const limits = { timeoutMs, startMs };
  const here = joinThreads(seat, limits);
  const collective = relay === undefined ? here : joinThreadsAndProcesses(here, relay, limits);
  await train({ ...options, group: trainGroup(collective, wire) });
  await collective.close();
  parentPort?.postMessage(threadDone);
}

parentPort?.once('message', (task: ThreadTask) => {
  takePart(task).catch((error: unknown) => {
    const failure: ThreadFailure = {
      message: error instanceof Error ? error.message : String(error),
      stack: error instanceof Error ? error.stack : undefined,
      foreseen: error instanceof ScreeError,
    };
    parentPort?.postMessage(failure);
  });
});
