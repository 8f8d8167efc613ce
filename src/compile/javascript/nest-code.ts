import type { Node } from '../../graph/graph.js';
import { sizeOf, stridesOf } from '../../graph/shape.js';
import { isIdentity, type Affine } from './access.js';
import { accumulation, type Finish, type Instruction } from './nest.js';
import type { Nest } from './plan.js';
import type { Resolver, Value } from './resolve.js';
import { elementwiseText, isAtom, rounded, type Hoisted } from './text.js';

/** What the code around a nest knows. */
export interface Surroundings {
  node(id: number): Node;
  /** The name of the array that holds a node. */
  array(id: number): string;
  /** The name of one element of a scalar or small array; what it takes to define it is written before the nest. */
  element(id: number, place: number): string;
  /** A fresh name. */
  temporary(): string;
  readonly resolver: Resolver;
  readonly hoisted: Hoisted;
  readonly suffix: string;
}

/** What a nest does, and the statements before and after it. */
export interface NestCode {
  readonly before: readonly string[];
  readonly instructions: readonly Instruction[];
  readonly after: readonly string[];
  /** Nodes of one element that the nest has summed up, and the variables that hold them. */
  readonly totals: ReadonlyMap<number, string>;
}

class NestCoder implements NestCode {
  readonly before: string[] = [];
  readonly instructions: Instruction[] = [];
  readonly after: string[] = [];
  readonly totals = new Map<number, string>();
  /** Members of this nest by node. */
  private readonly current = new Map<number, string>();
  /** Loads and inline computations by what they are. */
  private readonly known = new Map<string, string>();

  constructor(
    private readonly nest: Nest,
    private readonly around: Surroundings,
  ) {
    for (const item of nest.work) {
      const value = around.resolver.work(item);
      if (item.kind === 'reduce') {
        this.reduce(item.node, this.name(value));
        continue;
      }
      const name = this.name(value, item.kind === 'member' ? `v${item.node}${around.suffix}` : undefined);
      if (item.kind === 'member') this.current.set(item.node, name);
      for (const { node, at } of item.stores) {
        this.instructions.push({ kind: 'store', array: around.array(node), at, value: name });
      }
    }
  }

  /** The name of a value, which is computed under it now unless it has been before. */
  private name(value: Value, wanted?: string): string {
    const { around } = this;
    if (value.kind === 'element') return around.element(value.node, value.place);
    if (value.kind === 'compute') {
      const operands = value.operands.map((operand) => this.name(operand));
      const text = elementwiseText(around.node(value.node), operands, around.hoisted);
      if (isAtom(text)) return text;
      return this.once(`${value.node} ${text}`, wanted, (name) => ({
        kind: 'compute',
        name,
        text,
        operands,
      }));
    }
    const { node, at } = value;
    const here =
      value.kind === 'current' && isIdentity(at, this.nest.loops) ? this.current.get(node) : undefined;
    if (here !== undefined) return here;
    const array = around.array(node);
    const key = `${array} ${at.base} ${at.factors.join()}`;
    return this.once(key, undefined, (name) => ({ kind: 'load', name, array, at }));
  }

  private once(key: string, wanted: string | undefined, make: (name: string) => Instruction): string {
    const before = this.known.get(key);
    if (before !== undefined) return before;
    const name = wanted ?? this.around.temporary();
    this.instructions.push(make(name));
    this.known.set(key, name);
    return name;
  }

  private reduce(id: number, value: string): void {
    const { op, inputs, shape, dtype, attributes } = this.around.node(id);
    const input = this.around.node(inputs[0]).shape;
    const axes = attributes.axes as readonly number[];
    const kept = stridesOf(input.map((extent, axis) => (axes.includes(axis) ? 1 : extent)));
    const looped = input.flatMap((extent, axis) => (extent === 1 ? [] : [axis]));
    const factors = looped.map((axis) => (axes.includes(axis) ? 0 : kept[axis]));
    const at: Affine = { base: 0, factors };
    const { initial, update } = accumulation(op.name);
    const depth = looped.findLastIndex((axis) => !axes.includes(axis)) + 1;
    if (looped.slice(0, depth).some((axis) => axes.includes(axis))) {
      this.scatter(id, at, initial, (total) => update(total, value));
      return;
    }
    const name = `v${id}${this.around.suffix}`;
    const total = dtype === 'float64' ? name : `a${id}${this.around.suffix}`;
    const result = rounded(total, dtype);
    const finish: Finish[] = [];
    if (sizeOf(shape) === 1) {
      this.totals.set(id, name);
      if (result !== name) finish.push({ kind: 'define', name, text: result });
    } else finish.push({ kind: 'store', array: this.around.array(id), at, value: result });
    this.instructions.push({
      kind: 'accumulate',
      total,
      initial,
      update: update(total, value),
      depth,
      finish,
    });
  }

  /** Totals in an array: as in the op's kernel, double numbers until the last. */
  private scatter(id: number, at: Affine, initial: string, update: (total: string) => string): void {
    const { shape, dtype } = this.around.node(id);
    const array = this.around.array(id);
    const totals =
      dtype === 'float64' ? array : this.around.hoisted.name('b', new Float64Array(sizeOf(shape)));
    this.before.push(`${totals}.fill(${initial});`);
    this.instructions.push({ kind: 'scatter', array: totals, at, update });
    if (totals !== array) this.after.push(`${array}.set(${totals});`);
  }
}

/** Works out what the loops of a nest do. */
export function nestCode(nest: Nest, around: Surroundings): NestCode {
  return new NestCoder(nest, around);
}
