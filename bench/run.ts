/** `npm run bench -- QUESTION`: measures Scree and its peers in the same run, interleaved, and says what the machine was doing. */
import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { benchAccuracy, type AccuracyBench } from './accuracy.js';
import { benchCodecs } from './codec.js';
import { compare, quickest, ratioTo, summarise, type Result } from './compare.js';
import type { Contender } from './contender.js';
import { models, stepFlops, tasks, type Model } from './flops.js';
import { curvatureCases } from './curvature.js';
import { benchExchanges } from './exchange.js';
import { installPeers } from './install-peers.js';
import { commit, load, machine } from './machine.js';
import { benchOverlap } from './overlap.js';
import { benchRanks } from './ranks.js';
import { matmulContenders, matmulFlops, peakGflops } from './matmul.js';
import { digits, legend, table, type TableOptions } from './table.js';
import { epochContenders, inferenceContenders } from './native.js';
import { deepContenders, trainContenders } from './train.js';
import { walkCases } from './walk.js';

interface Options {
  readonly rounds: number;
  /** Seconds. */
  readonly timeout: number;
  readonly json?: string;
  readonly only?: readonly string[];
}

interface OverlapOptions {
  readonly ranks: number;
  readonly megabits: number;
  readonly model: string;
  readonly engine: string;
  readonly batch: number;
  readonly steps: number;
  readonly codecs: string[];
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('must be a whole number from 1');
  return value;
}

const counts = (text: string) => text.split(',').map(count);
const words = (text: string) => text.split(',').map((word) => word.trim());

function modelNames(text: string): Model[] {
  return words(text).map((word) => {
    const model = models.find((name) => name === word);
    if (model === undefined)
      throw new InvalidArgumentError(`no model ${word}; there are ${models.join(', ')}`);
    return model;
  });
}

/** One comparison of a question, for the JSON file. */
interface Finding {
  readonly title: string;
  readonly bar: string;
  readonly peakGflops?: number;
  readonly results: readonly object[];
}

class Report {
  private readonly findings: Finding[] = [];
  private readonly startLoad = load();
  private hasTables = false;

  constructor(private readonly options: Options) {
    const { processor, cores, vectors, memoryGb, system, node } = machine();
    console.log(`${processor}, ${cores} cores, ${vectors}, ${memoryGb} GB; ${system}; Node ${node}`);
    console.log(
      `commit ${commit() ?? 'unknown'}; ${options.rounds} rounds; load ${digits(this.startLoad)}\n`,
    );
  }

  /** Keeps the numbers of a question that prints its own table, for the JSON file. */
  add(title: string, bar: string, results: readonly object[]): void {
    this.findings.push({ title, bar, results });
  }

  /** Measures the contenders (all, or those whose name holds a word of --only) and prints their table. */
  async ask(
    contenders: readonly Contender[],
    describe: TableOptions | ((results: readonly Result[]) => TableOptions),
  ): Promise<Result[]> {
    const { rounds, only, timeout } = this.options;
    const chosen = contenders.filter(
      ({ name }) => !only || only.some((word) => name.toLowerCase().includes(word.toLowerCase())),
    );
    if (chosen.length === 0) return [];
    const progress = (text: string) => {
      if (process.stderr.isTTY) process.stderr.write(`\r\u001b[2K${text}`);
    };
    const results = await compare(chosen, { rounds, timeoutMs: 1e3 * timeout, progress });
    progress('');
    const options = typeof describe === 'function' ? describe(results) : describe;
    console.log(table(results, options));
    this.hasTables = true;
    const bar = quickest(results, options.bar);
    this.findings.push({
      title: options.title,
      bar: bar?.contender.name ?? options.bar,
      peakGflops: options.work?.peakGflops,
      results: results.map((result) => ({
        name: result.contender.name,
        ms: summarise(result),
        ratio: bar && ratioTo(bar, result),
        rounds: result.rounds.map(({ measured }) => measured),
        absent: result.absent,
      })),
    });
    return results;
  }

  close(): void {
    const endLoad = load();
    if (this.hasTables) console.log(legend);
    console.log(`load ${digits(this.startLoad)} at the start, ${digits(endLoad)} at the end`);
    if (Math.max(this.startLoad, endLoad / 1.5) > machine().cores)
      console.log('Others used this machine meanwhile: trust min and its ratio, not the medians.');
    const { json } = this.options;
    if (json === undefined) return;
    const document = {
      date: new Date().toISOString(),
      commit: commit(),
      machine: machine(),
      load: { start: this.startLoad, end: endLoad },
      findings: this.findings,
    };
    writeFileSync(json, `${JSON.stringify(document, null, 2)}\n`);
    console.log(`written to ${json}`);
  }
}

const threadWords = (threads: number) => `${threads} ${threads === 1 ? 'thread' : 'threads'}`;

async function askMatmul(report: Report, threads: number): Promise<number | undefined> {
  const results = await report.ask(matmulContenders(threads), {
    title: `matmul 1024³ float32, ${threadWords(threads)}`,
    bar: 'PyTorch',
    item: 'a product',
    work: { flops: matmulFlops },
  });
  return peakGflops(results);
}

