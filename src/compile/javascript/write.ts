import { ScreeError } from '../../graph/errors.js';
import { constantValue, type Node } from '../../graph/graph.js';
import { broadcastOffsets, sizeOf, stridesOf } from '../../graph/shape.js';
import { isView, loopShape } from './access.js';
import { elementTexts } from './elements.js';
import { nodeKernel } from './interpret.js';
import { shareMemory, type Request } from './memory.js';
import { nestText } from './nest.js';
import { nestCode } from './nest-code.js';
import type { Nest, Plan, Store } from './plan.js';
import { Resolver, type Value } from './resolve.js';
import { rootOf, type Role } from './roles.js';
import { elementwiseText, isAtom, literal, type Hoisted } from './text.js';

/** How the code finds one of the graph's inputs: by the name of an array, by names of variables that hold its elements, or both. */
export interface InputSource {
  readonly array?: string;
  readonly elements?: readonly string[];
  /** The same at every run of the code; so is, then, what follows from such inputs alone. */
  readonly fixed?: boolean;
}

/** Where the code leaves one of the graph's outputs: in an array, or in a variable for each element. */
export type OutputSource = { readonly array: string } | { readonly elements: readonly string[] };

export interface WriteOptions {
  readonly inputs: readonly InputSource[];
  /** Names of arrays that outputs may be made in; the code says by its OutputSource which it has used. */
  readonly targets: readonly (string | undefined)[];
  /** Appended to every name, so that the code can stand beside itself. */
  readonly suffix?: string;
}

/** Code that computes a graph once: statements, those that belong together in one text of several lines. */
export interface Body {
  /** Scalar code that follows from fixed inputs alone: to stand before a loop over the lines. */
  readonly fixed: readonly string[];
  readonly lines: readonly string[];
  readonly outputs: readonly OutputSource[];
}

class BodyWriter {
  private readonly fixed: string[] = [];
  private lines: string[] = [];
  private readonly resolver: Resolver;
  private readonly elements = new Map<number, (string | undefined)[]>();
  private readonly arrays = new Map<number, string>();
  private readonly inputs = new Map<number, InputSource>();
  private readonly suffix: string;
  private count = 0;

  constructor(
    private readonly plan: Plan,
    private readonly hoisted: Hoisted,
    { inputs, targets, suffix = '' }: WriteOptions,
  ) {
    const { graph, roles, limit } = plan;
    this.suffix = suffix;
    this.resolver = new Resolver(graph.nodes, roles, limit);
    graph.inputs.forEach((id, index) => {
      this.inputs.set(id, inputs[index]);
      const { elements, array } = inputs[index];
      if (array !== undefined) this.arrays.set(id, array);
      if (elements !== undefined) this.elements.set(id, [...elements]);
    });
    const isFixed = this.fixedNodes();
    this.assignTargets(targets);
    this.assignMemory(isFixed);
    for (const [id, { array }] of this.inputs) if (array === undefined) this.spill(id);
    const { lines } = this;
    plan.slots.forEach((slot, index) => {
      for (const action of slot.actions) {
        if (action.kind === 'elements') {
          this.lines = isFixed[action.node] ? this.fixed : lines;
          this.writeElements(action.node);
          this.lines = lines;
        } else if (action.kind === 'clear') this.clear(action.node);
        else this.storeElements(action.node, action.store);
      }
      if (slot.nest !== undefined) this.writeNest(slot.nest, index);
      if (slot.kernel !== undefined) this.callKernel(slot.kernel);
    });
  }

  body(): Body {
    const { graph, roles, limit } = this.plan;
    const outputs = graph.outputs.map((id): OutputSource => {
      const size = sizeOf(graph.nodes[id].shape);
      const made = hasOwnMemory.has(roles[id]) && size !== 1;
      if (made || size > limit) return { array: this.array(id) };
      return { elements: Array.from({ length: size }, (_, place) => this.element(id, place)) };
    });
    return { fixed: this.fixed, lines: this.lines, outputs };
  }

  /** Scalars and small arrays that follow from fixed inputs alone. */
  private fixedNodes(): boolean[] {
    const { graph, roles } = this.plan;
    const isFixed: boolean[] = [];
    graph.nodes.forEach(({ inputs }, id) => {
      const source = this.inputs.get(id);
      const atHand = source === undefined ? roles[id] === 'elements' : source.fixed === true;
      isFixed.push(roles[id] === 'constant' || (atHand && inputs.every((input) => isFixed[input])));
    });
    return isFixed;
  }

  /** Nodes made in memory are made in an output's array where they are one. */
  private assignTargets(targets: readonly (string | undefined)[]): void {
    const { graph, roles, lifetimes } = this.plan;
    graph.outputs.forEach((id, index) => {
      const root = rootOf(graph.nodes, id);
      const target = targets[index];
      if (target === undefined || this.arrays.has(root) || !lifetimes.has(root)) return;
      if (hasOwnMemory.has(roles[root]) && sizeOf(graph.nodes[root].shape) !== 1)
        this.arrays.set(root, target);
    });
  }

  private assignMemory(isFixed: readonly boolean[]): void {
    const { graph, lifetimes } = this.plan;
    const ids = [...lifetimes.keys()].filter(
      (id) => !this.arrays.has(id) && constantValue(graph.nodes[id]) === undefined,
    );
    const requests = ids.map((id): Request => {
      const { dtype, shape } = graph.nodes[id];
      const [first, last] = isFixed[id] ? [0, Infinity] : (lifetimes.get(id) ?? [0, 0]);
      return { dtype, length: sizeOf(shape), first: this.inputs.has(id) ? 0 : first, last };
    });
    shareMemory(requests).forEach((array, index) => {
      this.arrays.set(ids[index], this.hoisted.name('b', array));
    });
  }

