/** The bits of the eight dots of a braille character, by row and column (Unicode block 2800). */
const dots = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;

/** A drawing of dots, two across and four down in each character of a terminal. The dot (0, 0) is at the top left. */
export class BrailleCanvas {
  readonly width: number;
  readonly height: number;
  private readonly cells: Uint8Array;

  constructor(
    private readonly columns: number,
    rows: number,
  ) {
    this.width = columns * 2;
    this.height = rows * 4;
    this.cells = new Uint8Array(columns * rows);
  }

  /** Sets a dot; outside the canvas nothing happens. */
  set(x: number, y: number): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    this.cells[(y >> 2) * this.columns + (x >> 1)] |= dots[y & 3][x & 1];
  }

  /** A straight line between two dots, both included. Bresenham's algorithm (1965). */
  line(fromX: number, fromY: number, toX: number, toY: number): void {
    const acrossX = Math.abs(toX - fromX);
    const acrossY = -Math.abs(toY - fromY);
    let error = acrossX + acrossY;
    for (let x = fromX, y = fromY; ;) {
      this.set(x, y);
      if (x === toX && y === toY) return;
      const doubled = 2 * error;
      if (doubled >= acrossY) {
        error += acrossY;
        x += Math.sign(toX - fromX);
      }
      if (doubled <= acrossX) {
        error += acrossX;
        y += Math.sign(toY - fromY);
      }
    }
  }

  /** The rows as text, all of the same length; a character without dots is a blank. */
  toLines(): string[] {
    const lines: string[] = [];
    for (let start = 0; start < this.cells.length; start += this.columns) {
      const cells = Array.from(this.cells.subarray(start, start + this.columns));
      lines.push(cells.map((cell) => (cell === 0 ? ' ' : String.fromCharCode(0x2800 + cell))).join(''));
    }
    return lines;
  }
}
