import type { Shape } from '../../graph/shape.js';
import type { Affine } from './access.js';
import { bare, indent } from './text.js';

/** One step in a nest of loops, before it is known which loops are one. */
export type Instruction =
  | { readonly kind: 'load'; readonly name: string; readonly array: string; readonly at: Affine }
  | {
      readonly kind: 'compute';
      readonly name: string;
      readonly text: string;
      readonly operands: readonly string[];
    }
  | { readonly kind: 'store'; readonly array: string; readonly at: Affine; readonly value: string }
  /** `total = update` inside, from `initial` on, over the loops from `depth` inwards; then `finish`. */
  | {
      readonly kind: 'accumulate';
      readonly total: string;
      readonly initial: string;
      readonly update: string;
      readonly depth: number;
      readonly finish: readonly Finish[];
    }
  /** The same into an array of totals, where the loops do not leave one total before they begin the next. */
  | {
      readonly kind: 'scatter';
      readonly array: string;
      readonly at: Affine;
      readonly update: (total: string) => string;
    };

/** What becomes of a total: a constant of the function, or a store. */
export type Finish =
  | { readonly kind: 'define'; readonly name: string; readonly text: string }
  | { readonly kind: 'store'; readonly array: string; readonly at: Affine; readonly value: string };

interface Loop {
  readonly extent: number;
  /** The outermost of the loops that this one stands for. */
  readonly from: number;
  /** The innermost one: its factors are this one's. */
  readonly to: number;
}

function affines(instruction: Instruction): Affine[] {
  switch (instruction.kind) {
    case 'load':
    case 'store':
    case 'scatter':
      return [instruction.at];
    case 'accumulate':
      return instruction.finish.flatMap((finish) => (finish.kind === 'store' ? [finish.at] : []));
    case 'compute':
      return [];
  }
}

/** Neighbouring loops that every access takes as one run through memory become one. */
function mergeLoops(extents: Shape, instructions: readonly Instruction[]): Loop[] {
  const accesses = instructions.flatMap(affines);
  const borders = new Set(instructions.flatMap((step) => (step.kind === 'accumulate' ? [step.depth] : [])));
  const loops: Loop[] = [];
  extents.forEach((extent, loop) => {
    const before = loops.at(-1);
    const together =
      before !== undefined &&
      !borders.has(loop) &&
      accesses.every(({ factors }) => (factors[loop - 1] ?? 0) === (factors[loop] ?? 0) * extent);
    if (together) loops[loops.length - 1] = { extent: before.extent * extent, from: before.from, to: loop };
    else loops.push({ extent, from: loop, to: loop });
  });
  return loops;
}

function times(index: string, factor: number): string {
  return factor === 1 ? index : `${index} * ${factor}`;
}

function sum(terms: readonly string[]): string {
  return terms.length === 0 ? '0' : terms.join(' + ').replaceAll('+ -', '- ');
}

/** Writes the loops of a nest; what does not change in an inner loop stands outside it. */
class NestWriter {
  private readonly loops: readonly Loop[];
  private readonly before: string[][];
  private readonly after: string[][];
  /** The number of loops around the definition of a name; names from outside have none. */
  private readonly depths = new Map<string, number>();
  private readonly offsets = new Map<string, string>();

  constructor(
    extents: Shape,
    instructions: readonly Instruction[],
    private readonly prefix: string,
  ) {
    this.loops = mergeLoops(extents, instructions);
    this.before = Array.from({ length: this.loops.length + 1 }, () => []);
    this.after = Array.from({ length: this.loops.length + 1 }, () => []);
    for (const instruction of instructions) this.write(instruction);
  }

  private depthOf({ factors }: Affine): number {
    return this.loops.findLastIndex(({ to }) => (factors[to] ?? 0) !== 0) + 1;
  }

  /** An array's element; the part of its place that outer loops decide is computed out there. */
  private element(array: string, at: Affine, depth = this.depthOf(at)): string {
    const { base, factors } = at;
    const factor = (loop: number) => factors[this.loops[loop].to] ?? 0;
    const outer = this.loops
      .slice(0, Math.max(0, depth - 1))
      .flatMap((_, loop) => (factor(loop) === 0 ? [] : [loop]));
    let offset = base === 0 ? undefined : String(base);
    if (outer.length > 0) {
      const terms = outer.map((loop) => times(`i${loop}`, factor(loop)));
      offset = this.offset(
        sum(offset === undefined ? terms : [...terms, offset]),
        outer[outer.length - 1] + 1,
      );
    }
    const inner = depth === 0 || factor(depth - 1) === 0 ? [] : [times(`i${depth - 1}`, factor(depth - 1))];
    const place =
      offset === undefined ? inner : offset.startsWith('-') ? [...inner, offset] : [offset, ...inner];
    return `${array}[${sum(place)}]`;
  }

