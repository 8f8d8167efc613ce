/**
 * How often examples of each class were taken for each class.
 * @param truth indices of the classes
 * @param predicted likewise, of the same examples
 * @returns [truth][predicted]
 */
export function confusionMatrix(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classes: number,
): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let row = 0; row < truth.length; row++) counts[truth[row]][predicted[row]]++;
  return counts;
}

/** How well one class is told; null where nothing can be said: no example of it, or none that was taken for it. */
export interface ClassScore {
  readonly class: string;
  /** Share of what was taken for the class that is of it. */
  readonly precision: number | null;
  /** Share of what is of the class that was taken for it. */
  readonly recall: number | null;
  /** Harmonic mean of both: 2·right / (examples of the class + those taken for it). */
  readonly f1: number | null;
  /** Examples of the class. */
  readonly support: number;
}

/** @param confusion [truth][predicted] */
export function classScores(
  confusion: readonly (readonly number[])[],
  classes: readonly string[],
): ClassScore[] {
  const share = (part: number, whole: number) => (whole === 0 ? null : part / whole);
  return classes.map((name, index) => {
    const right = confusion[index][index];
    const support = confusion[index].reduce((sum, count) => sum + count, 0);
    const taken = confusion.reduce((sum, row) => sum + row[index], 0);
    return {
      class: name,
      precision: share(right, taken),
      recall: share(right, support),
      f1: share(2 * right, support + taken),
      support,
    };
  });
}

/** The place of the largest number of each row. */
export function largestPlaces(data: ArrayLike<number>, width: number): Int32Array {
  const places = new Int32Array(data.length / width);
  for (let row = 0; row < places.length; row++) {
    let best = 0;
    for (let place = 1; place < width; place++) {
      if (data[row * width + place] > data[row * width + best]) best = place;
    }
    places[row] = best;
  }
  return places;
}
