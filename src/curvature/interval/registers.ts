/** What went wrong, or may have, while a value was computed over a box; a set of these bits. */
export const flag = {
  /** A divisor may be 0, or a function goes to infinity: the value may be unbounded. */
  pole: 1,
  /** Part of the box may lie outside of the domain; the bounds hold for the rest. */
  edge: 2,
  /** All of the box lies outside of the domain. */
  empty: 4,
  /** A choice or a kink may fall within the box: the value may jump. */
  kink: 8,
} as const;

/** Intervals by number: everything that one evaluation over a box computes. */
export class Registers {
  readonly lo: Float64Array;
  readonly hi: Float64Array;
  readonly flags: Uint8Array;

  constructor(size: number) {
    this.lo = new Float64Array(size);
    this.hi = new Float64Array(size);
    this.flags = new Uint8Array(size);
  }

  set(at: number, lo: number, hi: number, flags: number): void {
    // What is not a number comes from outside of the domain, where nothing is known.
    this.lo[at] = Number.isNaN(lo) ? -Infinity : lo;
    this.hi[at] = Number.isNaN(hi) ? Infinity : hi;
    this.flags[at] = flags;
  }

  /** The register as lying outside of the domain altogether. */
  setEmpty(at: number, flags: number): void {
    this.set(at, -Infinity, Infinity, flags | flag.empty);
  }
}

/**
 * Writes an enclosure of an operation's values over registers a, b, c (those it has) into register `out`, with the flags of its
 * operands and its own.
 */
export type Rule = (r: Registers, out: number, a: number, b: number, c: number) => void;