const program = new Command('bench').description('Measures Scree beside its peers, interleaved.');

function question(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('--rounds <n>', 'times that every contender runs', count, 3)
    .option('--timeout <s>', 'seconds after which a contender is given up', count, 300)
    .option('--only <words>', 'contenders whose names hold one of these words, commas between', words)
    .option('--json <file>', 'write every number there too');
}

question('train', `one training step of ${models.join(', ')}`)
  .option('--threads <list>', 'thread counts, commas between', counts, [1, 2])
  .option('--models <list>', 'models, commas between', modelNames, [...models])
  .action(async (options: Options & { threads: number[]; models: Model[] }) => {
    const report = new Report(options);
    for (const threads of options.threads) {
      const peak = await askMatmul(report, threads);
      for (const model of options.models) {
        await report.ask(trainContenders(model, threads), {
          title: `${model}, batch ${tasks[model].batch}, ${threadWords(threads)}`,
          bar: 'PyTorch',
          item: 'a step',
          work: { flops: stepFlops(model), peakGflops: peak },
        });
      }
    }
    report.close();
  });

/** Of batches beside the usual one. */
const moreBatches: Partial<Record<Model, readonly number[]>> = { resnet50: [8] };

question(
  'deep',
  "a training step on each of Scree's engines, Winograd's algorithm on and off, beside PyTorch's modes",
)
  .option('--threads <list>', 'thread counts, commas between', counts, [1, 2])
  .option('--models <list>', 'models, commas between', modelNames, [...models])
  .action(async (options: Options & { threads: number[]; models: Model[] }) => {
    const report = new Report(options);
    for (const threads of options.threads) {
      const peak = await askMatmul(report, threads);
      for (const model of options.models) {
        for (const batch of [tasks[model].batch, ...(moreBatches[model] ?? [])]) {
          await report.ask(deepContenders(model, threads, batch), {
            title: `${model}, batch ${batch}, ${threadWords(threads)}`,
            bar: 'PyTorch',
            item: 'a step',
            work: { flops: stepFlops(model, batch), peakGflops: peak },
          });
        }
      }
    }
    report.close();
  });

question('walk', 'a step of sgd and adam on x² − xy, basins of Himmelblau, L-BFGS on Rosenbrock')
  .option('--cases <list>', `of ${walkCases.map(({ name }) => name).join(', ')}`, words)
  .action(async (options: Options & { cases?: string[] }) => {
    const unknown = options.cases?.find((name) => !walkCases.some((one) => one.name === name));
    if (unknown !== undefined) program.error(`error: walk: no case ${unknown}`);
    const report = new Report(options);
    for (const { name, contenders, table } of walkCases) {
      if (!options.cases || options.cases.includes(name)) await report.ask(contenders, table);
    }
    report.close();
  });

question('curvature', 'a Hessian-vector product of every model, ten eigenpairs, a plane, a point')
  .option('--cases <list>', `of ${curvatureCases.map(({ name }) => name).join(', ')}`, words)
  .option('--threads <list>', 'thread counts, commas between', counts, [2])
  .action(async (options: Options & { cases?: string[]; threads: number[] }) => {
    const unknown = options.cases?.find((name) => !curvatureCases.some((one) => one.name === name));
    if (unknown !== undefined) program.error(`error: curvature: no case ${unknown}`);
    const report = new Report(options);
    for (const one of curvatureCases) {
      if (options.cases && !options.cases.includes(one.name)) continue;
      for (const threads of options.threads) await report.ask(one.contenders(threads), one.table(threads));
    }
    report.close();
  });

question(
  'epochs',
  'part of an epoch of resnet18 on Fashion-MNIST, loading and metrics included, beside PyTorch',
)
  .option('--threads <list>', 'thread counts, commas between', counts, [2])
  .option('--examples <n>', 'of the training part', count, 6400)
  .action(async (options: Options & { threads: number[]; examples: number }) => {
    const report = new Report(options);
    for (const threads of options.threads) {
      await report.ask(epochContenders(options.examples, threads), {
        title: `resnet18 on ${options.examples} images, batch 64, ${threadWords(threads)}`,
        bar: 'PyTorch',
        item: 'a step',
      });
    }
    report.close();
  });

question('inference', 'a batch through a network as it is evaluated, beside PyTorch')
  .option('--threads <list>', 'thread counts, commas between', counts, [1, 2])
  .option('--models <list>', 'models, commas between', modelNames, ['resnet50'])
  .option('--batches <list>', 'batches, commas between', counts, [1, 8])
  .action(async (options: Options & { threads: number[]; models: Model[]; batches: number[] }) => {
    const report = new Report(options);
    for (const threads of options.threads) {
      for (const model of options.models) {
        for (const batch of options.batches) {
          await report.ask(inferenceContenders(model, threads, batch), {
            title: `${model} as it is evaluated, batch ${batch}, ${threadWords(threads)}`,
            bar: 'PyTorch',
            item: 'a batch',
          });
        }
      }
    }
    report.close();
  });

