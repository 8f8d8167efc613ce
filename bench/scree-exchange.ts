/** One rank of the exchange bench, started by mpirun: times exchanges of a gradient and counts what its interface sent. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { bucketGradient } from '../src/distributed/buckets.js';
import { chooseWire } from '../src/distributed/choice.js';
import { Workspace } from '../src/distributed/codec/workspace.js';
import { joinMpi } from '../src/distributed/collective/mpi.js';
import { launcherLibrary } from '../src/distributed/collective/mpi-library.js';
import { exchangeByName } from '../src/distributed/exchange/registry.js';

const taskSchema = z.object({
  shapes: z.array(z.array(z.number())),
  pairs: z.array(z.object({ exchange: z.string(), codec: z.string() })),
  rounds: z.number(),
});

const [taskFile] = process.argv.slice(2);
const { shapes, pairs, rounds } = taskSchema.parse(JSON.parse(readFileSync(taskFile, 'utf8')));
const library = launcherLibrary(process.env);
if (library === undefined) throw new Error('this program is started by mpirun');
const collective = await joinMpi(library, { timeoutMs: 120_000 });

/** What has left this rank's interface, headers of every layer and acknowledgements included. */
function interfaceBytes(): number {
  try {
    return Number(readFileSync('/sys/class/net/eth0/statistics/tx_bytes', 'utf8'));
  } catch {
    return NaN;
  }
}

for (const { exchange, codec } of pairs) {
  const workspace = new Workspace();
  const { buckets } = bucketGradient(workspace, shapes);
  const choice = chooseWire({ exchange, compress: codec });
  const made = exchangeByName(exchange)({ collective, codec: choice.codec, workspace, buckets, seed: 0 });
  const gradient = buckets.map(({ values: { length } }, bucket) =>
    Float32Array.from({ length }, (_, index) => Math.sin(index * 0.37 + collective.rank + bucket) * 1e-3),
  );
  const ms: number[] = [];
  let [bytes, codecMs, onInterface] = [0, 0, 0];
  // The first round is not counted: connections are made, memory is touched.
  for (let round = 0; round <= rounds; round++) {
    buckets.forEach(({ values }, index) => workspace.floats(values).set(gradient[index]));
    await collective.barrier();
    const [sent, received, codecBefore, left] = [
      collective.traffic.sentBytes,
      collective.traffic.receivedBytes,
      made.times.codecMs,
      interfaceBytes(),
    ];
    const began = performance.now();
    await Promise.all(buckets.map((_, bucket) => made.reduce(bucket, round + 1)));
    await collective.barrier();
    if (round === 0) continue;
    ms.push(performance.now() - began);
    bytes +=
      Math.max(collective.traffic.sentBytes - sent, collective.traffic.receivedBytes - received) / rounds;
    codecMs += (made.times.codecMs - codecBefore) / rounds;
    onInterface += (interfaceBytes() - left) / (collective.traffic.sentBytes - sent) / rounds;
  }
  const own = new Uint8Array(Float64Array.of(bytes, codecMs, onInterface).buffer);
  const all = new Uint8Array(24 * collective.size);
  await collective.allGather(own, all, new Array<number>(collective.size).fill(24));
  const numbers = new Float64Array(all.buffer);
  const most = (place: number) => Math.max(...numbers.filter((_, index) => index % 3 === place));
  if (collective.rank === 0) {
    const line = { exchange, codec, ms, bytes: most(0), codecMs: most(1), interfaceRatio: most(2) };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
}
await collective.close();
