import { parentPort } from 'node:worker_threads';
import { joinThreads } from './collective/threads.js';
import { exchangeOnce, type ExchangeTask } from './measure-exchange.js';

/** One rank of an exchange that is measured on threads. */
parentPort?.once('message', ({ seat, shapes, wire }: ExchangeTask) => {
  exchangeOnce(joinThreads(seat), shapes, wire).catch((error: unknown) => {
    parentPort?.postMessage(error instanceof Error ? error.message : String(error));
  });
});
