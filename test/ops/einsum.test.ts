import { describe, expect, test } from 'vitest';
import { compile } from '../../src/compile/index.js';
import { ndarray, type NDArray, type Tensor } from '../../src/graph/index.js';
import { dot, einsum, float64, trace } from '../../src/ops/index.js';
import { Generator, uniform } from '../../src/random/index.js';

/** The definition itself: a loop over every value of every letter. Equations without '...' and with '->' only. */
function byLoops(equation: string, operands: readonly NDArray[]): NDArray {
  const [inputs, output] = equation.replaceAll(' ', '').split('->');
  const terms = inputs.split(',');
  const letters = [...new Set(terms.join(''))];
  const extent = (letter: string) => {
    const k = terms.findIndex((term) => term.includes(letter));
    return operands[k].shape[terms[k].indexOf(letter)];
  };
  const place = (labels: string, index: Record<string, number>) =>
    labels.split('').reduce((at, letter) => at * extent(letter) + index[letter], 0);
  const shape = output.split('').map(extent);
  const result = new Float64Array(shape.reduce((size, count) => size * count, 1));
  const total = letters.reduce((size, letter) => size * extent(letter), 1);
  for (let step = 0; step < total; step++) {
    const index: Record<string, number> = {};
    let left = step;
    for (const letter of letters) {
      index[letter] = left % extent(letter);
      left = Math.floor(left / extent(letter));
    }
    result[place(output, index)] += operands.reduce(
      (product, { data }, k) => product * data[place(terms[k], index)],
      1,
    );
  }
  return ndarray(result, shape);
}

const draw = (shape: readonly number[], k: number) =>
  uniform(new Generator(3).fork(String(k)), shape, { low: -1, high: 1, dtype: 'float64' });

function expectClose(actual: NDArray, expected: NDArray): void {
  expect(actual.shape).toEqual(expected.shape);
  // The same sums of at most a hundred products below 1, in another order.
  actual.data.forEach((value, i) => expect(value).toBeCloseTo(expected.data[i], 12));
}

const evaluate = (equation: string, operands: NDArray[]) =>
  compile((xs: Tensor[]) => einsum(equation, ...xs), [operands]).run(operands);

describe('einsum is the sum over every index', () => {
  test.each<[string, number[][]]>([
    ['i->i', [[4]]],
    ['ij->ji', [[2, 3]]],
    ['ij->j', [[2, 3]]],
    ['ii->', [[3, 3]]],
    ['iijj->ij', [[2, 2, 3, 3]]],
    ['iii->i', [[3, 3, 3]]],
    [
      'ij,jk->ik',
      [
        [2, 3],
        [3, 4],
      ],
    ],
    [
      ' ij , jk -> ki ',
      [
        [2, 3],
        [3, 4],
      ],
    ],
    [
      'ij,ij->',
      [
        [2, 3],
        [2, 3],
      ],
    ],
    [
      'ij,ij->ij',
      [
        [2, 3],
        [2, 3],
      ],
    ],
    [
      'ij,kl->likj',
      [
        [2, 3],
        [1, 2],
      ],
    ],
    [
      'bij,bkj->bik',
      [
        [2, 3, 4],
        [2, 2, 4],
      ],
    ],
    ['i,ij,j->', [[3], [3, 4], [4]]],
    [
      'ijk,jil,kl->',
      [
        [2, 3, 4],
        [3, 2, 5],
        [4, 5],
      ],
    ],
    [
      'ab,bc,cd,da->ac',
      [
        [2, 3],
        [3, 2],
        [2, 3],
        [3, 2],
      ],
    ],
    [
      'iik,kj->ij',
      [
        [3, 3, 2],
        [2, 4],
      ],
    ],
    [',i->i', [[], [3]]],
    [
      'ij,jk->ik',
      [
        [2, 0],
        [0, 3],
      ],
    ],
    [
      'ij,jk->ik',
      [
        [0, 2],
        [2, 3],
      ],
    ],
  ])('%s', (equation, shapes) => {
    const operands = shapes.map(draw);
    expectClose(evaluate(equation, operands), byLoops(equation, operands));
  });

  test('letters that occur once make the result where none is written', () => {
    const operands = [draw([2, 3], 0), draw([3, 4], 1)];
    expectClose(evaluate('bc,ca', [operands[0], operands[1]]), byLoops('bc,ca->ab', operands));
  });

  test("'...' broadcasts the axes that are not named", () => {
    const x = draw([2, 1, 3, 4], 0);
    const y = draw([5, 4, 2], 1);
    const product = compile((a: Tensor, b: Tensor) => a.matmul(b), [x, y]).run(x, y);
    expectClose(evaluate('...ij,...jk->...ik', [x, y]), product);
    expectClose(evaluate('...ij,...jk', [x, y]), product);
  });
});

describe('what is wrong is shown', () => {
  const tensors: Record<string, readonly number[]> = { x: [2, 3], y: [3, 4] };
  test.each([
    ['i$,jk->ik', "einsum: 'i$,jk->ik', character 2: '$' is neither a letter nor part of '...', ',' or '->'"],
    ['ij,jk->iz', "einsum: 'ij,jk->iz', character 9: 'z' is an axis of no operand"],
    ['ij,jk->ii', "einsum: 'ij,jk->ii', character 9: 'i' stands twice in the result"],
    ['ij,jk-ik', "einsum: 'ij,jk-ik', character 6: '-' is neither"],
    ['ij,jk->i,k', "einsum: 'ij,jk->i,k', character 9: ',' is neither"],
    ['...i...,jk->', "einsum: '...i...,jk->', character 5: a second '...' for one operand"],
    ['..ij,jk', "einsum: '..ij,jk', character 1: '.' is neither"],
    ['ij->ij', "einsum: 'ij->ij' names 1 operand(s), but 2 are given"],
    ['', "einsum: '' names 1 operand(s), but 2 are given"],
    ['ijk,jk->i', "einsum: 'ijk,jk->i': the operand 'ijk' does not name the 2 axes of [2,3]"],
    ['...ijk,jk->i', "einsum: '...ijk,jk->i': the operand '...ijk' does not name the 2 axes of [2,3]"],
    ['ij,ik->jk', "einsum: 'ij,ik->jk': axis 'i' has extent 2 and extent 3"],
    ['...,...->...', "einsum: '...,...->...': an axis of '...' has extent 2 and extent 3"],
  ])('%s', (equation, message) => {
    const f = (x: Tensor, y: Tensor) => einsum(equation, x, y);
    expect(() => trace(f, [float64(...tensors.x), float64(...tensors.y)])).toThrow(message);
  });

  test('dot of matrices', () => {
    expect(() => trace((x: Tensor) => dot(x, x), [float64(2, 2)])).toThrow(
      'dot: [2,2] and [2,2] must be two vectors of one length',
    );
  });
});
