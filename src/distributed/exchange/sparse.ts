import { ScreeError } from '../../graph/errors.js';
import type { Exchange, ExchangeRequest } from './exchange.js';
import { byOwners } from './owners.js';
import { tellingCodec } from './telling.js';
import { partForEach } from './two-phase.js';

/**
 * A sparse all-reduce: each rank owns a part of every bucket, gets the others' few values of it, and tells the largest of their sum.
 * With k values a rank, 4k(P − 1)/P words at any number of ranks, where all-gather takes 2k(P − 1). As Ok-Topk (Li and Hoefler 2022), but
 * with a cut for each part in place of one for all, so that parts need no balancing; and what the owner does not tell of a sum
 * waits there, where Ok-Topk gives it back to the ranks.
 * @throws ScreeError for a codec whose messages are not a few values
 */
export function sparse(request: ExchangeRequest): Exchange {
  const { codec, collective } = request;
  if (codec.sparse !== true) {
    throw new ScreeError(
      `sparse: ${codec.name} sends all values; take the exchange two-phase or allgather, or allreduce if it is made to be summed`,
    );
  }
  return byOwners(request, {
    name: 'sparse',
    partsOf: partForEach(collective.size),
    telling: tellingCodec(codec),
  });
}
