import { describe, expect, test } from 'vitest';
import { formula } from '../formula/index.js';
import { parseOptimizer } from '../optim/index.js';
import { cellStart, checkpoints, findBasins, placesLength, rowWalker, type StartGrid } from './basins.js';
import { basinPixels } from './basins-image.js';
import type { Surface } from './surface.js';

function walkAll(surface: Surface, optimizer: string, grid: StartGrid, steps: number) {
  const data = new Float32Array(placesLength(grid, steps));
  const places = { grid, steps: checkpoints(steps), data };
  const walkRow = rowWalker(surface, parseOptimizer(optimizer), places);
  for (let row = 0; row < grid.rows; row++) walkRow(row);
  return places;
}

/** Momentum as a person would write it. */
function momentumByHand(
  gradient: (x: number, y: number) => [number, number],
  [startX, startY]: readonly [number, number],
  { lr, beta, steps }: { lr: number; beta: number; steps: number },
) {
  const places = [[startX, startY]];
  let [x, y, u, v] = [startX, startY, 0, 0];
  for (let step = 0; step < steps; step++) {
    const [gx, gy] = gradient(x, y);
    [u, v] = [beta * u + gx, beta * v + gy];
    [x, y] = [x - lr * u, y - lr * v];
    places.push([x, y]);
  }
  return places;
}

describe('the double well', () => {
  const surface = formula('x^4/4 - x^2/2 + y^2/2');
  const gradient = (x: number, y: number): [number, number] => [x ** 3 - x, y];
  const grid: StartGrid = { x: [-2, 2], y: [-1, 1.5], columns: 12, rows: 7 };
  const steps = 150;
  const places = walkAll(surface, 'momentum:lr=0.05,momentum=0.8', grid, steps);
  const known = [
    [-1, 0],
    [1, 0],
  ];
  const basins = findBasins(surface, places, known);
  const byHand = Array.from({ length: grid.columns * grid.rows }, (_, cell) => {
    const start = cellStart(grid, cell % grid.columns, Math.floor(cell / grid.columns));
    return momentumByHand(gradient, start, { lr: 0.05, beta: 0.8, steps });
  });

  test('is walked as a plain loop walks it', () => {
    expect(places.steps).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 150]);
    places.steps.forEach((step, index) => {
      byHand.forEach((walk, cell) => {
        const at = 2 * (index * byHand.length + cell);
        // Kept as float32; the double well is smooth enough for the sums' order not to matter beyond it.
        expect(places.data[at]).toBeCloseTo(walk[step][0], 6);
        expect(places.data[at + 1]).toBeCloseTo(walk[step][1], 6);
      });
    });
  });

  test('parts where the plain walks part', () => {
    expect(Array.from(basins.labels)).toEqual(byHand.map((walk) => (walk[steps][0] < 0 ? 0 : 1)));
    const left = byHand.filter((walk) => walk[steps][0] < 0).length / byHand.length;
    expect(basins.minima).toEqual([
      { point: [-1, 0], value: -0.25, share: left, known: true },
      { point: [1, 0], value: -0.25, share: 1 - left, known: true },
    ]);
    expect([basins.moving, basins.lost]).toEqual([0, 0]);
  });

  test('says when each walk came to stay, between the checkpoints around it', () => {
    byHand.forEach((walk, cell) => {
      const [x, y] = known[basins.labels[cell]];
      const isNear = ([atX, atY]: readonly number[]) => Math.hypot(atX - x, atY - y) <= basins.radius;
      const arrived = steps + 1 - [...walk].reverse().findIndex((place) => !isNear(place));
      const list = [0, ...places.steps];
      // Seen only at checkpoints: it may have left and come back between two of them.
      const seen = list.find((_, index) => list.slice(index).every((step) => isNear(walk[step]))) ?? NaN;
      expect(basins.arrivals[cell]).toBeLessThanOrEqual(seen);
      expect(basins.arrivals[cell]).toBeGreaterThanOrEqual(list[Math.max(0, list.indexOf(seen) - 1)]);
      expect(arrived).toBeGreaterThanOrEqual(list[Math.max(0, list.indexOf(seen) - 1)]);
    });
  });

  test('has the same minima where none is known', () => {
    const found = findBasins(surface, places, []);
    const reached = found.minima.map(({ point }) => point.map((at) => Math.round(at * 1e6) / 1e6));
    expect(reached.sort(([a], [b]) => a - b)).toEqual([
      [-1, 0],
      [1, 0],
    ]);
    expect(found.minima.every((minimum) => !minimum.known)).toBe(true);
    const shares = new Map(found.minima.map(({ point, share }) => [Math.sign(point[0]), share]));
    expect(shares.get(-1)).toBe(basins.minima[0].share);
  });
});

