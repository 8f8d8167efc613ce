import { maximum, minimum, mirrored, saddle } from './points.js';
import { surface, type SurfaceDefinition } from './surface.js';

const square = [-1.5, 1.5] as const;
const arnold = 'Arnold, Gusein-Zade, Varchenko: Singularities of Differentiable Maps I, 1985, §11';
const starts = [
  [1, 1],
  [1, 0],
  [1, -0.5],
  [-1, 0.5],
];

/** A normal form with its only critical point at 0. */
function atOrigin(
  name: string,
  title: string,
  formula: string,
  singularity: string,
  kind: 'minimum' | 'saddle',
  eigenvalues: readonly number[],
  source = arnold,
): SurfaceDefinition {
  const critical = kind === 'minimum' ? minimum : saddle;
  return surface({
    name,
    title,
    formula,
    source,
    points: {
      domain: square,
      starts,
      criticalPoints: [critical([0, 0], 0, { eigenvalues, degenerate: true, singularity })],
      complete: true,
    },
  });
}

export const singularSurfaces = [
  surface({
    name: 'a-k',
    title: 'A_k: ±xᵏ⁺¹ + y²',
    formula: 's*x^(k+1) + y^2',
    source: arnold,
    parameters: {
      k: { default: 3, least: 1, most: 60, multipleOf: 1 },
      s: { default: 1, choices: [-1, 1] },
    },
    points: ({ k, s }) => {
      const isMinimum = k % 2 === 1 && s > 0;
      const extra =
        k === 1
          ? { eigenvalues: s > 0 ? [2, 2] : [-2, 2] }
          : {
              eigenvalues: [0, 2],
              degenerate: true as const,
              singularity: k % 2 === 0 ? `A${k}` : `A${k}${s > 0 ? '+' : '−'}`,
            };
      return {
        domain: square,
        starts,
        criticalPoints: [(isMinimum ? minimum : saddle)([0, 0], 0, extra)],
        complete: true,
      };
    },
  }),
  surface({
    name: 'd-k',
    title: 'D_k: x²y ± yᵏ⁻¹',
    formula: 'x^2*y + s*y^(k-1)',
    source: arnold,
    parameters: {
      k: { default: 4, least: 4, most: 60, multipleOf: 1 },
      s: { default: -1, choices: [-1, 1] },
    },
    points: ({ k, s }) => {
      const singularity = `D${k}${s > 0 ? '+' : '−'}`;
      return {
        domain: square,
        starts,
        criticalPoints: [saddle([0, 0], 0, { eigenvalues: [0, 0], degenerate: true, singularity })],
        complete: true,
      };
    },
  }),
  atOrigin('e6', 'E₆: x³ + y⁴', 'x^3 + y^4', 'E6', 'saddle', [0, 0]),
  atOrigin('e7', 'E₇: x³ + xy³', 'x^3 + x*y^3', 'E7', 'saddle', [0, 0]),
  atOrigin('e8', 'E₈: x³ + y⁵', 'x^3 + y^5', 'E8', 'saddle', [0, 0]),
  atOrigin(
    'monkey-saddle',
    'Monkey saddle',
    'x^3 - 3*x*y^2',
    'D4−',
    'saddle',
    [0, 0],
    'Hilbert and Cohn-Vossen 1932; D₄⁻',
  ),
  atOrigin(
    'peano',
    'Peano’s surface',
    '(y - x^2)*(y - 2*x^2)',
    'A3−',
    'saddle',
    [0, 2],
    'Peano 1884: along every straight line through 0 a minimum there, and yet none; A₃⁻',
  ),
  atOrigin('cusp', 'x² + y³', 'x^2 + y^3', 'A2', 'saddle', [0, 2], 'elementary; A₂'),
  atOrigin('quintic-saddle', 'x⁵ − y²', 'x^5 - y^2', 'A4', 'saddle', [-2, 0], 'elementary; A₄'),
  atOrigin('quartic-bowl', 'x⁴ + y⁴', 'x^4 + y^4', 'X9', 'minimum', [0, 0], 'elementary; X₉'),
  surface({
    name: 'valley-cross',
    title: 'x²y²',
    formula: 'x^2*y^2',
    source: 'elementary; the axes are valleys of minima that cross',
    points: {
      domain: square,
      starts,
      criticalPoints: [
        minimum([0, 0], 0, { eigenvalues: [0, 0], degenerate: true }),
        ...mirrored(minimum([1, 0], 0, { eigenvalues: [0, 2], degenerate: true })),
        ...mirrored(minimum([0, 1], 0, { eigenvalues: [0, 2], degenerate: true })),
      ],
    },
  }),
  surface({
    name: 'bent-valley',
    title: '(x + y²)²',
    formula: '(x + y^2)^2',
    source: 'elementary; a valley of minima along x = −y²',
    points: {
      domain: square,
      starts,
      criticalPoints: [
        minimum([0, 0], 0, { eigenvalues: [0, 2], degenerate: true }),
        minimum([-1, 1], 0, { eigenvalues: [0, 10], degenerate: true }),
        minimum([-1, -1], 0, { eigenvalues: [0, 10], degenerate: true }),
      ],
    },
  }),
  surface({
    name: 'circle-valley',
    title: '(x² + y² − 1)²',
    formula: '(x^2 + y^2 - 1)^2',
    source: 'elementary; a valley of minima around a maximum',
    points: {
      domain: square,
      starts: [
        [0.1, 0.05],
        [1.4, 0.3],
        [0, 0],
      ],
      criticalPoints: [
        maximum([0, 0], 1, { eigenvalues: [-4, -4] }),
        ...mirrored(minimum([1, 0], 0, { eigenvalues: [0, 8], degenerate: true })),
        ...mirrored(minimum([0, 1], 0, { eigenvalues: [0, 8], degenerate: true })),
        ...mirrored(minimum([0.6, 0.8], 0, { eigenvalues: [0, 8], degenerate: true })),
      ],
    },
  }),
];
