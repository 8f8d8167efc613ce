/** What do ranks on threads of one machine cost, beside one rank with all threads and the same batch? */
import { loadDataset } from '../src/data/index.js';
import { trainOnThreads } from '../src/distributed/index.js';
import { train, type TrainOptions } from '../src/train/index.js';
import { median } from './compare.js';
import { digits } from './table.js';

export interface RanksBench {
  readonly models: readonly string[];
  readonly targets: readonly ('native' | 'onnx')[];
  readonly batchSize: number;
  readonly steps: number;
  readonly ranks: number;
  readonly rounds: number;
}

interface Contender {
  readonly name: string;
  readonly run: (steps: number) => Promise<{ readonly report: { readonly stepMs: number } }>;
  readonly stepMs: number[];
  readonly processorMs: number[];
}

/** A run's steps, and the processor time of all its threads. */
async function measured({ run }: Contender, steps: number) {
  const before = process.cpuUsage();
  const { report } = await run(steps);
  const { user, system } = process.cpuUsage(before);
  return { ms: report.stepMs * steps, processorMs: (user + system) / 1000 };
}

/** Both in turn, so that both meet the same load. A step is what a run of three times as many steps takes more, for its start counts, too. */
export async function benchRanks({
  models,
  targets,
  ranks,
  rounds,
  steps,
  ...task
}: RanksBench): Promise<object[]> {
  const data = await loadDataset('digits');
  const results: object[] = [];
  for (const target of targets) {
    for (const model of models) {
      const common: TrainOptions = { ...task, model, data, target, seed: 1 };
      const one: Contender = {
        name: `${ranks} threads`,
        run: (steps) => train({ ...common, steps, threads: ranks }),
        stepMs: [],
        processorMs: [],
      };
      const many: Contender = {
        name: `${ranks} ranks`,
        run: (steps) => trainOnThreads({ ...common, steps, threads: 1 }, { workers: ranks }),
        stepMs: [],
        processorMs: [],
      };
      for (let round = 0; round < rounds; round++) {
        for (const contender of [one, many]) {
          const short = await measured(contender, steps);
          const long = await measured(contender, 3 * steps);
          contender.stepMs.push((long.ms - short.ms) / (2 * steps));
          contender.processorMs.push((long.processorMs - short.processorMs) / (2 * steps));
        }
      }
      const shown = ({ name, stepMs, processorMs }: Contender) =>
        `${name} ${digits(median(stepMs))} ms a step, ${digits(median(processorMs))} ms of processors`;
      const throughput = median(one.stepMs) / median(many.stepMs);
      console.log(
        `${model} on ${target}, batch ${task.batchSize}: ${shown(one)}; ${shown(many)}: ${digits(throughput)} × the throughput, ` +
          `${digits(median(many.processorMs) / median(one.processorMs))} × the processor time`,
      );
      const contenders = [one, many].map(({ name, stepMs, processorMs }) => ({ name, stepMs, processorMs }));
      results.push({ model, target, ranks, throughput, contenders });
    }
  }
  return results;
}
