/**
 * Buckets on their way. They leave in their order, which is the same on all ranks, each as soon as it and those before it are
 * complete.
 */
export class Departures {
  readonly #complete = new Set<number>();
  #left: Promise<void>[] = [];
  #underWay = 0;
  #since = 0;
  #busyMs = 0;

  /** @param leave exchanges a bucket */
  constructor(
    private readonly buckets: number,
    private readonly leave: (bucket: number, step: number) => Promise<void>,
  ) {}

  /** Milliseconds in which anything was under way; what is under way at once counts once. */
  get busyMs(): number {
    return this.#busyMs;
  }

  /** A bucket is complete. */
  complete(bucket: number, step: number): void {
    this.#complete.add(bucket);
    while (this.#complete.has(this.#left.length)) this.depart(step);
  }

  /** Sends the buckets that are still here on their way, and waits until all have arrived. */
  async finish(step: number): Promise<void> {
    while (this.#left.length < this.buckets) this.depart(step);
    await Promise.all(this.#left);
    this.#left = [];
    this.#complete.clear();
  }

  /** Counts the time of other messages, too. */
  async counted<T>(messages: () => Promise<T>): Promise<T> {
    if (this.#underWay++ === 0) this.#since = performance.now();
    try {
      return await messages();
    } finally {
      if (--this.#underWay === 0) this.#busyMs += performance.now() - this.#since;
    }
  }

  private depart(step: number): void {
    const bucket = this.#left.length;
    const arrival = this.counted(() => this.leave(bucket, step));
    // A failure is told to who waits for all.
    arrival.catch(() => undefined);
    this.#left.push(arrival);
  }
}
