import { summary, type SummaryRow } from '../src/nn/index.js';
import type { Progress } from '../src/train/index.js';
import { formatCount, formatSI } from './terminal/format.js';
import type { Style } from './terminal/style.js';
import { table } from './terminal/table.js';
import { truncate } from './terminal/text.js';

/** How much of a model is told: one row a block and nothing without parameters, every layer, or nothing. */
export const summaryKinds = ['short', 'full', 'none'] as const;
export type SummaryKind = (typeof summaryKinds)[number];

/** Columns that the longest name gets, so that the table fits into 80. */
const nameWidth = 40;

/** The model that is trained, as a table; no lines where nothing is to be told. */
export function summaryLines(
  { network, initial, input }: Pick<Extract<Progress, { kind: 'start' }>, 'network' | 'initial' | 'input'>,
  kind: SummaryKind,
  style: Style,
): string[] {
  if (kind === 'none') return [];
  const all = summary(network, input, initial);
  const rows = kind === 'full' ? all.map((row) => ({ ...row, times: 1 })) : shortened(all);
  const count = (value: number) => (value === 0 ? '–' : formatCount(value));
  const flops = (value: number) => (value === 0 ? '–' : formatSI(value, 'FLOP'));
  const cells = rows.map(({ layer, times, output, parameters, forwardFlops }) => [
    truncate(times > 1 ? `${times} × ${layer}` : layer, nameWidth),
    output.join('×'),
    count(parameters),
    flops(forwardFlops),
  ]);
  const total = (key: 'parameters' | 'forwardFlops') => all.reduce((sum, row) => sum + row[key], 0);
  cells.push(['all', '', count(total('parameters')), flops(total('forwardFlops'))]);
  return table(cells, {
    columns: ['layer', 'output', 'parameters', 'forward'],
    align: ['left', 'left', 'right', 'right'],
    style,
  });
}

/** Layers with parameters; equal ones that follow each other are one row with their sum. */
function shortened(all: readonly SummaryRow[]): (SummaryRow & { times: number })[] {
  const rows: { first: SummaryRow; times: number }[] = [];
  for (const row of all.filter(({ parameters }) => parameters > 0)) {
    const last = rows.at(-1);
    const isSame =
      last !== undefined &&
      last.first.layer === row.layer &&
      last.first.parameters === row.parameters &&
      last.first.output.join() === row.output.join();
    if (isSame) last.times++;
    else rows.push({ first: row, times: 1 });
  }
  return rows.map(({ first, times }) => ({
    ...first,
    times,
    parameters: times * first.parameters,
    forwardFlops: times * first.forwardFlops,
  }));
}
