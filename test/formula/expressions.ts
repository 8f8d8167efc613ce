import * as fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import type { Condition, Expression } from '../../src/formula/ast.js';

const variable: Arbitrary<Expression> = fc
  .constantFrom('x', 'y', 'z2')
  .map((name) => ({ kind: 'name', name }));

const numeral: Arbitrary<Expression> = fc
  .oneof(
    fc.integer({ min: 0, max: 12 }),
    fc.double({ min: 0, max: 1e4, noNaN: true }),
    fc.constantFrom(1e-7, 2.5e21),
  )
  .map((value) => ({ kind: 'number', value: Math.abs(value) }));

/** Calls that take one operand, and those that take two. */
export interface Vocabulary {
  readonly unary: readonly string[];
  readonly binary: readonly string[];
  /** Whether sums, products and elements of a list p occur. */
  readonly lists: boolean;
}

function combined(
  { unary, binary, lists }: Vocabulary,
  part: Arbitrary<Expression>,
): Arbitrary<Expression>[] {
  const condition: Arbitrary<Condition> = fc.letrec<{ any: Condition; comparison: Condition }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 2 },
      tie('comparison'),
      fc.record({
        kind: fc.constant('logic' as const),
        operator: fc.constantFrom('and' as const, 'or' as const),
        left: tie('any'),
        right: tie('any'),
      }),
      fc.record({ kind: fc.constant('not' as const), operand: tie('any') }),
    ),
    comparison: fc.record({
      kind: fc.constant('comparison' as const),
      operator: fc.constantFrom(
        '<' as const,
        '<=' as const,
        '>' as const,
        '>=' as const,
        '==' as const,
        '!=' as const,
      ),
      left: part,
      right: part,
    }),
  })).any;
  const several: Arbitrary<Expression>[] = [
    fc.record({ kind: fc.constant('negate' as const), operand: part }),
    fc.record({
      kind: fc.constant('binary' as const),
      operator: fc.constantFrom('+' as const, '-' as const, '*' as const, '/' as const, '^' as const),
      left: part,
      right: part,
    }),
    fc.record({
      kind: fc.constant('call' as const),
      name: fc.constantFrom(...unary),
      operands: part.map((operand) => [operand]),
    }),
    fc.record({
      kind: fc.constant('call' as const),
      name: fc.constantFrom(...binary),
      operands: fc.tuple(part, part),
    }),
    fc.record({
      kind: fc.constant('piecewise' as const),
      branches: fc.array(fc.record({ condition, value: part }), { minLength: 1, maxLength: 2 }),
      otherwise: part,
    }),
  ];
  if (!lists) return several;
  const bound = fc.integer({ min: 1, max: 4 }).map((value): Expression => ({ kind: 'number', value }));
  return [
    ...several,
    fc.record({ kind: fc.constant('element' as const), name: fc.constant('p'), index: part }),
    fc.record({
      kind: fc.constant('reduction' as const),
      operation: fc.constantFrom('sum' as const, 'prod' as const),
      body: part,
      index: fc.constant('i'),
      from: bound,
      to: bound,
    }),
  ];
}

/** Random syntax trees over the variables x, y and z2, as the parser could have made them. */
export function expressions(vocabulary: Vocabulary): Arbitrary<Expression> {
  return fc.letrec<{ expression: Expression }>((tie) => ({
    expression: fc.oneof(
      { maxDepth: 5, depthSize: 'small', withCrossShrink: true },
      variable,
      numeral,
      ...combined(vocabulary, tie('expression')),
    ),
  })).expression;
}
