/** What Scree's contenders share: timing, and the one JSON line that bench/contender.ts reads (peers/report.py is its twin). */
import { screeVersion } from '../src/train/version.js';

export interface MeasureOptions {
  readonly seconds?: number;
  readonly least?: number;
  readonly most?: number;
  /** Items that one call does. */
  readonly each?: number;
  /** Calls before those that are timed. */
  readonly settle?: number;
  /** A remark for the table, or what gives it in the end. */
  readonly note?: string | (() => string);
}

/** Times `step` until `seconds` are over and prints the line: milliseconds an item, processor time over wall time, peak memory. */
export async function measure(
  step: () => void | Promise<void>,
  { seconds = 2, least = 5, most = 1000, each = 1, settle = 3, note }: MeasureOptions = {},
): Promise<void> {
  for (let k = 0; k < settle; k++) await step();
  const times: number[] = [];
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  while (times.length < least || (performance.now() < start + 1e3 * seconds && times.length < most)) {
    const before = performance.now();
    await step();
    times.push((performance.now() - before) / each);
  }
  const wallMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpuBefore);
  times.sort((a, b) => a - b);
  const middle = times.length / 2;
  const median = (times[Math.floor(middle - 0.5)] + times[Math.floor(middle)]) / 2;
  const line = {
    name: 'Scree',
    version: screeVersion,
    ms: { min: times[0], median, max: times[times.length - 1] },
    count: times.length,
    cores: (user + system) / 1e3 / wallMs,
    rssMb: process.resourceUsage().maxRSS / 1024,
    note: typeof note === 'function' ? note() : note,
  };
  console.log(JSON.stringify(line));
}
