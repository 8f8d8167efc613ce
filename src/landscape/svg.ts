import type { Line } from './contour.js';

export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** Text for XML; characters that XML does not allow are left out. */
export function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** A coordinate in hundredths of a pixel. */
export function coordinate(value: number): string {
  const rounded = Math.round(value * 100) / 100;
  return String(rounded === 0 ? 0 : rounded);
}

/** An element; attributes that are undefined are left out, and children are SVG already. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const given = Object.entries(attributes).filter(([, value]) => value !== undefined);
  const written = given.map(([key, value]) => {
    const text = typeof value === 'number' ? coordinate(value) : escapeXml(value ?? '');
    return ` ${key}="${text}"`;
  });
  const start = `<${name}${written.join('')}`;
  return children.length === 0 ? `${start}/>` : `${start}>${children.join('')}</${name}>`;
}

export function text(x: number, y: number, content: string, attributes: Attributes = {}): string {
  return element('text', { x, y, ...attributes }, escapeXml(content));
}

/**
 * The `d` of a path through lines, each mapped to pixels; `closed` ends each where it began. In tenths of a pixel, and after the
 * first point of a line relative to the one before: a contour map is mostly paths.
 */
export function pathData(
  lines: readonly Line[],
  toX: (x: number) => number,
  toY: (y: number) => number,
  closed = false,
): string {
  const tenths = (value: number) => String(value / 10);
  let data = '';
  for (const line of lines) {
    let [fromX, fromY] = [0, 0];
    for (let index = 0; index + 1 < line.length; index += 2) {
      const x = Math.round(10 * toX(line[index]));
      const y = Math.round(10 * toY(line[index + 1]));
      if (index === 0) data += `M${tenths(x)} ${tenths(y)}`;
      else if (x !== fromX || y !== fromY) data += `l${tenths(x - fromX)} ${tenths(y - fromY)}`;
      [fromX, fromY] = [x, y];
    }
    // A line of no length still shows the round end that its style may give it.
    data += closed ? 'Z' : line.length === 2 ? 'h0' : '';
  }
  return data;
}

/** Typefaces for figures: the first that the reader's machine has. */
const fontFamily = "'DejaVu Sans', Verdana, Helvetica, Arial, sans-serif";

/** A whole picture on a white ground. */
export function picture(
  width: number,
  height: number,
  title: string,
  ...children: readonly string[]
): string {
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${coordinate(width)} ${coordinate(height)}`,
    width,
    height,
    'font-family': fontFamily,
    'font-size': 13,
    fill: '#222',
  };
  const ground = element('rect', { width, height, fill: '#fff' });
  return `${element('svg', attributes, element('title', {}, escapeXml(title)), ground, ...children)}\n`;
}
