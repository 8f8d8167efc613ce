/** Interleaved comparison: every round runs each contender once as a process of its own, so that drift hits all of them alike. */
import { performance } from 'node:perf_hooks';
import { runOnce, type Contender, type Ending, type Measured } from './contender.js';

export interface CompareOptions {
  readonly rounds: number;
  readonly timeoutMs?: number;
  readonly progress?: (text: string) => void;
}

export interface Result {
  readonly contender: Contender;
  /** One for each round that was measured. */
  readonly rounds: readonly { readonly round: number; readonly measured: Measured }[];
  /** Why there are no (more) rounds. */
  readonly absent?: Exclude<Ending, { kind: 'measured' }>;
}

export interface Ratio {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The fastest item of all rounds, the median of the rounds' medians and the slowest of these; milliseconds. */
export function summarise({ rounds }: Result): Ratio | undefined {
  if (rounds.length === 0) return undefined;
  const medians = rounds.map(({ measured }) => measured.ms.median);
  return {
    min: Math.min(...rounds.map(({ measured }) => measured.ms.min)),
    median: median(medians),
    max: Math.max(...medians),
  };
}

/** The quickest result of the group, by its fastest item. */
export function quickest(results: readonly Result[], group: string): Result | undefined {
  const fastest = (result: Result) => summarise(result)?.min ?? Infinity;
  const [best] = results
    .filter((result) => result.contender.group === group && result.rounds.length > 0)
    .sort((a, b) => fastest(a) - fastest(b));
  return best;
}

/** Time over the bar's: of the fastest items, and the median and worst of the rounds' paired medians. */
export function ratioTo(bar: Result, result: Result): { best: number; paired: Ratio } | undefined {
  const ours = summarise(result);
  const theirs = summarise(bar);
  const pairs = result.rounds.flatMap(({ round, measured }) => {
    const partner = bar.rounds.find((other) => other.round === round);
    return partner ? [measured.ms.median / partner.measured.ms.median] : [];
  });
  if (!ours || !theirs || pairs.length === 0) return undefined;
  return {
    best: ours.min / theirs.min,
    paired: { min: Math.min(...pairs), median: median(pairs), max: Math.max(...pairs) },
  };
}

export async function compare(
  contenders: readonly Contender[],
  { rounds, timeoutMs = 300_000, progress = () => undefined }: CompareOptions,
): Promise<Result[]> {
  const measured = new Map<Contender, { round: number; measured: Measured }[]>();
  const absent = new Map<Contender, Result['absent']>();
  for (let round = 0; round < rounds; round++) {
    // each round starts one place further on, so that nobody always runs after the same neighbour
    const start = round % contenders.length;
    const order = [...contenders.slice(start), ...contenders.slice(0, start)];
    for (const contender of order.filter((one) => !absent.has(one))) {
      const began = performance.now();
      const ending = await runOnce(contender, timeoutMs);
      const seconds = ((performance.now() - began) / 1e3).toFixed(0);
      if (ending.kind === 'measured') {
        measured.set(contender, [...(measured.get(contender) ?? []), { round, measured: ending.measured }]);
        progress(`round ${round + 1}/${rounds}: ${contender.name} (${seconds} s)`);
      } else {
        absent.set(contender, ending);
        progress(`round ${round + 1}/${rounds}: ${contender.name} ${ending.kind}: ${ending.reason}`);
      }
    }
  }
  return contenders.map((contender) => ({
    contender,
    rounds: measured.get(contender) ?? [],
    absent: absent.get(contender),
  }));
}
