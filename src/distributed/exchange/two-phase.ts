import { ScreeError } from '../../graph/errors.js';
import type { Values } from '../codec/workspace.js';
import type { Bucket, Exchange, ExchangeRequest } from './exchange.js';
import { byOwners, type Part } from './owners.js';

/** Parts begin at a multiple of so many values: a cache line. */
const grain = 16;

/** A bucket cut into a part for each rank. */
export const partForEach =
  (ranks: number) =>
  ({ values: { offset, length } }: Bucket): Part[] => {
    const grains = Math.ceil(length / grain);
    const border = (index: number) => Math.min(length, Math.floor((index * grains) / ranks) * grain);
    return Array.from({ length: ranks }, (_, owner) => {
      const values: Values = {
        offset: offset + 4 * border(owner),
        length: border(owner + 1) - border(owner),
      };
      return { owner, values };
    });
  };

/**
 * Each rank owns a part of every bucket: it gets the others' messages of it, sums what they say, encodes the mean again and tells
 * everyone. Two messages of n/P values a rank and pair of ranks, whatever the codec.
 * @throws ScreeError for a codec whose messages are summed, or of a few values only
 */
export function twoPhase(request: ExchangeRequest): Exchange {
  const { codec, collective } = request;
  if (codec.sparse === true) {
    throw new ScreeError(
      `two-phase: a sum of several ranks' few values is no longer few, and ${codec.name} would cut it again; take the exchange sparse or allgather`,
    );
  }
  return byOwners(request, { name: 'two-phase', partsOf: partForEach(collective.size) });
}
