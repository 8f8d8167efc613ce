import { compile } from '../../src/compile/index.js';
import { ndarray } from '../../src/graph/ndarray.js';
import type { Tensor } from '../../src/graph/tensor.js';
import { cellStart, type StartGrid } from '../../src/landscape/basins.js';
import type { Surface } from '../../src/landscape/surface.js';
import { float64 } from '../../src/ops/index.js';
import { hessian, vmap } from '../../src/transform/index.js';

const side = 33;

/** Of the places looked at; the rest may be beside a pole. */
const counted = 0.98;

/**
 * A learning rate with which gradient descent is stable almost everywhere in a box of two variables: 1/L to two digits, where L is
 * the largest curvature on a grid of 33 × 33 (but for the largest 2 %, which a pole may make as large as it likes).
 */
export function steadyRate({ evaluate }: Surface, { x, y }: StartGrid): number {
  const grid = { x, y, columns: side, rows: side };
  const points = Float64Array.from({ length: 2 * side * side }, (_, index) => {
    const cell = index >> 1;
    return cellStart(grid, cell % side, Math.floor(cell / side))[index % 2];
  });
  const second = vmap(hessian((at: Tensor) => evaluate(at)));
  const { data } = compile((at: Tensor) => second(at), [float64(side * side, 2)]).run(
    ndarray(points, [side * side, 2]),
  );
  const largest: number[] = [];
  for (let at = 0; at < data.length; at += 4) {
    const [xx, xy, yy] = [data[at], data[at + 1], data[at + 3]];
    // The larger eigenvalue by size: of [[xx, xy], [xy, yy]].
    const size = Math.abs((xx + yy) / 2) + Math.hypot((xx - yy) / 2, xy);
    if (Number.isFinite(size)) largest.push(size);
  }
  largest.sort((a, b) => a - b);
  const curvature = largest[Math.floor(counted * (largest.length - 1))] ?? 0;
  return curvature > 0 ? Number((1 / curvature).toPrecision(2)) : 0.01;
}
