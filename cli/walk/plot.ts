import { numberText } from '../../src/landscape/draw-text.js';
import type { Range } from '../../src/landscape/draw-view.js';
import { BrailleCanvas } from '../terminal/braille.js';
import { plain, type Style } from '../terminal/style.js';
import { pad, visibleWidth } from '../terminal/text.js';

/** Colours a text in some way, with the style of the stream. */
export type Paint = (style: Style, text: string) => string;

const colors = ['red', 'yellow', 'magenta', 'green', 'cyan', 'blue'] as const;

/** The colour of a walk in a terminal. */
export function walkPaint(index: number, { bold = false }: { bold?: boolean } = {}): Paint {
  const color = colors[index % colors.length];
  return (style, text) => (bold ? style('bold', style(color, text)) : style(color, text));
}

/** The colour of what stays behind. */
export const dimPaint: Paint = (style, text) => style('dim', text);

/** What stands for walk `index` where it starts and, as a capital, where it ends: without colours, too. */
export function walkLetter(index: number): string {
  return String.fromCharCode('a'.charCodeAt(0) + (index % 26));
}

interface Layer {
  readonly canvas: BrailleCanvas;
  readonly paint: Paint;
  /** Draws only every other dot. */
  readonly dotted: boolean;
}

interface Sign {
  readonly character: string;
  readonly paint: Paint;
}

/** A drawing in a terminal with numbers along its sides: lines of dots in layers, the last on top, and signs over them. */
export class Plot {
  readonly #layers: Layer[] = [];
  /** By the number of their cell. */
  readonly #signs = new Map<number, Sign>();

  /** @param columns of characters inside the frame; two dots each, and four dots a row */
  constructor(
    private readonly columns: number,
    private readonly rows: number,
    private readonly x: Range,
    private readonly y: Range,
  ) {}

  /** Draws lines `x, y, x, y, …` given in the units of the axes; a step within a dot costs next to nothing. */
  draw(
    lines: readonly ArrayLike<number>[],
    paint: Paint,
    { dotted = false }: { dotted?: boolean } = {},
  ): void {
    const canvas = new BrailleCanvas(this.columns, this.rows);
    for (const line of lines) {
      let [atX, atY] = [this.#dotX(line[0]), this.#dotY(line[1])];
      for (let index = 2; index + 1 < line.length; index += 2) {
        const [nextX, nextY] = [this.#dotX(line[index]), this.#dotY(line[index + 1])];
        if (index > 2 && nextX === atX && nextY === atY) continue;
        this.#segment(canvas, line[index - 2], line[index - 1], line[index], line[index + 1]);
        [atX, atY] = [nextX, nextY];
      }
    }
    this.#layers.push({ canvas, paint, dotted });
  }

  /** Puts a character over the lines; outside the frame nothing happens. */
  sign(x: number, y: number, character: string, paint: Paint): void {
    const column = Math.floor(this.#dotX(x) / 2);
    const row = Math.floor(this.#dotY(y) / 4);
    if (!(column >= 0 && row >= 0 && column < this.columns && row < this.rows)) return;
    this.#signs.set(row * this.columns + column, { character, paint });
  }

  /** The lines of the drawing with the names and ends of both axes. */
  toLines({ xName, yName, style = plain }: { xName: string; yName: string; style?: Style }): string[] {
    const cells = this.#cells(style);
    const labels = new Map([
      [0, numberText(this.y[1])],
      [this.rows - 1, numberText(this.y[0])],
      [this.rows >> 1, yName],
    ]);
    const width = Math.max(...[...labels.values()].map(visibleWidth));
    const lines = cells.map((line, row) => {
      const label = pad(labels.get(row) ?? '', width, 'right');
      return `${style('dim', `${label} ${labels.has(row) && row !== this.rows >> 1 ? '┤' : '│'}`)}${line}`;
    });
    const indent = ' '.repeat(width + 1);
    const [left, right] = this.x.map((end) => numberText(end));
    const middle = Math.max(0, (this.columns >> 1) - left.length - (xName.length >> 1));
    const under = pad(left + ' '.repeat(middle) + xName, this.columns - right.length) + right;
    return [
      ...lines,
      style('dim', `${indent}└${'─'.repeat(this.columns)}`),
      style('dim', `${indent} ${under}`),
    ];
  }

  #dotX(x: number): number {
    return Math.round(((x - this.x[0]) / (this.x[1] - this.x[0])) * (this.columns * 2 - 1));
  }

  #dotY(y: number): number {
    return Math.round((1 - (y - this.y[0]) / (this.y[1] - this.y[0])) * (this.rows * 4 - 1));
  }

  #segment(canvas: BrailleCanvas, fromX: number, fromY: number, toX: number, toY: number): void {
    const cut = clip([fromX, fromY, toX, toY], this.x, this.y);
    if (cut === undefined) return;
    canvas.line(this.#dotX(cut[0]), this.#dotY(cut[1]), this.#dotX(cut[2]), this.#dotY(cut[3]));
  }

  #cells(style: Style): string[] {
    const grid = Array.from({ length: this.rows }, () => new Array<string>(this.columns).fill(' '));
    for (const { canvas, paint, dotted } of this.#layers) {
      canvas.toLines().forEach((line, row) => {
        Array.from(line).forEach((character, column) => {
          if (character === ' ') return;
          const seen = dotted ? thinned(character, row, column) : character;
          if (seen !== ' ') grid[row][column] = paint(style, seen);
        });
      });
    }
    for (const [cell, { character, paint }] of this.#signs) {
      grid[Math.floor(cell / this.columns)][cell % this.columns] = paint(style, character);
    }
    return grid.map((cells) => cells.join(''));
  }
}

/** Every other dot of a braille character, as on a chessboard. */
function thinned(character: string, row: number, column: number): string {
  const bits = (character.codePointAt(0) ?? 0) & ((row + column) % 2 === 0 ? 0b01011010 : 0b10100101);
  return bits === 0 ? ' ' : String.fromCharCode(0x2800 + bits);
}

type Segment = readonly [fromX: number, fromY: number, toX: number, toY: number];

/** The part of a segment inside the frame (Liang and Barsky 1984); undefined where there is none or an end is no number. */
function clip([fromX, fromY, toX, toY]: Segment, x: Range, y: Range): Segment | undefined {
  if (![fromX, fromY, toX, toY].every(Number.isFinite)) return undefined;
  const [alongX, alongY] = [toX - fromX, toY - fromY];
  let [enter, leave] = [0, 1];
  for (const [along, room] of [
    [-alongX, fromX - x[0]],
    [alongX, x[1] - fromX],
    [-alongY, fromY - y[0]],
    [alongY, y[1] - fromY],
  ]) {
    if (along === 0 && room < 0) return undefined;
    if (along < 0) enter = Math.max(enter, room / along);
    if (along > 0) leave = Math.min(leave, room / along);
  }
  if (enter > leave) return undefined;
  const at = (share: number) => [fromX + share * alongX, fromY + share * alongY] as const;
  return [...at(enter), ...at(leave)];
}
