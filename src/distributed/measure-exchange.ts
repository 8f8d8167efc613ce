import type { Worker } from 'node:worker_threads';
import { startThread } from '../compile/native/thread.js';
import { ScreeError } from '../graph/errors.js';
import { sizeOf, type Shape } from '../graph/shape.js';
import { Generator, normal } from '../random/index.js';
import { bucketGradient } from './buckets.js';
import { chooseWire, type WireOptions } from './choice.js';
import { Workspace } from './codec/workspace.js';
import type { Collective } from './collective/collective.js';
import { joinThreads, portsOf, threadSeats, type ThreadSeat } from './collective/threads.js';

/** What a step of an exchange took, on the slowest rank or the one that sent most. */
export interface MeasuredExchange {
  readonly bytesPerStep: number;
  /** The shortest of the steps. */
  readonly stepMs: number;
}

export interface ExchangeTask {
  readonly seat: ThreadSeat;
  readonly shapes: readonly Shape[];
  readonly wire: WireOptions;
}

const steps = 4;

/** Exchanges a random gradient some times with all ranks of a collective. */
export async function exchangeOnce(
  collective: Collective,
  shapes: readonly Shape[],
  wire: WireOptions,
): Promise<MeasuredExchange> {
  const { codec, makeExchange, bucketBytes } = chooseWire(wire);
  const workspace = new Workspace();
  const { buckets, gradients } = bucketGradient(workspace, shapes, bucketBytes);
  const made = makeExchange({ collective, codec, workspace, buckets, seed: 0 });
  const most = Math.max(...shapes.map(sizeOf));
  const { data: noise } = normal(new Generator(collective.rank), [most]);
  let stepMs = Infinity;
  const before = collective.traffic.sentBytes;
  let sent = 0;
  for (let step = 1; step <= steps; step++) {
    for (const { data } of gradients) data.set(noise.subarray(0, data.length));
    await collective.barrier();
    const { sentBytes } = collective.traffic;
    const began = performance.now();
    await Promise.all(buckets.map((_, bucket) => made.reduce(bucket, step)));
    stepMs = Math.min(stepMs, performance.now() - began);
    sent += collective.traffic.sentBytes - sentBytes;
  }
  await made.settle?.();
  await collective.barrier();
  return { bytesPerStep: before === collective.traffic.sentBytes ? 0 : sent / steps, stepMs };
}

/**
 * Measures an exchange on threads of this process, this one among them.
 * @throws ScreeError when codec and exchange do not go together
 */
export async function measureExchange(
  shapes: readonly Shape[],
  ranks: number,
  wire: WireOptions,
): Promise<MeasuredExchange> {
  const broken = new AbortController();
  const [own, ...others] = threadSeats(ranks);
  const threads: Worker[] = [];
  try {
    for (const seat of others) {
      const thread = startThread('exchange-thread', import.meta.url, undefined);
      threads.push(thread);
      thread.on('message', (message: string) => broken.abort(new ScreeError(message)));
      thread.on('error', (error: Error) => broken.abort(error));
      const task: ExchangeTask = { seat, shapes, wire };
      thread.postMessage(task, portsOf(seat));
    }
    const collective = joinThreads(own, { signal: broken.signal });
    return await exchangeOnce(collective, shapes, wire);
  } finally {
    for (const port of portsOf(own)) port.close();
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}
