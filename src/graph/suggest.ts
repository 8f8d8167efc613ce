/**
 * Edits that turn `a` into `b`: insertions, deletions, substitutions and swaps of neighbours
 * (Damerau–Levenshtein, optimal string alignment).
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const substitution = last[column - 1] + (a[row - 1] === b[column - 1] ? 0 : 1);
      let best = Math.min(substitution, last[column] + 1, current[column - 1] + 1);
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        best = Math.min(best, beforeLast[column - 2] + 1);
      }
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length];
}

/** A name so long is no misspelling; comparing it would only take time. */
const LONGEST_NAME = 100;

/**
 * The candidate that `name` is probably meant to be: the first that it begins (three letters or more), else the
 * nearest within a third of its length. Case does not count. Undefined when none is near.
 */
export function suggest(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase();
  if (wanted.length > LONGEST_NAME) return undefined;
  const list = [...candidates];
  let nearest = list.find((candidate) => wanted.length >= 3 && candidate.toLowerCase().startsWith(wanted));
  if (nearest !== undefined) return nearest;
  let smallest = Infinity;
  for (const candidate of list) {
    const distance = editDistance(wanted, candidate.toLowerCase());
    const allowed = Math.max(1, Math.floor(Math.max(wanted.length, candidate.length) / 3));
    if (distance <= allowed && distance < smallest && distance < candidate.length) {
      nearest = candidate;
      smallest = distance;
    }
  }
  return nearest;
}

/**
 * The sentence of an error about an unknown name: `unknown optimizer "adm"; did you mean "adam"?`, or, when nothing is
 * near, the known names.
 * @param kind what the name should have named, such as `optimizer`
 */
export function unknownName(kind: string, name: string, candidates: Iterable<string>): string {
  const list = [...candidates];
  const shown = JSON.stringify(name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name);
  const near = suggest(name, list);
  return near === undefined
    ? `unknown ${kind} ${shown}; known: ${list.join(', ')}`
    : `unknown ${kind} ${shown}; did you mean ${JSON.stringify(near)}?`;
}