question('codec', 'encode and decode-and-add of every codec, beside copying memory')
  .option('--values <n>', 'values that are coded', count, 25_600_000)
  .action(async (options: Options & { values: number }) => {
    const report = new Report(options);
    report.add(`codecs, ${options.values} values`, 'copy', await benchCodecs(options));
    report.close();
  });

question(
  'exchange',
  "a gradient between network namespaces on slow links: every codec with every exchange, beside gloo and DDP's hooks",
)
  .option('--ranks <list>', 'numbers of hosts, commas between', counts, [2, 4])
  .option('--megabits <list>', 'rates of the links in Mbit/s, commas between', counts, [1000, 100])
  .option('--model <name>', 'whose gradient it is', 'resnet50')
  .action(async (options: Options & { ranks: number[]; megabits: number[]; model: string }) => {
    const report = new Report(options);
    const { rounds, only, timeout, model } = options;
    for (const megabits of options.megabits) {
      for (const ranks of options.ranks) {
        const timeoutMs = 1000 * timeout;
        const results = await benchExchanges({ rounds, only, timeoutMs, model, ranks, megabits });
        report.add(`${model}, ${ranks} ranks, ${megabits} Mbit/s`, 'gloo all_reduce', results);
      }
    }
    report.close();
  });

question('overlap', 'how much of an exchange on slow links is hidden behind the backward pass')
  .option('--ranks <n>', 'number of hosts', count, 2)
  .option('--megabits <n>', 'rate of the links in Mbit/s', count, 1000)
  .option('--model <name>', 'model', 'resnet18')
  .option('--engine <name>', 'native or onnx', 'native')
  .option('--batch <n>', 'examples of a step, of all ranks together', count, 128)
  .option('--steps <n>', 'steps of each run', count, 6)
  .option('--codecs <list>', 'as --compress takes them, spaces between', (text: string) => text.split(' '), [
    'none',
  ])
  .action(async (options: Options & OverlapOptions) => {
    const report = new Report(options);
    const { model, engine, batch, steps, ranks, megabits, codecs, timeout } = options;
    const task = { model, target: engine, batchSize: batch, steps, ranks, megabits, codecs };
    const results = await benchOverlap({ ...task, timeoutMs: 1000 * timeout });
    report.add(`${model} on ${engine}, ${ranks} ranks, ${megabits} Mbit/s`, 'afterwards', results);
    report.close();
  });

question('ranks', 'ranks on threads of one machine beside one rank with all threads')
  .option('--ranks <n>', 'number of ranks', count, 2)
  .option('--models <list>', 'models, commas between', words, ['cnn', 'resnet18'])
  .option('--batch <n>', 'examples of a step, of all ranks together', count, 64)
  .option('--steps <n>', 'steps of the shorter run', count, 6)
  .action(async (options: Options & { ranks: number; models: string[]; batch: number; steps: number }) => {
    const report = new Report(options);
    const { rounds, ranks, models: names, batch, steps } = options;
    const task = {
      models: names,
      targets: ['native', 'onnx'] as const,
      batchSize: batch,
      steps,
      ranks,
      rounds,
    };
    report.add(`${ranks} ranks on threads`, `${ranks} threads`, await benchRanks(task));
    report.close();
  });

question('accuracy', 'the same run with every codec: what compression costs in test accuracy')
  .option('--model <name>', 'model', 'lenet')
  .option('--data <name>', 'data set', 'fashion-mnist')
  .option('--workers <n>', 'ranks', count, 4)
  .option('--steps <n>', 'steps of each run', count, 1400)
  .option('--batch <n>', 'examples of a step, of all ranks together', count, 128)
  .option('--optimizer <spec>', 'as train takes it', 'sgd:lr=0.05,momentum=0.9')
  .option('--seeds <n>', 'runs of each codec', count, 3)
  .option('--codecs <list>', 'as --compress takes them, spaces between', (text: string) => text.split(' '))
  .action(async (options: Options & Omit<AccuracyBench, 'timeoutMs'>) => {
    const report = new Report(options);
    const results = await benchAccuracy({ ...options, timeoutMs: 1000 * options.timeout });
    report.add(`${options.model} on ${options.data}, ${options.workers} ranks`, 'none', results);
    report.close();
  });

question('matmul', "this machine's matmul peak")
  .option('--threads <list>', 'thread counts, commas between', counts, [1, 2])
  .action(async (options: Options & { threads: number[] }) => {
    const report = new Report(options);
    for (const threads of options.threads) await askMatmul(report, threads);
    report.close();
  });

program
  .command('install-peers')
  .description('install TensorFlow.js and jax-js; with --python also PyTorch, JAX and SciPy')
  .option('--python <folder>', 'make a virtual environment there (6 GB)')
  .action(({ python }: { python?: string }) => installPeers(python));

try {
  await program.parseAsync();
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
