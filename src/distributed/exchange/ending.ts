import type { Collective } from '../collective/collective.js';
import { Gate } from './gate.js';

/** Ranks' words to rank 0 about the end of the run; its answers have the next tag. */
const wishes = 2 ** 14 - 3;

/**
 * After which step ranks end that do not wait for each other, once one of them wishes it. Each tells rank 0 after every step, and rank 0
 * answers when the slowest has come far enough; no rank passes the step that is then named before it has heard of it.
 */
export class Ending {
  #after: number | undefined;
  readonly #lastAnswer: number[];
  readonly #gate: Gate;

  /**
   * @param slack as the gates of servers
   * @param lag steps after which an answer is waited for
   * @param onFailure told of an answer that cannot be sent
   */
  constructor(
    private readonly collective: Collective,
    slack: number,
    private readonly lag: number,
    private readonly onFailure: (error: unknown) => void,
  ) {
    this.#lastAnswer = new Array<number>(collective.size).fill(0);
    this.#gate = new Gate(collective.size, slack);
  }

  /** Whether the run ends after this step. */
  isAt(step: number): boolean {
    return this.#after !== undefined && step >= this.#after;
  }

  /** On rank 0: takes the words of all others after a step, until each says that it will meet the rest. */
  serve(others: readonly number[], after: number): Promise<void>[] {
    this.#gate.restart(after);
    this.#lastAnswer.fill(after);
    return others.map((other) => this.serveOne(other, after));
  }

  private hear(wish: boolean, latest: number): void {
    if (wish) this.#after ??= latest;
  }

  /** The first step that no rank passes without an answer that is yet to be given. */
  private get earliest(): number {
    return Math.max(...this.#lastAnswer) + this.lag + 1;
  }

  private async serveOne(other: number, after: number): Promise<void> {
    const word = new Uint8Array(1);
    for (let step = after + 1; ; step++) {
      const { bytes } = await this.collective.receive(word, other, wishes);
      if (bytes === 0) return;
      this.hear(word[0] === 1, this.earliest);
      await new Promise<void>((pass) => this.#gate.arrive(other, step, pass));
      this.#lastAnswer[other] = step;
      const text = new Uint8Array(Float64Array.of(this.#after ?? -1).buffer);
      this.collective.send(text, other, wishes + 1).catch(this.onFailure);
    }
  }

  /** Tells of a step, and hears whether the end is known. */
  async tell(step: number, wish: boolean): Promise<void> {
    if (this.collective.size === 1) {
      this.hear(wish, step);
      return;
    }
    if (this.collective.rank === 0) {
      this.hear(wish, this.earliest);
      await new Promise<void>((pass) => this.#gate.arrive(0, step, pass));
      this.#lastAnswer[0] = step;
      return;
    }
    const text = new Uint8Array(8);
    await Promise.all([
      this.collective.receive(text, 0, wishes + 1),
      this.collective.send(Uint8Array.of(Number(wish)), 0, wishes),
    ]);
    const [told] = new Float64Array(text.buffer);
    if (told >= 0) this.#after ??= told;
  }

  /** On ranks other than 0: says that no more words come until after the meeting. */
  async pause(): Promise<void> {
    if (this.collective.rank !== 0) await this.collective.send(new Uint8Array(0), 0, wishes);
  }
}
