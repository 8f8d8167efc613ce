/** What a point of two variables is: scree-point.ts. The monkey saddle at 0, where derivatives of third order decide; and the tracing of the function with it. */
import { classifyCriticalPoint } from '../src/curvature/point/critical-point.js';
import type { Tensor } from '../src/graph/tensor.js';
import { measure } from './measure.js';

function monkeySaddle(x: Tensor): Tensor {
  const [a, b] = [0, 1].map((place) => x.slice([place], [place + 1]).reshape([]));
  return a.mul(a).mul(a).sub(a.mul(b).mul(b).mul(3));
}

await measure(() => void classifyCriticalPoint(monkeySaddle, [0, 0]));
