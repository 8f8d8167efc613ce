// Fits a line to four points: a function, its gradient, an optimiser, and all of it compiled to one program.
import { compile, float64, valueAndGrad, type Tensor } from '../src/index.js';
import { sgd } from '../src/optim/index.js';

type Line = { slope: Tensor; height: Tensor };
const error = ({ slope, height }: Line, x: Tensor, y: Tensor) =>
  x.mul(slope).add(height).sub(y).square().mean();

const optimizer = sgd({ lr: 0.1 });
const step = (line: Line, x: Tensor, y: Tensor, lr: Tensor, count: Tensor) => {
  const { value, gradient } = valueAndGrad(error)(line, x, y);
  return { value, line: optimizer.update(gradient, {}, line, { lr, step: count }).parameters };
};
const line = { slope: float64(), height: float64() };
const program = compile(step, [line, float64(4), float64(4), float64(), float64()]);

let now = program.run({ slope: 0, height: 0 }, [0, 1, 2, 3], [1, 3, 5, 7], 0.1, 1);
for (let count = 2; count <= 100; count++)
  now = program.run(now.line, [0, 1, 2, 3], [1, 3, 5, 7], 0.1, count);
const [slope, height, squared] = [now.line.slope, now.line.height, now.value].map(({ data }) => data[0]);
console.log(
  `y = ${slope.toFixed(3)} x + ${height.toFixed(3)}, mean squared error ${squared.toExponential(1)}`,
);
