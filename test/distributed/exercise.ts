import type { Collective } from '../../src/distributed/collective/collective.js';

const numbers = (length: number, value: (index: number) => number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => value(index));

const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

function require(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/**
 * Calls every collective with ragged sizes, and checks each result against what its definition says.
 * @param any whether messages from any rank can be received
 */
export async function exercise(collective: Collective, any = true): Promise<void> {
  const { rank, size } = collective;
  const ranks = Array.from({ length: size }, (_, index) => index);

  for (const length of [0, 1, 2, 7, 1000, 65_537]) {
    const data = Float32Array.from({ length }, (_, index) => (index % 100) * (rank + 1));
    await collective.allReduce(data);
    const factor = (size * (size + 1)) / 2;
    require(data.every((value, index) => value === (index % 100) * factor), `allReduce of ${length}`);
  }

  // More than one block, and several calls at once.
  const wide = new Float64Array(size * 530_000 + 5).fill(rank + 0.5);
  const narrow = new Float32Array(3).fill(rank);
  await Promise.all([collective.allReduce(wide), collective.allReduce(narrow)]);
  require(wide.every((value) => value === (size * size) / 2), 'allReduce of float64');
  require(narrow.every((value) => value === (size * (size - 1)) / 2), 'two at once');

  const counts = ranks.map((other) => other * 3);
  const gathered = new Uint8Array(total(counts));
  await collective.allGather(
    numbers(counts[rank], () => rank),
    gathered,
    counts,
  );
  const expected = ranks.flatMap((other) => new Array<number>(counts[other]).fill(other));
  require(expected.every((value, index) => gathered[index] === value), 'allGather');

  const sendCounts = ranks.map((other) => rank + 2 * other);
  const receiveCounts = ranks.map((other) => other + 2 * rank);
  const sent = Uint8Array.from(
    ranks.flatMap((other) => new Array<number>(sendCounts[other]).fill(10 * rank + other)),
  );
  const received = new Uint8Array(total(receiveCounts));
  await collective.allToAll(sent, sendCounts, received, receiveCounts);
  const wanted = ranks.flatMap((other) => new Array<number>(receiveCounts[other]).fill(10 * other + rank));
  require(wanted.every((value, index) => received[index] === value), 'allToAll');

  for (const root of ranks) {
    // More than one piece.
    const truth = new Uint8Array(4_500_000).fill(root + 1);
    const data = rank === root ? truth.slice() : new Uint8Array(truth.length);
    await collective.broadcast(data, root);
    require(Buffer.compare(data, truth) === 0, `broadcast from ${root}`);
  }

  // Two groups at once, each with its own numbers: even and odd ranks.
  const kin = ranks.filter((other) => other % 2 === rank % 2);
  const group = collective.group(kin, 1);
  const sums = new Float32Array(1000).fill(rank);
  await group.allReduce(sums);
  require(sums.every(
    (value) => value === kin.reduce((sum, other) => sum + other, 0),
  ), 'a group of some ranks');

  if (size > 1 && any) {
    const ball = new Uint8Array(8);
    if (rank === 0) {
      const sources = new Set<number>();
      for (let count = 1; count < size; count++) {
        const { from, bytes } = await collective.receive(ball, 'any', 5);
        require(bytes === from && ball[0] === from, 'receive from any');
        sources.add(from);
      }
      require(sources.size === size - 1, 'receive from each');
    } else {
      await collective.send(
        numbers(rank, () => rank),
        0,
        5,
      );
    }
  }
  await collective.barrier();
}
