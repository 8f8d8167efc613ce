import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { surfaceGltf } from '../../src/landscape/gltf.js';
import { drawCurve } from '../../src/landscape/line-figure.js';
import { drawMap } from '../../src/landscape/draw-map.js';
import { numberText } from '../../src/landscape/draw-text.js';
import { formatPercent } from '../terminal/format.js';
import { pngOf } from '../walk/png.js';
import { writeOut } from '../walk/write.js';
import { runJson } from './run-json.js';
import type { RunPlane } from './run-plane.js';
import type { RunSurvey } from './run-report.js';

type File = readonly [name: string, content: string | Uint8Array];

const csv = (head: string, rows: Iterable<readonly (number | string)[]>): string =>
  [head, ...Array.from(rows, (row) => row.join(','))].join('\n') + '\n';

/** A picture as SVG and as PNG. */
const both = (name: string, svg: string): File[] => [
  [`${name}.svg`, svg],
  [`${name}.png`, pngOf(svg)],
];

/** Every number and picture of a survey, by the names of their files. */
export function surveyFiles(survey: RunSurvey): File[] {
  const { network, plane, line } = survey;
  const { spectrum, density } = network;
  const title = `${survey.model} on ${survey.data}, step ${survey.step}`;
  const files: File[] = [['survey.json', `${JSON.stringify(runJson(survey, []))}\n`]];
  const rows = [
    ...spectrum.top.map((pair, k) => ({ end: 'top', number: k + 1, ...pair })),
    ...spectrum.bottom.map((pair, k) => ({ end: 'bottom', number: k + 1, ...pair })),
  ];
  files.push([
    'eigenvalues.csv',
    csv(
      'end,number,eigenvalue,error,converged',
      rows.map(({ end, number, value, error, converged }) => [end, number, value, error, String(converged)]),
    ),
  ]);
  if (density !== undefined) {
    const highest = Math.max(...density.density);
    files.push(
      [
        'density.csv',
        csv(
          'eigenvalue,density,standardError',
          Array.from(density.at, (x, i) => [x, density.density[i], density.error[i]]),
        ),
      ],
      ...both(
        'density',
        drawCurve({
          title: `Spectral density: ${title}`,
          under: `σ = ${numberText(density.sigma, 3)}; the band is one standard error over ${density.quadratures.length} starts`,
          xName: 'eigenvalue',
          yName: 'density',
          curve: { x: density.at, y: density.density, error: density.error },
          logarithmic: { floor: Math.max(1e-9 * highest, 1 / (network.parameters * density.sigma * 50)) },
        }),
      ),
    );
  }
  if (line !== undefined) {
    files.push(
      [
        'line.csv',
        csv(
          'at,loss',
          line.at.map((t, k) => [t, line.values[k]]),
        ),
      ],
      ...both(
        'line',
        drawCurve({
          title: `From ${survey.path} to ${line.other}`,
          under: `barrier ${numberText(line.barrier.height)} above the straight line between the ends, ${numberText(line.distance)} apart`,
          xName: 'share of the way',
          yName: 'loss',
          curve: { x: line.at, y: line.values },
          marks: [
            { x: 0, label: 'this run' },
            { x: 1, label: 'the other' },
          ],
        }),
      ),
    );
  }
  return plane === undefined ? files : [...files, ...planeFiles(plane, title)];
}

function planeFiles(plane: RunPlane, title: string): File[] {
  const { grid, points, kind, explained } = plane;
  const { columns, rows, x, y, values } = grid;
  const cells = function* (): Generator<number[]> {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const a = x[0] + ((x[1] - x[0]) * column) / (columns - 1);
        const b = y[0] + ((y[1] - y[0]) * row) / (rows - 1);
        yield [a, b, values[row * columns + column]];
      }
    }
  };
  const under =
    explained === undefined
      ? 'two random directions; 1 is as long as the filters of the weights'
      : `through the checkpoints: the axes carry ${formatPercent(explained[0])} and ${formatPercent(explained[1])} of the squared distances`;
  const svg = drawMap({
    title: `Loss: ${title}`,
    under,
    variables: ['a', 'b'],
    grid,
    walks: [
      {
        name: explained === undefined ? 'the weights' : 'the run',
        note: explained === undefined ? '' : `projected, ${points.length} checkpoints`,
        places: Float64Array.from(points.flatMap(({ a, b }) => [a, b])),
      },
    ],
  });
  return [
    ['plane.csv', csv('a,b,loss', cells())],
    [
      'plane-points.csv',
      csv(
        'step,a,b,residual,distance,loss,planeLoss',
        points.map(({ step, a, b, residual, distance, loss, planeLoss }) => [
          step,
          a,
          b,
          residual,
          distance,
          loss,
          planeLoss,
        ]),
      ),
    ],
    ...both('plane', svg),
    ['plane.gltf', surfaceGltf(grid, { title: `${title} (${kind} plane)`, logarithmic: true })],
  ];
}

/**
 * @returns the paths of the files
 * @throws ScreeError where one cannot be written
 */
export async function writeSurveyFiles(folder: string, files: readonly File[]): Promise<string[]> {
  await mkdir(folder, { recursive: true }).catch(() => undefined);
  for (const [name, content] of files) await writeOut(join(folder, name), content);
  return files.map(([name]) => join(folder, name));
}