  private offset(text: string, depth: number): string {
    const known = this.offsets.get(text);
    if (known !== undefined) return known;
    const name = `${this.prefix}o${this.offsets.size}`;
    this.offsets.set(text, name);
    this.before[depth].push(`const ${name} = ${text};`);
    return name;
  }

  private define(name: string, text: string, depth: number): void {
    this.before[depth].push(`const ${name} = ${text};`);
    this.depths.set(name, depth);
  }

  private write(step: Instruction): void {
    const inner = this.loops.length;
    switch (step.kind) {
      case 'load': {
        const depth = this.depthOf(step.at);
        return this.define(step.name, this.element(step.array, step.at), depth);
      }
      case 'compute': {
        const depth = Math.max(0, ...step.operands.map((operand) => this.depths.get(operand) ?? 0));
        return this.define(step.name, step.text, depth);
      }
      case 'store':
        this.before[inner].push(`${this.element(step.array, step.at, inner)} = ${step.value};`);
        return;
      case 'scatter': {
        const total = this.element(step.array, step.at, inner);
        this.before[inner].push(`${total} = ${step.update(total)};`);
        return;
      }
      case 'accumulate': {
        const depth = this.loops.filter(({ from }) => from < step.depth).length;
        this.before[depth].push(`let ${step.total} = ${step.initial};`);
        this.before[inner].push(`${step.total} = ${step.update};`);
        for (const finish of step.finish) {
          this.after[depth].push(
            finish.kind === 'define'
              ? `const ${finish.name} = ${finish.text};`
              : `${this.element(finish.array, finish.at, depth)} = ${finish.value};`,
          );
        }
      }
    }
  }

  lines(): string[] {
    const depth = this.loops.length;
    let lines = [...this.before[depth], ...this.after[depth]];
    for (let loop = depth - 1; loop >= 0; loop--) {
      const { extent } = this.loops[loop];
      const text =
        loop === depth - 1 ? unrolled(`i${loop}`, extent, lines) : loopText(`i${loop}`, 0, extent, lines);
      lines = [...this.before[loop], ...text, ...this.after[loop]];
    }
    return lines;
  }
}

function loopText(index: string, from: number, to: number, body: readonly string[]): string[] {
  return [`for (let ${index} = ${from}; ${index} < ${to}; ${index}++) {`, ...indent(body), '}'];
}

/** Statements of an unrolled loop, at most; beyond that the work itself takes the time. */
const unrolledStatements = 96;

/**
 * A loop that takes several turns at once: V8 looks up an array's place and length at every turn, once for all its accesses.
 * The turns keep their order, so sums keep their bits.
 */
function unrolled(index: string, extent: number, body: readonly string[]): string[] {
  const name = new RegExp(`\\b${index}\\b`, 'g');
  const turn = (place: string) => [
    '{',
    ...indent(body.map((line) => line.replace(name, place).replaceAll(`[${place}]`, `[${bare(place)}]`))),
    '}',
  ];
  if (extent <= 4 && extent * body.length <= unrolledStatements) {
    return Array.from({ length: extent }, (_, k) => turn(String(k))).flat();
  }
  const turns = [4, 2].find((count) => extent >= 64 && count * body.length <= unrolledStatements);
  if (turns === undefined) return loopText(index, 0, extent, body);
  const end = extent - (extent % turns);
  return [
    `for (let ${index} = 0; ${index} < ${end}; ${index} += ${turns}) {`,
    ...indent(Array.from({ length: turns }, (_, k) => turn(k === 0 ? index : `(${index} + ${k})`)).flat()),
    '}',
    ...(end < extent ? loopText(index, end, extent, body) : []),
  ];
}

/** The text of a nest of loops over `extents`. Names in it begin with `prefix`, so that nests can stand side by side. */
export function nestText(extents: Shape, instructions: readonly Instruction[], prefix: string): string[] {
  return new NestWriter(extents, instructions, prefix).lines();
}

/** How a reduction begins and goes on. */
export function accumulation(name: string): {
  initial: string;
  update: (total: string, value: string) => string;
} {
  switch (name) {
    case 'max':
      return { initial: '-Infinity', update: (total, value) => `Math.max(${total}, ${value})` };
    case 'min':
      return { initial: 'Infinity', update: (total, value) => `Math.min(${total}, ${value})` };
    default:
      return { initial: '0', update: (total, value) => `${total} + ${value}` };
  }
}