test('arrivals on a bowl are those of its geometric series', () => {
  const grid: StartGrid = { x: [-2, 2], y: [-2, 2], columns: 9, rows: 9 };
  const basins = findBasins(formula('x^2 + y^2'), walkAll(formula('x^2 + y^2'), 'sgd:lr=0.1', grid, 100), [
    [0, 0],
  ]);
  basins.arrivals.forEach((arrival, cell) => {
    const distance = Math.hypot(...cellStart(grid, cell % 9, Math.floor(cell / 9)));
    // Each step leaves 0.8 of the distance.
    const exact = distance <= basins.radius ? 0 : Math.log(basins.radius / distance) / Math.log(0.8);
    // Places are float32.
    expect(arrival).toBeCloseTo(exact, 3);
  });
});

test('walks under way and walks that left the numbers reach no minimum, and are drawn grey and white', () => {
  const surface = formula('x^4 - 2*x^2 + y^2');
  const grid: StartGrid = { x: [-9, 9], y: [-1, 1], columns: 6, rows: 1 };
  // Starts at ±1.5, ±4.5, ±7.5; at 0.1 the steeper ones run away, and one step takes the rest only to ±0.75.
  const basins = findBasins(surface, walkAll(surface, 'sgd:lr=0.1', grid, 1), []);
  expect(Array.from(basins.labels)).toEqual([-1, -1, -1, -1, -1, -1]);
  const later = findBasins(surface, walkAll(surface, 'sgd:lr=0.1', grid, 300), []);
  expect(Array.from(later.labels, (label) => Math.min(label, 0))).toEqual([-2, -2, 0, 0, -2, -2]);
  expect(later.lost).toBeCloseTo(4 / 6, 12);
  const pixels = basinPixels(later, 300);
  expect(Array.from(pixels.subarray(0, 3))).toEqual([255, 255, 255]);
  expect(Array.from(basinPixels(basins, 1).subarray(6, 9))).toEqual([176, 178, 184]);
  expect(new Set([later.labels[2], later.labels[3]])).toEqual(new Set([0, 1]));
});

test('no saddle is taken for a minimum, though all walks end on it', () => {
  const surface = formula('x^2 - y^2');
  // A single column of starts on the x axis: y stays 0.
  const grid: StartGrid = { x: [0.5, 1.5], y: [-1, 1], columns: 3, rows: 1 };
  const basins = findBasins(surface, walkAll(surface, 'sgd:lr=0.1', grid, 400), []);
  expect(basins.minima).toEqual([]);
  expect(basins.moving).toBe(1);
});

test('optimisers whose steps are not alike are refused by name', () => {
  const grid: StartGrid = { x: [-1, 1], y: [-1, 1], columns: 2, rows: 2 };
  expect(() => walkAll(formula('x^2 + y^2'), 'soap', grid, 2)).toThrow('soap: works between the steps');
});

test('the first row of cells is at the top, and starts are in the middles of cells', () => {
  const grid: StartGrid = { x: [0, 4], y: [0, 2], columns: 4, rows: 2 };
  expect(cellStart(grid, 0, 0)).toEqual([0.5, 1.5]);
  expect(cellStart(grid, 3, 1)).toEqual([3.5, 0.5]);
});
