import { ScreeError } from '../graph/errors.js';
import { multiplyHigh, philoxBlock, philoxFill, toFloat64, type PhiloxKey } from './philox.js';

/** All of a generator: plain JSON, to be kept in a checkpoint. */
export interface GeneratorState {
  /** The seed at the root of the forks. */
  readonly seed: number;
  readonly key: PhiloxKey;
  /** 32-bit words drawn so far. */
  readonly counter: number;
}

/** Purposes in counter words 2 and 3 (see philox.ts); an integer label and a text never derive the same key. */
const FORK_INTEGER = 1;
const FORK_TEXT = 2;
const BUFFER_WORDS = 64;

function isWord(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < 2 ** 32;
}

function requireCount(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new ScreeError(`Generator: ${name} ${value} is not an integer from 0 to 2^53 - 1`);
  }
}

/**
 * A stream of random words with a seed. Everything random in a run is drawn from forks of one generator:
 * `generator.fork('shuffle').fork(epoch)` depends on the seed and the two labels alone, never on what was drawn before.
 *
 * The word stream of `new Generator(seed)` is Philox4x32-10's with key (seed mod 2³², ⌊seed / 2³²⌋) and counters 0, 1, 2, …
 * @example
 * ```ts
 * import { Generator } from 'scree/random';
 *
 * const shuffle = (epoch: number) => new Generator(7).fork('shuffle').fork(epoch).uniform();
 * console.log(shuffle(0) === shuffle(0), shuffle(0) === shuffle(1));
 * ```
 * ```text
 * true false
 * ```
 */
export class Generator {
  readonly seed: number;
  readonly key: PhiloxKey;
  #counter = 0;
  /** Words from #bufferStart on; empty until the first is drawn. */
  readonly #buffer = new Uint32Array(BUFFER_WORDS);
  #bufferStart = -BUFFER_WORDS;

  /**
   * @param seed integer from 0 to 2⁵³ − 1
   * @throws ScreeError for any other number
   */
  constructor(seed: number, key?: PhiloxKey, counter = 0) {
    requireCount('seed', seed);
    requireCount('counter', counter);
    this.seed = seed;
    this.key = key ?? [seed >>> 0, Math.floor(seed / 2 ** 32)];
    if (!this.key.every(isWord) || this.key.length !== 2) {
      throw new ScreeError(`Generator: key [${this.key.join(', ')}] is not two unsigned 32-bit integers`);
    }
    this.#counter = counter;
  }

  /** The generator that had this state: it goes on with the same numbers. */
  static restore(state: GeneratorState): Generator {
    return new Generator(state.seed, state.key, state.counter);
  }

  get state(): GeneratorState {
    return { seed: this.seed, key: this.key, counter: this.#counter };
  }

  /**
   * An independent stream named by `label`: the same for the same key and label, however much this one has drawn.
   * The new key is a Philox block of the label under this key (texts in pieces of eight UTF-8 bytes, chained).
   * @param label a text, or an integer from 0 to 2⁵³ − 1
   */
  fork(label: string | number): Generator {
    if (typeof label === 'number') {
      requireCount('fork label', label);
      const words = philoxBlock([label >>> 0, Math.floor(label / 2 ** 32), FORK_INTEGER, 0], this.key);
      return new Generator(this.seed, [words[0], words[1]]);
    }
    const bytes = new TextEncoder().encode(label);
    const padded = new Uint8Array(Math.max(1, Math.ceil(bytes.length / 8)) * 8);
    padded.set(bytes);
    const view = new DataView(padded.buffer);
    let key = this.key;
    for (let offset = 0; offset < padded.length; offset += 8) {
      const words = philoxBlock(
        [view.getUint32(offset, true), view.getUint32(offset + 4, true), FORK_TEXT, bytes.length],
        key,
      );
      key = [words[0], words[1]];
    }
    return new Generator(this.seed, key);
  }

  /** The next 32-bit word, unsigned. */
  word(): number {
    let offset = this.#counter - this.#bufferStart;
    if (offset < 0 || offset >= BUFFER_WORDS) {
      const block = Math.floor(this.#counter / 4);
      this.#bufferStart = block * 4;
      philoxFill(this.#buffer, this.key, block);
      offset = this.#counter - this.#bufferStart;
    }
    this.#counter++;
    return this.#buffer[offset];
  }

  /** Fills `out` with the next words: the same as calling `word` for each, in bulk. */
  words(out: Uint32Array): void {
    let index = 0;
    while (index < out.length && this.#counter % 4 !== 0) out[index++] = this.word();
    philoxFill(out, this.key, this.#counter / 4, index);
    this.#counter += out.length - index;
  }

  /** A float64 in [0, 1) with 53 random bits; takes two words. */
  uniform(): number {
    const first = this.word();
    return toFloat64(first, this.word());
  }

  /**
   * An integer in [low, high), each as likely as the other.
   * Method: Lemire, "Fast random integer generation in an interval" (2019): multiply, and redraw the few that would bias.
   * @param low and `high` safe integers, `high` − `low` from 1 to 2³²
   * @throws ScreeError for an empty or wider range
   */
  integer(low: number, high: number): number {
    const range = high - low;
    if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || range < 1 || range > 2 ** 32) {
      throw new ScreeError(`Generator.integer: range [${low}, ${high}) must hold 1 to 2^32 integers`);
    }
    if (range === 2 ** 32) return low + this.word();
    let word = this.word();
    if (Math.imul(word, range) >>> 0 < range) {
      const biased = (2 ** 32 - range) % range;
      while (Math.imul(word, range) >>> 0 < biased) word = this.word();
    }
    return low + (multiplyHigh(word, range) >>> 0);
  }
}
