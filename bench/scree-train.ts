/** One rank of the overlap bench, started by mpirun: trains a model once for each way of exchanging, and tells where time went. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { loadDataset } from '../src/data/index.js';
import { joinMpi } from '../src/distributed/collective/mpi.js';
import { launcherLibrary } from '../src/distributed/collective/mpi-library.js';
import { trainGroup } from '../src/distributed/group.js';
import { train } from '../src/train/index.js';

const taskSchema = z.object({
  model: z.string(),
  target: z.enum(['native', 'onnx']),
  batchSize: z.number(),
  steps: z.number(),
  cases: z.array(z.object({ compress: z.string(), overlap: z.boolean() })),
});

const [taskFile] = process.argv.slice(2);
const { cases, ...options } = taskSchema.parse(JSON.parse(readFileSync(taskFile, 'utf8')));
const library = launcherLibrary(process.env);
if (library === undefined) throw new Error('this program is started by mpirun');
const collective = await joinMpi(library, { timeoutMs: 120_000 });
const data = await loadDataset('digits');
for (const { compress, overlap } of cases) {
  const group = trainGroup(collective, { compress, overlap });
  // Algorithms that are measured anew might differ from case to case, and with them the bits.
  const { report } = await train({ ...options, data, threads: 1, deterministic: true, seed: 1, group });
  const { stepMs, parametersSha256, wire } = report;
  if (collective.rank === 0) {
    process.stdout.write(`${JSON.stringify({ compress, overlap, stepMs, parametersSha256, wire })}\n`);
  }
}
await collective.close();
