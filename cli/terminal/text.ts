import { stripVTControlCharacters } from 'node:util';

/** Code points that take two columns: East Asian wide and full-width forms, and pictographs (Unicode's UAX 11, in coarse ranges). */
const wide: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];

const combining = /^[\p{Mark}\p{Control}\p{Format}]$/u;

function characterWidth(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code >= 0x20 && code < 0x7f) return 1;
  if (combining.test(character)) return 0;
  return wide.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}

/** How many columns of a terminal a text takes; colours take none. */
export function visibleWidth(text: string): number {
  let width = 0;
  for (const character of stripVTControlCharacters(text)) width += characterWidth(character);
  return width;
}

/** Cuts a text to `width` columns, ending in …; what sets and ends colours stays. */
export function truncate(text: string, width: number): string {
  if (visibleWidth(text) <= width) return text;
  let result = '';
  let room = width - 1;
  let inEscape = false;
  for (const character of text) {
    if (inEscape || character === '\u001b') {
      result += character;
      inEscape = !(inEscape && character === 'm');
      continue;
    }
    if (room < 0) continue;
    const taken = characterWidth(character);
    if (taken <= room) {
      result += character;
      room -= taken;
    } else {
      if (width > 0) result += '…';
      room = -1;
    }
  }
  return result;
}

/** Fills a text with blanks to `width` columns. */
export function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const blanks = ' '.repeat(Math.max(0, width - visibleWidth(text)));
  return align === 'left' ? text + blanks : blanks + text;
}
