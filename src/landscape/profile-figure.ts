import { axes, gridLines, heading, ink, linearScale, type Scale } from './draw-axes.js';
import { printed } from './draw-text.js';
import { walkColor, walkColors } from './draw-walks.js';
import type { Profile } from './profile.js';
import { element, escapeXml, pathData, picture } from './svg.js';

export interface ProfilesDrawing {
  readonly title: string;
  readonly under: string;
  readonly profiles: readonly Profile[];
  /** What to say of each beside its name. */
  readonly notes: readonly string[];
}

const width = 760;
const left = 72;
const frameWidth = width - left - 28;
const frameHeight = 400;

/** The ratios drawn at most: beyond, a solver hardly counts as solving. */
const largestRatio = 64;

/** A scale of factors of two. */
function ratioScale(most: number, [from, to]: readonly [number, number]): Scale {
  const scale = (value: number) => from + (Math.log2(value) / Math.log2(most)) * (to - from);
  const ticks = Array.from({ length: Math.floor(Math.log2(most)) + 1 }, (_, power) => 2 ** power);
  return Object.assign(scale, { range: [1, most] as const, ticks });
}

/** A staircase that goes up at each ratio. */
function staircase({ ratios }: Profile, most: number): number[] {
  const line = [1, 0];
  ratios.forEach((ratio, index) => {
    if (ratio > most) return;
    line.push(ratio, index / ratios.length, ratio, (index + 1) / ratios.length);
  });
  return [...line, most, line[line.length - 1]];
}

/** For more profiles than there are colours. */
const dashes = [undefined, '7 4', '2 3'];

function lineStyle(index: number) {
  return {
    fill: 'none',
    stroke: walkColor(index),
    'stroke-width': 2,
    'stroke-dasharray': dashes[Math.floor(index / walkColors) % dashes.length],
    'stroke-linejoin': 'round',
  };
}

const lineHeight = 22;

/** Lines and names in two columns, the first one full before the second begins. */
function legend(profiles: readonly Profile[], notes: readonly string[], top: number): string {
  const rows = Math.ceil(profiles.length / 2);
  const entries = profiles.map(({ name }, index) => {
    const x = left + Math.floor(index / rows) * (frameWidth / 2);
    const y = top + (index % rows) * lineHeight;
    return (
      element('line', { x1: x, x2: x + 26, y1: y - 4.5, y2: y - 4.5, ...lineStyle(index) }) +
      element(
        'text',
        { x: x + 34, y },
        element('tspan', { 'font-weight': 600 }, escapeXml(printed(name))),
        element('tspan', { fill: ink.faint, dx: 8 }, escapeXml(notes[index])),
      )
    );
  });
  return element('g', {}, ...entries);
}

/** Performance profiles as SVG: the share of problems solved against the multiple of the best one's steps. */
export function drawProfiles({ title, under, profiles, notes }: ProfilesDrawing): string {
  const head = heading(left, width - left - 20, title, under);
  const frame = { left, top: head.height, width: frameWidth, height: frameHeight };
  const bottom = frame.top + frameHeight;
  const finite = profiles.flatMap(({ ratios }) => ratios.filter((ratio) => ratio < Infinity));
  const most = Math.min(largestRatio, Math.max(2, 2 ** Math.ceil(Math.log2(Math.max(1, ...finite)))));
  const x = ratioScale(most, [left, left + frameWidth]);
  const y = linearScale([0, 1], [bottom, frame.top], 5);
  const lines = profiles.map((profile, index) =>
    element('path', { d: pathData([staircase(profile, most)], x, y), ...lineStyle(index) }),
  );
  return picture(
    width,
    bottom + 66 + Math.ceil(profiles.length / 2) * lineHeight,
    title,
    head.svg,
    gridLines(frame, x, y),
    ...lines,
    axes(frame, x, y, { xName: 'steps, as a multiple of the fewest', yName: 'share of problems solved' }),
    legend(profiles, notes, bottom + 76),
  );
}
