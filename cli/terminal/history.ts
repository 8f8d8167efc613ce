/**
 * A history of numbers of any length in bounded memory: when it is full, neighbours are merged to their means, so it stays a
 * faithful, coarser picture of the whole. Adding takes constant time.
 */
export class History {
  private means: number[] = [];
  /** How many added numbers an entry stands for. */
  private perEntry = 1;
  private sum = 0;
  private count = 0;

  /** @param capacity the most entries that are kept; even. */
  constructor(private readonly capacity = 1024) {}

  /** Adds a number; those that are not finite are passed over. */
  add(value: number): void {
    if (!Number.isFinite(value)) return;
    this.sum += value;
    if (++this.count < this.perEntry) return;
    this.means.push(this.sum / this.count);
    this.sum = 0;
    this.count = 0;
    if (this.means.length < this.capacity) return;
    const merged: number[] = [];
    for (let index = 0; index < this.means.length; index += 2) {
      merged.push((this.means[index] + this.means[index + 1]) / 2);
    }
    this.means = merged;
    this.perEntry *= 2;
  }

  /** The entries, oldest first, evenly spaced. */
  get values(): readonly number[] {
    return this.means;
  }
}
