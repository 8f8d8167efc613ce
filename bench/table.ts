import { quickest, ratioTo, summarise, type Result } from './compare.js';

export interface TableOptions {
  readonly title: string;
  /** The group whose quickest contender is the bar. */
  readonly bar: string;
  /** What one item is, and in what unit its time is shown. */
  readonly item: string;
  readonly unit?: 'ms' | 'µs' | 'ns';
  /** Floating-point operations of one item, with the machine's peak in GFLOP/s, for the last column. */
  readonly work?: { readonly flops: number; readonly peakGflops?: number };
}

const perUnit = { ms: 1, µs: 1e3, ns: 1e6 };

/** Three significant digits without an exponent. */
export function digits(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(decimals, 6));
}

/** Columns padded to their widest cell: the first to the left, the others to the right, the last (a remark) to the left. */
function align(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 || column === row.length - 1
            ? cell.padEnd(widths[column])
            : cell.padStart(widths[column]),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A table of contenders: times, ratios to the bar, memory, and what is missing. */
export function table(
  results: readonly Result[],
  { title, bar, item, unit = 'ms', work }: TableOptions,
): string {
  const best = quickest(results, bar);
  const header = [
    '',
    'min',
    'median',
    'max',
    '× bar',
    'paired',
    'RSS MB',
    'cores',
    'GFLOP/s',
    'version, remarks',
  ];
  const rows = results.map((result) => {
    const times = summarise(result);
    const remarks: string[] = [];
    const last = result.rounds.at(-1)?.measured;
    if (last) remarks.push(last.version);
    if (result === best) remarks.push('the bar');
    if (last?.note !== undefined) remarks.push(last.note);
    if (result.absent) remarks.push(`${result.absent.kind}: ${result.absent.reason}`);
    if (!times) return [result.contender.name, ...new Array<string>(8).fill('–'), remarks.join('; ')];
    const ratio = best && ratioTo(best, result);
    const speed = work && work.flops / times.min / 1e6;
    const share =
      speed !== undefined && work?.peakGflops ? ` (${((100 * speed) / work.peakGflops).toFixed(0)} %)` : '';
    return [
      result.contender.name,
      ...[times.min, times.median, times.max].map((ms) => digits(ms * perUnit[unit])),
      ratio ? digits(ratio.best) : '–',
      ratio
        ? `${digits(ratio.paired.median)} (${digits(ratio.paired.min)}–${digits(ratio.paired.max)})`
        : '–',
      Math.max(...result.rounds.map(({ measured }) => measured.rssMb)).toFixed(0),
      digits(Math.max(...result.rounds.map(({ measured }) => measured.cores))),
      speed === undefined ? '–' : `${digits(speed)}${share}`,
      remarks.join('; '),
    ];
  });
  return `${title} (${unit} ${item})\n${align([header, ...rows])}\n`;
}

/** How to read the columns; printed once. */
export const legend = [
  'min: fastest item of all rounds. median, max: of the rounds’ medians. × bar: min over the bar’s min. paired: median over the',
  'bar’s median in the same round, median (min–max) of the rounds. RSS: peak memory of the process. cores: processor time over',
  'wall time, best round; less than the threads asked for means that others used the cores, or that the peer waits.',
].join('\n');
