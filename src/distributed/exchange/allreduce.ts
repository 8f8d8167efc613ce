import { ScreeError } from '../../graph/errors.js';
import type { Exchange, ExchangeRequest } from './exchange.js';
import { bySums } from './summing.js';

/**
 * Sums on a ring what the codec says, and decodes the sum: for codecs whose messages add up.
 * @throws ScreeError for a codec whose messages do not
 */
export function allreduce(request: ExchangeRequest): Exchange {
  const { collective, codec, workspace } = request;
  return bySums(request, {
    refuse() {
      throw new ScreeError(
        `allreduce: messages of ${codec.name} cannot be summed before they are decoded; take the exchange two-phase or allgather`,
      );
    },
    // A second round of one bucket may come before or after another's first.
    sum: (part, bucket) => collective.allReduce(workspace.floats(part), bucket),
  });
}
