/** What one op of a program took, on whatever target: what `scree explain` shows. */
export interface StepProfileRow {
  /** Of the graph; `(runtime)` for what the target adds by itself. */
  readonly op: string;
  /** What ran it, such as `nchwc.Conv`; joined by ` + ` where they are several, the slowest first. */
  readonly implementation: string;
  /** Nodes of the graph that the row stands for. */
  readonly count: number;
  /** Counted from the graph: see `workOf`. */
  readonly gflop: number;
  /** Read and written by the op as the graph has it. */
  readonly bytes: number;
  /** Mean over the runs. */
  readonly ms: number;
}

/** What one run of a program takes, node by node. */
export interface StepProfile {
  /** The engine that was measured. */
  readonly target: string;
  readonly threads: number;
  /** Runs that the times are means of. */
  readonly runs: number;
  /** Memory of the program beside its inputs and outputs, where the target plans it. */
  readonly memoryBytes?: number;
  /** What makes the program slower than it could be, a line each. */
  readonly warnings?: readonly string[];
  /** A row for each node of the graph that takes time, or for each step where a target joins nodes; slowest first. */
  readonly nodes: readonly (StepProfileRow & { readonly node: number | undefined })[];
}

/** At most so many implementations are named in a row. */
const mostNamed = 3;

/** Names in the order of the time behind them. */
export function implementationsOf(times: ReadonlyMap<string, number>): string {
  const names = [...times].sort(([, a], [, b]) => b - a).map(([name]) => name);
  return names.length <= mostNamed ? names.join(' + ') : `${names.slice(0, mostNamed).join(' + ')} + …`;
}

/** The nodes of a profile taken together by op, slowest first. */
export function profileByOp({ nodes }: StepProfile): StepProfileRow[] {
  const groups = new Map<string, StepProfileRow[]>();
  for (const row of nodes) groups.set(row.op, [...(groups.get(row.op) ?? []), row]);
  return [...groups]
    .map(([op, rows]) => {
      const times = new Map<string, number>();
      for (const { implementation, ms } of rows) {
        for (const name of implementation.split(' + ').filter((part) => part !== '…'))
          times.set(name, (times.get(name) ?? 0) + ms);
      }
      const total = (key: 'count' | 'gflop' | 'bytes' | 'ms') => rows.reduce((sum, row) => sum + row[key], 0);
      return {
        op,
        implementation: implementationsOf(times),
        count: total('count'),
        gflop: total('gflop'),
        bytes: total('bytes'),
        ms: total('ms'),
      };
    })
    .sort((a, b) => b.ms - a.ms);
}
