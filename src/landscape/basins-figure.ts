import type { Basins } from './basins.js';
import { lostColor, noneColor } from './basins-image.js';
import { axes, heading, ink, linearScale } from './draw-axes.js';
import { hex, kindColor, shaded, type Color } from './draw-colors.js';
import { numberText, printed, shorten, typeset } from './draw-text.js';
import { element, escapeXml, picture, text } from './svg.js';

export interface BasinsDrawing {
  readonly title: string;
  readonly under: string;
  readonly variables: readonly [x: string, y: string];
  readonly basins: Basins;
  /** The pixels of the basins as a PNG in base64. */
  readonly png: string;
}

const width = 760;
const left = 72;
const frameWidth = 584;

/** Minima that get a line in the legend. */
const mostMinima = 8;

/** A share in per cent; what is above 0 never reads 0. */
export function percent(share: number): string {
  return share > 0 && share < 0.0005 ? '<0.1 %' : `${(100 * share).toFixed(1)} %`;
}

interface Entry {
  readonly color: Color;
  readonly share: number;
  readonly note: string;
}

/** The indices of the minima reached, the one with most starts first. */
export function byShare({ minima }: Basins): number[] {
  const reached = [...minima.keys()].filter((index) => minima[index].share > 0);
  return reached.sort((a, b) => minima[b].share - minima[a].share);
}

function entriesOf(basins: Basins, variables: readonly string[]): Entry[] {
  const { minima, moving, lost } = basins;
  const order = byShare(basins);
  const shown = order.slice(0, mostMinima).map((index) => {
    const { point, value, share } = minima[index];
    const place = point.map((at, axis) => `${typeset(variables[axis])} = ${numberText(at)}`);
    return { color: kindColor(index), share, note: `${place.join(', ')},  f = ${numberText(value)}` };
  });
  const rest = order.slice(mostMinima);
  const restShare = rest.reduce((sum, index) => sum + minima[index].share, 0);
  const others = [
    { color: shaded(noneColor, 0.6), share: restShare, note: `${rest.length} more minima` },
    { color: noneColor, share: moving, note: 'at no minimum after all steps' },
    { color: lostColor, share: lost, note: 'left the numbers' },
  ];
  return [...shown, ...others.filter(({ share }) => share > 0)];
}

/** A picture of basins with axes, the minima as crosses, and what share of the starts each has, as SVG. */
export function drawBasins({ title, under, variables, basins, png }: BasinsDrawing): string {
  const { grid, minima } = basins;
  const head = heading(left, width - left - 20, title, under);
  const ratio = grid.rows / grid.columns;
  const frame = { left, top: head.height, width: frameWidth, height: frameWidth * ratio };
  const bottom = frame.top + frame.height;
  const x = linearScale(grid.x, [left, left + frameWidth], 8);
  const y = linearScale(grid.y, [bottom, frame.top], 8);
  const inside = minima.filter(({ point: [atX, atY] }) => {
    return atX >= grid.x[0] && atX <= grid.x[1] && atY >= grid.y[0] && atY <= grid.y[1];
  });
  const crosses = inside.map(({ point }) => {
    const [atX, atY] = [x(point[0]), y(point[1])];
    return element('path', { d: `M${atX - 5} ${atY}h10M${atX} ${atY - 5}v10` });
  });
  const image = element('image', {
    x: left,
    y: frame.top,
    width: frameWidth,
    height: frame.height,
    href: `data:image/png;base64,${png}`,
    preserveAspectRatio: 'none',
    style: 'image-rendering:pixelated',
  });
  const entries = entriesOf(basins, variables);
  const legend = entries.map(({ color, share, note }, index) => {
    const at = bottom + 76 + index * 21;
    const box = { x: left, y: at - 11, width: 14, height: 14, fill: hex(color), stroke: ink.line };
    return (
      element('rect', { ...box, 'stroke-width': 0.6 }) +
      element(
        'text',
        { x: left + 84, y: at, 'text-anchor': 'end', 'font-weight': 600 },
        escapeXml(percent(share)),
      ) +
      text(left + 100, at, shorten(printed(note), 80), { fill: ink.faint })
    );
  });
  const stroke = { 'stroke-linecap': 'round', fill: 'none' };
  return picture(
    width,
    bottom + 66 + entries.length * 21,
    title,
    head.svg,
    image,
    element('g', { ...stroke, stroke: '#fff', 'stroke-width': 4 }, ...crosses),
    element('g', { ...stroke, stroke: '#111', 'stroke-width': 1.6 }, ...crosses),
    axes(frame, x, y, { xName: variables[0], yName: variables[1] }),
    ...legend,
  );
}
