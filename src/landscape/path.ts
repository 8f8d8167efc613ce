import { ScreeError } from '../graph/errors.js';

/** Most numbers that a path may hold: a gigabyte. */
const largest = 2 ** 27;

/** What a walk went through: for each step the point, the function's value and the norm of its gradient there. */
export class Path {
  #points = new Float64Array(0);
  #values = new Float64Array(0);
  #squares = new Float64Array(0);
  #length = 0;

  /** @param rows how many are expected: room for them is made at once */
  constructor(
    readonly dimension: number,
    rows = 0,
  ) {
    this.room(Math.min(rows, 2 ** 20));
  }

  /** Rows: one more than steps, the start being the first. */
  get length(): number {
    return this.#length;
  }

  point(row: number): Float64Array {
    return this.#points.slice(row * this.dimension, (row + 1) * this.dimension);
  }

  /** One coordinate at a row. */
  at(row: number, axis: number): number {
    return this.#points[row * this.dimension + axis];
  }

  value(row: number): number {
    return this.#values[row];
  }

  gradientNorm(row: number): number {
    return Math.sqrt(this.#squares[row]);
  }

  /** `[x, y, …, f]` for each row. */
  rows(): number[][] {
    return Array.from({ length: this.#length }, (_, row) => [...this.point(row), this.#values[row]]);
  }

  /**
   * Arrays to write the next `count` rows into (points, values, squared norms of gradients); `commit` says how many were written.
   * @throws ScreeError when the path would hold more than 2²⁷ numbers
   */
  room(count: number): readonly [Float64Array, Float64Array, Float64Array] {
    const needed = this.#length + count;
    if (needed * (this.dimension + 2) > largest) {
      throw new ScreeError(
        `walk: ${needed} rows of ${this.dimension} variables do not fit into memory; take fewer steps (at most ${Math.floor(largest / (this.dimension + 2))})`,
      );
    }
    if (needed > this.#values.length) {
      const capacity = Math.max(needed, 2 * this.#values.length);
      this.#points = grown(this.#points, capacity * this.dimension);
      this.#values = grown(this.#values, capacity);
      this.#squares = grown(this.#squares, capacity);
    }
    return [
      this.#points.subarray(this.#length * this.dimension),
      this.#values.subarray(this.#length),
      this.#squares.subarray(this.#length),
    ];
  }

  commit(count: number): void {
    this.#length += count;
  }

  /** For a walk that went up on the negative of its function. */
  negateValues(): void {
    for (let row = 0; row < this.#length; row++) this.#values[row] = -this.#values[row];
  }

  /** Forgets all rows from `length` on. */
  truncate(length: number): void {
    this.#length = Math.min(this.#length, length);
  }
}

function grown(array: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(length);
  larger.set(array);
  return larger;
}
