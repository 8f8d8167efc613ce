import { z } from 'zod';
import { none } from '../codec/none.js';
import { define } from '../../optim/index.js';
import { Clock } from './clock.js';
import type { Bucket, Exchange, ExchangeMaker } from './exchange.js';
import { exchangeFor, fitting } from './fitting.js';
import { sparse } from './sparse.js';
import type { Collective } from '../collective/collective.js';
import type { Workspace } from '../codec/workspace.js';

export interface HierarchicalRequest {
  /** The ranks of one host. */
  readonly host: Collective;
  /** The exchange between hosts, on the first rank of each host, of the same buckets. */
  readonly between: Exchange | undefined;
  readonly hosts: number;
  /** Of all hosts together; hosts may have different numbers of them. */
  readonly ranks: number;
  readonly workspace: Workspace;
  readonly buckets: readonly Bucket[];
}

/**
 * Two levels: the ranks of a host sum their gradients as they are, its first rank exchanges the sum with the other hosts, and tells its
 * host the mean. Only what travels between hosts is coded. State is that of `between`: other ranks have none.
 */
export function hierarchical(request: HierarchicalRequest): Exchange {
  const { host, between, hosts, ranks, workspace, buckets } = request;
  const clock = new Clock();
  const others = Array.from({ length: host.size - 1 }, (_, index) => index + 1);
  return {
    state: between?.state ?? {},
    times: {
      get codecMs() {
        return clock.codecMs + (between?.times.codecMs ?? 0);
      },
      get wireMs() {
        return clock.wireMs + (between?.times.wireMs ?? 0);
      },
    },
    settle: () => between?.settle?.() ?? Promise.resolve(),
    async reduce(bucket, step) {
      const { values } = buckets[bucket];
      const floats = workspace.floats(values);
      await clock.wire(host.allReduce(floats, bucket));
      if (between !== undefined) {
        // The mean over hosts of this is the mean over ranks.
        clock.codec(() => workspace.kernels.scale(values.offset, values.length, hosts / ranks));
        await between.reduce(bucket, step);
      }
      const { buffer, byteOffset, byteLength } = floats;
      const mean = new Uint8Array(buffer, byteOffset, byteLength);
      const tag = bucket % 2 ** 14;
      // Not a broadcast: buckets come back in the order in which hosts are done with them, which is not the same everywhere.
      if (host.rank > 0) await clock.wire(host.receive(mean, 0, tag));
      else await clock.wire(Promise.all(others.map((other) => host.send(mean, other, tag))));
    },
  };
}

const between = { ...fitting, sparse };
const names = ['auto', 'allreduce', 'two-phase', 'allgather', 'sparse'] as const;

/** Two levels by the hosts of the collective: with one host nothing is coded, with one rank on each all is between hosts. */
export const hierarchicalExchange = define(
  'hierarchical',
  'ranks of a host (threads of a process) sum as they are, hosts exchange what is coded',
  { between: z.enum(names).default('auto').describe('how hosts exchange; auto: by the codec') },
  (options): ExchangeMaker =>
    (request) => {
      const { collective, workspace, buckets } = request;
      const { hosts, rank, size: ranks } = collective;
      const everyone = hosts.map((_, other) => other);
      const own = everyone.filter((other) => hosts[other] === hosts[rank]);
      const leaders = everyone.filter((other) => hosts.indexOf(hosts[other]) === other);
      const codec = leaders.length === 1 ? none.create({}) : request.codec;
      const make = between[options.between === 'auto' ? exchangeFor(codec) : options.between];
      return hierarchical({
        host: collective.group(own, 1),
        between:
          own[0] === rank ? make({ ...request, codec, collective: collective.group(leaders, 2) }) : undefined,
        hosts: leaders.length,
        ranks,
        workspace,
        buckets,
      });
    },
);
