import { isDeepStrictEqual } from 'node:util';

/** What the first rank whose fields differ from rank 0's has otherwise; undefined where all are the same. */
export function differenceOf(ranks: readonly Readonly<Record<string, unknown>>[]): string | undefined {
  const [first] = ranks;
  for (const [rank, fields] of ranks.entries()) {
    for (const name of new Set([...Object.keys(first), ...Object.keys(fields)])) {
      if (isDeepStrictEqual(first[name], fields[name])) continue;
      return `rank ${rank} was started with ${name} ${JSON.stringify(fields[name])}, rank 0 with ${JSON.stringify(first[name])}`;
    }
  }
  return undefined;
}
