import { define, readSpec, type Definition } from '../../optim/index.js';
import { allgather } from './allgather.js';
import { allreduce } from './allreduce.js';
import type { ExchangeMaker } from './exchange.js';
import { hierarchicalExchange } from './hierarchical.js';
import { onebitAdam } from './onebit-adam.js';
import { server } from './server.js';
import { sparse } from './sparse.js';
import { twoPhase } from './two-phase.js';

const plain = (name: string, summary: string, make: ExchangeMaker) => define(name, summary, {}, () => make);

/** All exchanges by name. To add one: a file of its own, and a line here. */
export const exchanges: Readonly<Record<string, Definition<ExchangeMaker>>> = {
  allreduce: plain(
    'allreduce',
    'sums on a ring what the codec says, for codecs whose messages add up',
    allreduce,
  ),
  'two-phase': plain('two-phase', 'each rank sums a part and tells its mean', twoPhase),
  allgather: plain('allgather', "everyone gets everyone's message", allgather),
  sparse: plain('sparse', 'each rank sums the few values of a part and tells the largest', sparse),
  server,
  hierarchical: hierarchicalExchange,
  'onebit-adam': onebitAdam,
};

/**
 * An exchange from text: `two-phase`, `server:servers=2,stale=1`.
 * @throws ScreeError for an unknown name (with the nearest) or an option that is unknown or out of range
 */
export function exchangeByName(text: string): ExchangeMaker {
  const { definition, options } = readSpec('exchange', text, exchanges);
  return definition.create(options);
}