  private node(id: number): Node {
    return this.plan.graph.nodes[id];
  }

  /** The name of the array that holds a node. */
  private array(id: number): string {
    const root = rootOf(this.plan.graph.nodes, id);
    const known = this.arrays.get(root);
    if (known !== undefined) return known;
    const value = constantValue(this.node(root));
    if (value === undefined) throw new ScreeError(`compile: ${this.node(root).op.name} has no memory`);
    return this.hoisted.name('c', value.data);
  }

  private nameOf(id: number, place = 0): string {
    const name = sizeOf(this.node(id).shape) === 1 ? `v${id}` : `v${id}_${place}`;
    return name + this.suffix;
  }

  /** The name of one element of a scalar or small array. */
  private element(id: number, place: number): string {
    const known = this.elements.get(id)?.[place];
    if (known !== undefined) return known;
    const value = constantValue(this.node(id));
    if (value !== undefined) return literal(value.data[place]);
    return this.define(id, place, `${this.array(id)}[${place}]`);
  }

  /** Names an element. Text that is a name or a number already needs no variable. */
  private define(id: number, place: number, text: string): string {
    const names = this.elements.get(id) ?? [];
    this.elements.set(id, names);
    if (isAtom(text)) return (names[place] = text);
    const name = this.nameOf(id, place);
    this.lines.push(`const ${name} = ${text};`);
    return (names[place] = name);
  }

  private writeElements(id: number): void {
    const node = this.node(id);
    const { op, shape, inputs } = node;
    if (op.elementwise !== undefined) {
      const offsets = inputs.map((input) => broadcastOffsets(this.node(input).shape, shape));
      for (let place = 0; place < sizeOf(shape); place++) {
        const operands = inputs.map((input, index) => this.element(input, offsets[index]?.[place] ?? place));
        this.define(id, place, elementwiseText(node, operands, this.hoisted));
      }
    } else if (isView(node)) {
      for (let place = 0; place < sizeOf(shape); place++) {
        this.define(id, place, this.constantText(this.resolver.constant(id, place)));
      }
    } else {
      const operands = inputs.map((input) => this.node(input));
      const texts = elementTexts(node, operands, (index, place) => this.element(inputs[index], place));
      texts.forEach((text, place) => this.define(id, place, text));
    }
    this.spill(id);
  }

  /** A value outside all loops. */
  private constantText(value: Value): string {
    switch (value.kind) {
      case 'element':
        return this.element(value.node, value.place);
      case 'load':
      case 'current':
        return `${this.array(value.node)}[${value.at.base}]`;
      case 'compute': {
        const operands = value.operands.map((operand) => this.constantText(operand));
        return elementwiseText(this.node(value.node), operands, this.hoisted);
      }
    }
  }

  /** Writes variables to memory where loops or kernels read them as an array. */
  private spill(id: number): void {
    const array = this.arrays.get(id);
    if (array === undefined) return;
    for (let place = 0; place < sizeOf(this.node(id).shape); place++) {
      this.lines.push(`${array}[${place}] = ${this.element(id, place)};`);
    }
  }

  private clear(id: number): void {
    const { shape, attributes, inputs } = this.node(id);
    const array = this.array(id);
    const interior = attributes.interior as readonly number[];
    if (loopShape(shape).length > 1 || interior.some((count) => count > 0)) {
      this.lines.push(`${array}.fill(0);`);
      return;
    }
    const low = (attributes.low as readonly number[]).reduce((most, count) => Math.max(most, count), 0);
    const end = low + sizeOf(this.node(inputs[0]).shape);
    if (low > 0) this.lines.push(`${array}.fill(0, 0, ${low});`);
    if (end < sizeOf(shape)) this.lines.push(`${array}.fill(0, ${end});`);
  }

  private storeElements(id: number, { node, at }: Store): void {
    const { shape } = this.node(id);
    const strides = stridesOf(loopShape(shape));
    for (let place = 0; place < sizeOf(shape); place++) {
      let [rest, target] = [place, at.base];
      strides.forEach((stride, loop) => {
        target += Math.floor(rest / stride) * (at.factors[loop] ?? 0);
        rest %= stride;
      });
      this.lines.push(`${this.array(node)}[${target}] = ${this.element(id, place)};`);
    }
  }

  private callKernel(id: number): void {
    const { inputs } = this.node(id);
    const kernel = nodeKernel(
      this.node(id),
      inputs.map((input) => this.node(input)),
    );
    const operands = [id, ...inputs].map((operand) => this.array(operand));
    this.lines.push(`${this.hoisted.name('k', kernel)}(${operands.join(', ')});`);
  }

  private writeNest(nest: Nest, slot: number): void {
    const { resolver, hoisted, suffix } = this;
    const { before, instructions, after, totals } = nestCode(nest, {
      node: (id) => this.node(id),
      array: (id) => this.array(id),
      element: (id, place) => this.element(id, place),
      temporary: () => `t${this.count++}${suffix}`,
      resolver,
      hoisted,
      suffix,
    });
    this.lines.push(...before, nestText(nest.loops, instructions, `s${slot}${suffix}`).join('\n'), ...after);
    for (const [id, name] of totals) {
      this.elements.set(id, [name]);
      this.spill(id);
    }
  }
}

const hasOwnMemory = new Set<Role>(['member', 'reduce', 'placed', 'kernel']);

/** Code that computes a planned graph once. Its variables end in `suffix`; what it refers to is hoisted. */
export function writeBody(plan: Plan, hoisted: Hoisted, options: WriteOptions): Body {
  return new BodyWriter(plan, hoisted, options).body();
}
