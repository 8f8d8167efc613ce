/**
 * Lets ranks through as far as the slowest allows (stale synchronous parallel: Ho et al. 2013): step c passes once all have arrived at
 * step c − slack.
 */
export class Gate {
  readonly #arrived: number[];
  #waiting: { readonly step: number; readonly pass: () => void }[] = [];

  constructor(
    ranks: number,
    private readonly slack: number,
  ) {
    this.#arrived = new Array<number>(ranks).fill(0);
  }

  /** All ranks begin behind this step. */
  restart(step: number): void {
    this.#arrived.fill(step);
  }

  /** A rank has done a step. @param pass called when it may go on, at once or later */
  arrive(rank: number, step: number, pass: () => void): void {
    this.#arrived[rank] = step;
    this.#waiting.push({ step, pass });
    const open = Math.min(...this.#arrived) + this.slack;
    const ready = this.#waiting.filter((one) => one.step <= open);
    this.#waiting = this.#waiting.filter((one) => one.step > open);
    for (const one of ready) one.pass();
  }
}
