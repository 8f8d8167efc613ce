import { numberText } from '../../src/landscape/draw-text.js';
import type { StopReport } from '../../src/landscape/stop.js';
import type { Walk } from '../../src/landscape/walk.js';
import { formatCount } from '../terminal/format.js';
import { kindText, wayText } from '../survey/point-text.js';
import type { Style } from '../terminal/style.js';
import { visibleWidth } from '../terminal/text.js';

const reasons: Readonly<Record<StopReport['reason'], string>> = {
  minimum: 'reached a minimum',
  maximum: 'reached a maximum',
  saddle: 'stopped at a saddle',
  degenerate: 'stopped at a degenerate point',
  gradient: 'stopped where the gradient is small',
  step: 'stopped moving',
  function: 'stopped gaining',
  diverged: 'diverged',
  unbounded: 'ran away without bound',
  domain: 'left the domain of the function',
  cycle: 'went in a cycle',
  stepLimit: 'ran out of steps',
  user: 'interrupted',
};

/** What ended a walk, in a few words. */
function reasonText({ reason }: StopReport): string {
  return reasons[reason];
}

function stepsText(steps: number): string {
  return `${formatCount(steps)} step${steps === 1 ? '' : 's'}`;
}

/** A point by its variables, cut where there are many. */
export function pointText(point: readonly number[], variables: readonly string[], digits = 6): string {
  const shown = point.slice(0, 4).map((value, axis) => `${variables[axis]} = ${numberText(value, digits)}`);
  return point.length > shown.length
    ? `${shown.join(', ')}, … (${point.length} variables)`
    : shown.join(', ');
}

/** How a walk ended, in one line for the legend of a picture. */
export function endNote({ steps, stop, value }: Walk): string {
  return `${reasonText(stop)} after ${stepsText(steps)}, f = ${numberText(value)}`;
}

/** Breaks a text at blanks so that each line but the first is indented and none is wider than `width`. */
export function wrap(text: string, width: number, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && visibleWidth(indent) + visibleWidth(line) + 1 + visibleWidth(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** All that is known of how a walk ended: reason, criterion with value and threshold, the point with its evidence, advice. */
export function reportLines(
  { steps, end, value, gradientNorm, stop }: Walk,
  variables: readonly string[],
  heading: string,
  { columns, style }: { columns: number; style: Style },
): string[] {
  const { criterion, value: measured, threshold, point, advice } = stop;
  const title = `${heading}${style('bold', reasonText(stop))} after ${stepsText(steps)} (${stop.reason})`;
  const fields: [string, string][] = [
    ['at', `${pointText(end, variables)}: f = ${numberText(value, 8)}, gradient ${numberText(gradientNorm)}`],
    ['because', `${criterion}: ${numberText(measured)}, threshold ${numberText(threshold)}`],
    ['the point', [kindText(point), point.evidence.join('; ')].filter((part) => part !== '').join(': ')],
  ];
  if (point.wayDown !== undefined) fields.push(['way down', wayText(point, variables)]);
  if (advice !== undefined) fields.push(['advice', advice]);
  const indent = ' '.repeat(13);
  const lines = fields.flatMap(([label, text]) =>
    wrap(text, columns, indent).map((line, index) => {
      return `${index === 0 ? style('dim', `  ${label.padEnd(11)}`) : indent}${line}`;
    }),
  );
  return [title, ...lines];
}
