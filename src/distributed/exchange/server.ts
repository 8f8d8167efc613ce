import { z } from 'zod';
import { ScreeError } from '../../graph/errors.js';
import { define } from '../../optim/index.js';
import { delayed } from './delayed.js';
import type { Exchange, ExchangeMaker, ExchangeRequest } from './exchange.js';
import { isLinear } from './fitting.js';
import { byOwners } from './owners.js';
import { bySums } from './summing.js';
import { tellingCodec } from './telling.js';

/** Sums that a server takes go in pieces, so that it adds and answers while the rest arrives. */
const pieceValues = 2 ** 18;

/** For codecs whose messages are summed before they are decoded: ranks send them to the server, which answers with the sum. */
function summing(request: ExchangeRequest, serverOf: (bucket: number) => number): Exchange {
  const { collective, codec, workspace } = request;
  const { rank, size: ranks } = collective;
  const others = Array.from({ length: ranks }, (_, index) => index).filter((other) => other !== rank);
  const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) =>
    new Uint8Array(buffer, byteOffset, byteLength);

  async function sumAtServer(part: Float32Array, server: number, tag: number): Promise<void> {
    const pieces = Array.from({ length: Math.ceil(part.length / pieceValues) }, (_, index) =>
      part.subarray(index * pieceValues, (index + 1) * pieceValues),
    );
    await Promise.all(
      pieces.map(async (piece) => {
        if (rank !== server) {
          await collective.send(bytesOf(piece), server, tag);
          await collective.receive(bytesOf(piece), server, tag);
          return;
        }
        const inbox = others.map(() => new Float32Array(piece.length));
        await Promise.all(
          others.map((other, index) => collective.receive(bytesOf(inbox[index]), other, tag)),
        );
        // In the order of the ranks, not of arrival: a run gives the same bits each time.
        for (const values of inbox) {
          for (let index = 0; index < piece.length; index++) piece[index] += values[index];
        }
        await Promise.all(others.map((other) => collective.send(bytesOf(piece), other, tag)));
      }),
    );
  }

  const made = bySums(request, {
    refuse() {
      throw new ScreeError(`server: ${codec.name} is not summed before it is decoded`);
    },
    sum: (part, bucket) => sumAtServer(workspace.floats(part), serverOf(bucket), bucket % 2 ** 14),
  });
  // Alone there is nobody to serve.
  return ranks === 1 ? { ...made, reduce: () => Promise.resolve() } : made;
}

/**
 * Ranks that serve besides their own work: bucket b's server is rank b mod `servers`. All send it their gradients; it tells the mean. Both ways
 * are coded, each with its own feedback. A server sends and gets (P − 1) messages of each of its buckets.
 *
 * With `stale=K` a step takes the mean of K steps before (zeros at first), while the later ones are under way, so that a rank may be K steps
 * ahead of the slowest. Still synchronous in what is applied: ranks never differ, and a run is repeatable (pipelined SGD: Li et al. 2018;
 * delayed gradients: Langford, Smola and Zinkevich 2009).
 */
export const server = define(
  'server',
  'ranks send to one rank, or to several by buckets, which tell the mean',
  {
    servers: z.number().int().min(1).max(1024).default(1).describe('ranks that serve, by buckets'),
    stale: z.number().int().min(0).max(64).default(0).describe('steps after which a mean is applied'),
  },
  ({ servers, stale }): ExchangeMaker => {
    const make: ExchangeMaker = (request) => {
      const { collective, codec } = request;
      if (servers > collective.size) {
        throw new ScreeError(
          `server: ${servers} servers need as many ranks, and there are ${collective.size}`,
        );
      }
      const serverOf = (bucket: number) => bucket % servers;
      if (isLinear(codec)) return summing(request, serverOf);
      return byOwners(request, {
        name: 'server',
        partsOf: ({ values }, index) => [{ owner: serverOf(index), values }],
        telling: codec.sparse === true ? tellingCodec(codec) : undefined,
      });
    };
    return stale === 0 ? make : (request) => delayed(request, stale, make);
  },
);
