import { ScreeError } from '../../graph/errors.js';
import { unknownName } from '../../graph/suggest.js';
import { allgather } from './allgather.js';
import { allreduce } from './allreduce.js';
import type { Exchange, ExchangeRequest } from './exchange.js';
import { twoPhase } from './two-phase.js';

/** All exchanges by name. To add one: a file of its own, and a line here. */
export const exchanges: Readonly<Record<string, (request: ExchangeRequest) => Exchange>> = {
  allreduce,
  'two-phase': twoPhase,
  allgather,
};

/** @throws ScreeError for an unknown name, with the nearest */
export function exchangeByName(name: string): (request: ExchangeRequest) => Exchange {
  if (!Object.hasOwn(exchanges, name))
    throw new ScreeError(unknownName('exchange', name, Object.keys(exchanges)));
  return exchanges[name];
}
