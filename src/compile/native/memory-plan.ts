import { placeInBlock } from '../javascript/memory.js';
import type { Buffer } from './layout.js';
import { bindState } from './state.js';
import type { Lowering } from './lowering.js';
import { usesOf, type Step } from './program.js';

/** Where everything lies. */
export interface MemoryPlan {
  readonly steps: readonly Step[];
  /** Bytes of the block that intermediate values share. */
  readonly arenaBytes: number;
  /** Bytes of constants and state, which lie behind the arena. */
  readonly keptBytes: number;
  /** Each buffer's place in the arena, or behind it. */
  readonly offsets: ReadonlyMap<Buffer, number>;
  /** Buffers that lie in the memory of another one. */
  readonly home: (buffer: Buffer) => Buffer;
  /** The last step that uses each output's array. */
  readonly lastUses: ReadonlyMap<number, Step>;
}

const alignment = 64;

/** Sees to it that an output is made in the array that it is wanted in, or copied there. */
export function bindOutput(lowering: Lowering, id: number, index: number): void {
  if (lowering.bound.has(index)) return;
  lowering.bound.add(index);
  const parameter = lowering.parameter(id);
  const { buffer } = parameter;
  if (buffer.source.kind === 'arena' && lowering.isWhole(buffer, id)) {
    buffer.source = { kind: 'output', index };
    return;
  }
  const target: Buffer = { bytes: buffer.bytes, source: { kind: 'output', index } };
  lowering.steps.push({
    kind: 'script',
    what: 'copy',
    source: '(x, y) => y.set(x)',
    constants: new Map(),
    parameters: [parameter, { ...parameter, buffer: target, writes: true }],
  });
}

/** Whether somebody reads it after the run. */
function isKept({ source }: Buffer): boolean {
  return source.kind === 'output' || source.kind === 'state';
}

/** The steps without those whose results nobody reads. */
function withoutDead(steps: readonly Step[], settled: ReadonlyMap<Buffer, Buffer>): Step[] {
  const wanted = new Set<Buffer>(settled.keys());
  const kept: Step[] = [];
  for (const step of steps.toReversed()) {
    const uses = usesOf(step);
    const isWanted = uses.some(({ buffer, writes }) => writes && (wanted.has(buffer) || isKept(buffer)));
    if (!isWanted) continue;
    kept.push(step);
    for (const { buffer, writes } of uses) if (!writes) wanted.add(buffer);
  }
  return kept.reverse();
}

/** Assigns memory to a program's buffers: those that are never needed at once share places. */
export function planMemory(lowering: Lowering, { outputs }: { outputs: readonly number[] }): MemoryPlan {
  outputs.forEach((id, index) => bindOutput(lowering, id, index));
  const settled = bindState(lowering);
  const steps = withoutDead(lowering.steps, settled);
  const lives = new Map<Buffer, { first: number; last: number }>();
  const lastUses = new Map<number, Step>();
  steps.forEach((step, index) => {
    for (const { buffer } of usesOf(step)) {
      if (buffer.source.kind === 'output') lastUses.set(buffer.source.index, step);
      const life = lives.get(buffer);
      if (life === undefined) lives.set(buffer, { first: index, last: index });
      else life.last = index;
    }
  });
  const homes = shareInPlace(steps, lives, settled);
  const home = (buffer: Buffer): Buffer => {
    let at = buffer;
    for (let next = homes.get(at); next !== undefined; next = homes.get(at)) at = next;
    return at;
  };
  const requests: { buffer: Buffer; bytes: number; first: number; last: number }[] = [];
  const offsets = new Map<Buffer, number>();
  let keptBytes = 0;
  const keep = (buffer: Buffer) => {
    offsets.set(buffer, keptBytes);
    keptBytes = Math.ceil((keptBytes + buffer.bytes) / alignment) * alignment;
  };
  for (const [buffer, life] of lives) {
    if (buffer.source.kind === 'arena' && !homes.has(buffer)) {
      requests.push({ buffer, bytes: buffer.bytes, ...life });
    } else if (buffer.source.kind === 'constant') keep(buffer);
  }
  for (const { buffer } of lowering.state) keep(buffer);
  const { starts, total } = placeInBlock(requests);
  for (const [{ buffer }, start] of starts) offsets.set(buffer, start);
  const arenaBytes = Math.ceil(total / alignment) * alignment;
  for (const [buffer, offset] of offsets) {
    if (buffer.source.kind !== 'arena') offsets.set(buffer, arenaBytes + offset);
  }
  return { steps, arenaBytes, keptBytes, offsets, home, lastUses };
}

/** Lets results lie where an operand lay that is not needed any more; the operand's life goes on with the result's. */
function shareInPlace(
  steps: readonly Step[],
  lives: Map<Buffer, { first: number; last: number }>,
  settled: ReadonlyMap<Buffer, Buffer>,
): Map<Buffer, Buffer> {
  const homes = new Map<Buffer, Buffer>(settled);
  const homeOf = (buffer: Buffer) => homes.get(buffer) ?? buffer;
  steps.forEach((step, index) => {
    if (step.kind !== 'primitive' || step.inPlace === undefined) return;
    const { result, operands } = step.inPlace;
    if (result.source.kind !== 'arena' || homes.has(result)) return;
    const life = lives.get(result);
    const operand = operands.map(homeOf).find((candidate) => {
      const last = lives.get(candidate)?.last;
      return candidate.source.kind === 'arena' && candidate.bytes === result.bytes && last === index;
    });
    const kept = operand && lives.get(operand);
    if (operand === undefined || kept === undefined || life === undefined || life.first !== index) return;
    homes.set(result, operand);
    kept.last = life.last;
  });
  return homes;
}
