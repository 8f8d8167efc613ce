/** Levels to draw a function at, ascending. */
export interface Levels {
  readonly values: readonly number[];
  /** `geometric` where the distance from the lowest value grows by about the same factor from level to level. */
  readonly spacing: 'even' | 'geometric';
}

/** 1, 2 or 5 times a power of ten: the largest of them that is at most `size`. */
function roundDown(size: number): number {
  const power = 10 ** Math.floor(Math.log10(size));
  const digit = size / power;
  return (digit >= 5 ? 5 : digit >= 2 ? 2 : 1) * power;
}

/** Round numbers from `low` to `high`, about `count` of them, a step of 1, 2 or 5 times a power of ten apart. */
export function ticks(low: number, high: number, count: number): number[] {
  if (!(high > low)) return [low];
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  // The nearest by ratio: the borders are the geometric means of 1, 2, 5 and 10.
  const ratio = rough / power;
  const step = power * (ratio > Math.sqrt(50) ? 10 : ratio > Math.sqrt(10) ? 5 : ratio > Math.SQRT2 ? 2 : 1);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  // A quotient of whole numbers, so that 3 · 0.1 is 0.3.
  const inverse = Math.round(1 / step);
  return Array.from({ length: last - first + 1 }, (_, k) =>
    step >= 1 ? (first + k) * step : (first + k) / inverse,
  );
}

/** Beyond this ratio of a value far up to one far down, both above the lowest, even levels would all be far up. */
const steep = 25;

/** The share of values that may lie beyond the last level on a side where the function goes to infinity. */
const tail = 0.04;

function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.round(share * (sorted.length - 1))];
}

/** Whether the last few reach so much farther than the few before that they belong to a pole. */
function isPole(end: number, near: number, next: number): boolean {
  return Math.abs(end - near) > 10 * Math.abs(near - next);
}

/** From the lowest to the highest of ascending values, without those beside a pole. */
function reachOf(sorted: Float64Array): { low: number; high: number; lowPole: boolean } {
  let low = sorted[0];
  let high = sorted[sorted.length - 1];
  const lowPole = isPole(low, quantile(sorted, tail), quantile(sorted, 2 * tail));
  if (lowPole) low = quantile(sorted, tail);
  const near = quantile(sorted, 1 - tail);
  if (isPole(high, near, quantile(sorted, 1 - 2 * tail))) high = near;
  return { low, high, lowPole };
}

/** The range of the values that are finite and not beside a pole; 0 to 1 where there are none. */
export function valueRange(values: Float64Array): [low: number, high: number] {
  const sorted = values.filter(Number.isFinite).sort();
  if (sorted.length === 0) return [0, 1];
  const { low, high } = reachOf(sorted);
  return [low, high];
}

/**
 * Levels for a contour map of the values: round numbers, evenly spaced, or where a few values are far larger than most, as in a
 * ravine or a bowl of high order, ever farther apart. Values that are not finite are passed over; beside a pole the
 * outermost ones are.
 * @param count about how many
 */
export function contourLevels(values: Float64Array, count = 14): Levels {
  const sorted = values.filter(Number.isFinite).sort();
  const lowest = sorted[0];
  const highest = sorted[sorted.length - 1];
  if (!(highest > lowest)) return { values: [], spacing: 'even' };
  const { low, high, lowPole } = reachOf(sorted);
  if (!lowPole && highest - lowest > steep * (quantile(sorted, 0.1) - lowest)) {
    const levels = geometric(lowest, quantile(sorted, 0.01), highest, count);
    return { values: levels, spacing: 'geometric' };
  }
  const even = ticks(low, high, count).filter((level) => level > low && level < high);
  return { values: even, spacing: 'even' };
}

/** A round number no higher than the lowest value, plus 1, 2, 5, 10, …; that number is 0 where the lowest value is close to it. */
function geometric(low: number, near: number, high: number, count: number): number[] {
  const first = roundDown(Math.max(near - low, 1e-9 * (high - low)));
  const base = low >= 0 && low <= first ? 0 : Math.floor(low / first) * first;
  const perDecade = count / Math.log10((high - base) / first);
  const digits = perDecade > 2.2 ? [1, 2, 5] : perDecade > 1.4 ? [1, 3] : [1];
  const levels: number[] = [];
  for (let power = 10 ** Math.floor(Math.log10(first)); power < high - base; power *= 10) {
    for (const digit of digits) levels.push(base + digit * power);
  }
  return levels.filter((level) => level > low && level < high && level - base >= first);
}
