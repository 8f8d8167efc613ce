import { Clock } from './clock.js';
import type { Bucket, Exchange } from './exchange.js';
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
