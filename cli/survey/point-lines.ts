import type { PointReport } from '../../src/curvature/point/critical-point.js';
import { numberText } from '../../src/landscape/draw-text.js';
import type { Range } from '../../src/landscape/draw-view.js';
import { plain, type Style } from '../terminal/style.js';
import { table } from '../terminal/table.js';
import { kindText, mostEntries, wayText } from './point-text.js';
import { pointText, wrap } from '../walk/report.js';
import { terminalMap, type TerminalOptions } from '../walk/terminal-map.js';
import type { Ground } from '../walk/surface-argument.js';

/** Eigenvalues that are listed; of more the middle is left out. */
const mostListed = 10;

/** What a person reads of a point: the verdict first, then eigenvalues, the way down, the evidence and the surface around it. */
export function pointLines(
  { surface }: Ground,
  report: PointReport,
  { columns, style = plain }: { columns: number; style?: Style },
): string[] {
  const { variables } = surface;
  const { point, value, gradientNorm, corank, order, reducedForm } = report;
  const gradient = Number.isNaN(gradientNorm) ? '' : `, gradient ${numberText(gradientNorm)}`;
  const title = `${style('bold', kindText(report))} at ${pointText(point, variables)}: f = ${numberText(value, 8)}${gradient}`;
  const facts: [string, string][] = [];
  if (corank !== undefined && corank > 0) {
    const form = reducedForm === undefined ? '' : `; reduced form ${reducedForm}`;
    const by = report.kind === 'unknown' ? 'not decided by orders up to' : 'decided by order';
    facts.push(['order', `corank ${corank}, ${by} ${order}${form}`]);
  }
  facts.push(['way down', wayText(report, variables)]);
  report.evidence.forEach((text, index) => facts.push([index === 0 ? 'evidence' : '', text]));
  const indent = ' '.repeat(12);
  const factLines = facts.flatMap(([label, text]) =>
    wrap(text, columns, indent).map((line, index) =>
      index === 0 ? `${style('dim', `  ${label.padEnd(10)}`)}${line}` : `${indent}${line}`,
    ),
  );
  const map = variables.length === 2 && report.hessian.length > 0;
  return [
    title,
    ...factLines,
    ...(report.eigenvalues.length === 0 ? [] : ['', ...eigenTable(report, style)]),
    ...(map ? ['', ...surroundings(surface, report, { columns, style })] : []),
  ];
}

function eigenTable({ eigenvalues, eigenvectors }: PointReport, style: Style): string[] {
  const rows = eigenvalues.map((value, j) => {
    const vector = eigenvectors[j];
    const entries = vector.slice(0, mostEntries).map((entry) => numberText(entry, 4));
    const rest = vector.length > entries.length ? ', …' : '';
    return [numberText(value, 6), `(${entries.join(', ')}${rest})`];
  });
  const shown =
    rows.length <= mostListed
      ? rows
      : [...rows.slice(0, mostListed / 2), ['…', ''], ...rows.slice(-mostListed / 2)];
  return table(shown, { columns: ['eigenvalue', 'eigenvector'], align: ['right'], style });
}

/** The surface around a point of two variables, its eigenvectors as arrows and the way down. */
function surroundings(
  surface: Ground['surface'],
  report: PointReport,
  options: Pick<TerminalOptions, 'columns' | 'style'>,
): string[] {
  const [x, y] = report.point;
  const { wayDown, eigenvalues, eigenvectors } = report;
  const radius = wayDown === undefined || wayDown.until >= 0.25 ? 1 : 2 * wayDown.until;
  const box: Range[] = [
    [x - radius, x + radius],
    [y - radius, y + radius],
  ];
  const arrows = eigenvectors.map(([u, v], j) => ({
    line: [x, y, x + 0.6 * radius * u, y + 0.6 * radius * v],
    sign: eigenvalues[j] > 0 ? '+' : eigenvalues[j] < 0 ? '−' : '0',
  }));
  const way = wayLine(report, radius);
  const lines = way === undefined ? arrows : [...arrows, { line: way, sign: '↓' }];
  const signs = 'arrows: eigenvectors, by the signs of their eigenvalues';
  return [
    ...terminalMap(surface, box, [], { ...options, lines }),
    options.style?.('dim', way === undefined ? signs : `${signs}; ↓ the way down`) ?? signs,
  ];
}

const samples = 40;

function wayLine({ point: [x, y], wayDown }: PointReport, radius: number): number[] | undefined {
  if (wayDown === undefined) return undefined;
  const { direction, curve, until } = wayDown;
  if (direction !== undefined) {
    return [x, y, x + 0.9 * radius * direction[0], y + 0.9 * radius * direction[1]];
  }
  const [alongX, alongY] = curve?.coefficients ?? [[x], [y]];
  const at = (powers: readonly number[], t: number) => powers.reduceRight((sum, value) => sum * t + value, 0);
  const line: number[] = [];
  for (let k = 0; k <= samples; k++) {
    const t = (until * k) / samples;
    const [nextX, nextY] = [at(alongX, t), at(alongY, t)];
    if (Math.abs(nextX - x) > 0.95 * radius || Math.abs(nextY - y) > 0.95 * radius) break;
    line.push(nextX, nextY);
  }
  return line;
}
