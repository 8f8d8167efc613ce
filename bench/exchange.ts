/** How long does a gradient take between hosts? Exchanges and codecs over links of a given rate, beside gloo and DDP's hooks. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { isLinear } from '../src/distributed/exchange/fitting.js';
import { codecs, parseCodec } from '../src/distributed/codec/registry.js';
import { exchanges } from '../src/distributed/exchange/registry.js';
import { flattenTree } from '../src/graph/tree.js';
import { models } from '../src/nn/index.js';
import { Generator } from '../src/random/index.js';
import { addressOf, makeHosts, type Hosts } from './namespaces.js';
import { digits } from './table.js';

export interface ExchangeBench {
  readonly rounds: number;
  readonly ranks: number;
  /** Rate of each host's link. */
  readonly megabits: number;
  readonly model: string;
  /** Words of the form `exchange/codec` or parts of it; all without. */
  readonly only?: readonly string[];
  readonly timeoutMs: number;
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const ownSchema = z.object({
  exchange: z.string(),
  codec: z.string(),
  ms: z.array(z.number()),
  bytes: z.number(),
  codecMs: z.number(),
  interfaceRatio: z.number().nullable(),
});
const peerSchema = z.object({ name: z.string(), ms: z.array(z.number()), version: z.string() });

/** Every codec with every exchange that it goes with. */
function allPairs() {
  return Object.keys(codecs).flatMap((codec) => {
    const made = parseCodec(codec);
    const fitting = Object.keys(exchanges).filter((exchange) => {
      if (exchange === 'server') return true;
      if (isLinear(made)) return exchange === 'allreduce';
      return exchange === 'allgather' || exchange === (made.sparse === true ? 'sparse' : 'two-phase');
    });
    return fitting.map((exchange) => ({ exchange, codec }));
  });
}

/** Runs commands side by side and gives the lines of JSON that the first printed, until its end or the time limit. */
export async function linesOf(
  what: string,
  commands: readonly string[][],
  timeoutMs: number,
): Promise<unknown[]> {
  const outputs = await Promise.all(
    commands.map(
      ([program, ...args]) =>
        new Promise<string>((resolve) => {
          const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
          let output = '';
          let errors = '';
          const timer = setTimeout(() => {
            errors = `not done after ${timeoutMs / 1000} s`;
            // The whole group: a launcher's ranks, too.
            if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
          }, timeoutMs);
          child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
          child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
          child.on('error', ({ message }) => (errors = message));
          child.on('close', (code) => {
            clearTimeout(timer);
            if (code !== 0) console.log(`${what}: ${errors.trimEnd().slice(-300)}`);
            resolve(output);
          });
        }),
    ),
  );
  return outputs[0]
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): unknown => JSON.parse(line));
}

/** How mpirun gets to a host that is a network namespace. */
export function writeAgent(folder: string): string {
  const agent = join(folder, 'agent');
  writeFileSync(
    agent,
    '#!/bin/sh\nhost=$1; shift; exec ip netns exec $host unshare --uts sh -c "hostname $host; $*"\n',
    { mode: 0o755 },
  );
  return agent;
}

/** The command that runs a program of this folder on every host. */
export function launch(hosts: Hosts, agent: string, program: string, taskFile: string): string[] {
  const set = (name: string, value: string) => ['--mca', name, value];
  return hosts.on(0, [
    'mpirun',
    '--allow-run-as-root',
    '--bind-to',
    'none',
    '--map-by',
    'node',
    '-H',
    hosts.names.map((name) => `${name}:1`).join(','),
    ...set('plm_rsh_agent', agent),
    ...set('oob_tcp_if_include', 'eth0'),
    ...set('btl', 'tcp,self'),
    ...set('btl_tcp_if_include', 'eth0'),
    process.execPath,
    '--import',
    'tsx',
    here(program),
    taskFile,
  ]);
}

/** Measures Scree's exchanges and PyTorch's on the same links, and prints the table. */
export async function benchExchanges(options: ExchangeBench): Promise<object[]> {
  const { rounds, ranks, megabits, model, only, timeoutMs } = options;
  const chosen = models[model];
  const { usual } = chosen;
  const initial = chosen.build(usual.input, usual.classes).init(new Generator(0), usual.input);
  const shapes = flattenTree(initial.parameters).map(({ shape }) => shape);
  const values = shapes.reduce((sum, shape) => sum + shape.reduce((size, extent) => size * extent, 1), 0);
  const pairs = allPairs().filter(
    ({ exchange, codec }) => !only || only.some((word) => `${exchange}/${codec}`.includes(word)),
  );
  const folder = mkdtempSync(join(tmpdir(), 'scree-bench-'));
  const taskFile = join(folder, 'task.json');
  writeFileSync(taskFile, JSON.stringify({ shapes, pairs, rounds, hooks: ['none', 'fp16', 'powersgd'] }));
  const agent = writeAgent(folder);
  const hosts = makeHosts(ranks, megabits);
  try {
    const python = process.env.SCREE_PEERS_PYTHON ?? 'python3';
    const script = here('peers/gloo_exchange.py');
    const peers = hosts.names.map((_, rank) =>
      hosts.on(rank, [
        'env',
        'GLOO_SOCKET_IFNAME=eth0',
        python,
        script,
        taskFile,
        `${rank}`,
        `${ranks}`,
        addressOf(0),
      ]),
    );
    const theirLines = await linesOf('PyTorch', peers, timeoutMs);
    const theirs = theirLines.flatMap((line) => peerSchema.safeParse(line).data ?? []);
    const own = z
      .array(ownSchema)
      .parse(await linesOf('mpirun', [launch(hosts, agent, 'scree-exchange.ts', taskFile)], timeoutMs));
    const raw = (2 * (ranks - 1) * 4 * values) / ranks;
    const gloo = theirs.find(({ name }) => name.startsWith('gloo'));
    console.log(
      `${model}'s gradient, ${values} values, ${ranks} ranks, ${megabits} Mbit/s (ms a step, min of ${rounds})`,
    );
    for (const { name, ms, version } of theirs)
      console.log(`${`PyTorch ${version} ${name}`.padEnd(34)} ${digits(Math.min(...ms)).padStart(8)}`);
    for (const { exchange, codec, ms, bytes, codecMs, interfaceRatio } of own) {
      const least = Math.min(...ms);
      const bound = (bytes * 8) / megabits / 1000 + codecMs;
      const cells = [
        `${exchange}/${codec}`.padEnd(34),
        digits(least).padStart(8),
        `${digits(bytes / 1e6)} MB`.padStart(10),
        `1/${digits(raw / bytes)}`.padStart(8),
        `codec ${digits(codecMs)} ms`.padStart(16),
        `× (bytes/link + codec) ${digits(least / bound)}`.padStart(28),
        gloo === undefined ? '' : `× gloo ${digits(least / Math.min(...gloo.ms))}`,
        interfaceRatio === null ? '' : `interface/counted ${digits(interfaceRatio)}`,
      ];
      console.log(cells.join(' '));
    }
    console.log();
    return [...theirs, ...own];
  } finally {
    hosts.close();
    rmSync(folder, { recursive: true });
  }
}
