import { allocate, type TypedArray } from '../../graph/dtype.js';
import { sizeOf } from '../../graph/shape.js';
import type { ScanAttributes } from '../../transform/index.js';
import { advance, carriedOf, elementNames } from './carried.js';
import { instantiate, type Generated } from './generate.js';
import { countLines, longestFunction } from './parts.js';
import { planGraph } from './plan.js';
import { Hoisted, indent } from './text.js';
import { writeBody, type InputSource, type OutputSource } from './write.js';

export type RunScan = (output: TypedArray, inputs: readonly TypedArray[]) => void;

/** `base + step * size`, without what is not needed. */
function place(base: number, size: number, element = 0): string {
  const start = base + element;
  return `${start === 0 ? '' : `${start} + `}${size === 1 ? 'step' : `step * ${size}`}`;
}

/** Lines that copy one step's element of an array into a buffer, or back: a view of it would be allocated at each step. */
function copyLines(target: string, source: string, size: number): string {
  return `for (let i = 0, at = ${place(0, size)}; i < ${size}; i++) ${target} = ${source};`;
}

/** Lines that write a kept value into the result. */
function keep(value: OutputSource, base: number, size: number): string[] {
  if ('array' in value) return [copyLines(`y[${base} + at + i]`, `${value.array}[i]`, size)];
  return value.elements.map((name, element) => `y[${place(base, size, element)}] = ${name};`);
}

/** One function for a loop over a prepared body, or undefined where it would be too long for V8 to make it fast. */
function scanSource({ body, length, reverse, carries, sequences }: ScanAttributes): Generated | undefined {
  const hoisted = new Hoisted();
  const plan = planGraph(body);
  const type = (index: number) => body.nodes[body.inputs[index]];
  const buffer = (index: number) => hoisted.name('b', allocate(type(index).dtype, sizeOf(type(index).shape)));
  const carried = carriedOf(plan, carries);
  const before: string[] = [];
  const each: string[] = [];
  const rest = body.inputs.slice(carries).map((_, k): InputSource => {
    const index = carries + k;
    const size = sizeOf(type(index).shape);
    const isSequence = k < sequences;
    before.push(`const x${k} = inputs[${index}];`);
    const lines = isSequence ? each : before;
    if (size <= plan.limit) {
      const elements = elementNames(isSequence ? `q${k}` : `p${k}`, size);
      elements.forEach((name, element) => {
        lines.push(`const ${name} = x${k}[${isSequence ? place(0, size, element) : element}];`);
      });
      return { array: isSequence ? undefined : `x${k}`, elements, fixed: !isSequence };
    }
    if (!isSequence) return { array: `x${k}`, fixed: true };
    const array = buffer(index);
    each.push(copyLines(`${array}[i]`, `x${k}[at + i]`, size));
    return { array };
  });
  const code = writeBody(plan, hoisted, {
    inputs: [...carried.map(({ names, array }) => (names ? { elements: names } : { array })), ...rest],
    targets: carried.map(({ names, next }) => (names ? undefined : next)),
  });
  if (countLines(code.lines) > longestFunction) return undefined;
  const start = carried.flatMap(({ names, array, next }, index) => {
    const given = `inputs[${index}]`;
    if (names) return names.map((name, element) => `let ${name} = ${given}[${element}];`);
    return [`let ${array} = ${buffer(index)};`, `let ${next} = ${buffer(index)};`, `${array}.set(${given});`];
  });
  let base = 0;
  const end: string[] = [];
  const kept: string[] = [];
  code.outputs.forEach((value, index) => {
    const size = sizeOf(body.nodes[body.outputs[index]].shape);
    const carry = carried[index];
    if (carry === undefined) kept.push(...keep(value, base, size));
    else if (carry.names === undefined) end.push(`y.set(${carry.array}, ${base});`);
    else for (const [element, name] of carry.names.entries()) end.push(`y[${base + element}] = ${name};`);
    base += carry === undefined ? length * size : size;
  });
  const order = reverse
    ? `for (let step = ${length - 1}; step >= 0; step--) {`
    : `for (let step = 0; step < ${length}; step++) {`;
  const source = [
    '(y, inputs) => {',
    ...indent([
      ...before,
      ...start,
      ...code.fixed,
      order,
      ...indent([...each, ...code.lines, ...kept, ...advance(carried, code)]),
      '}',
      ...end,
    ]),
    '}',
  ].join('\n');
  return { source, hoisted };
}

export function generateScan(attributes: ScanAttributes): RunScan | undefined {
  const source = scanSource(attributes);
  return source && (instantiate(source) as RunScan);
}
