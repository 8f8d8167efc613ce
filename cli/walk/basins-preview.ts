import type { Basins } from '../../src/landscape/basins.js';
import type { Style } from '../terminal/style.js';

/** Colours of a terminal, each as letters and as ground. */
const colors = [
  ['blue', 'bgBlue'],
  ['red', 'bgRed'],
  ['green', 'bgGreen'],
  ['magenta', 'bgMagenta'],
  ['yellow', 'bgYellow'],
  ['cyan', 'bgCyan'],
  ['blueBright', 'bgBlueBright'],
  ['redBright', 'bgRedBright'],
  ['greenBright', 'bgGreenBright'],
  ['magentaBright', 'bgMagentaBright'],
] as const;
const none = ['gray', 'bgGray'] as const;

function colorOf(label: number) {
  return label < 0 ? none : colors[label % colors.length];
}

/** What stands for a minimum in the picture and its legend. */
function basinLetter(label: number): string {
  if (label < 0) return label === -2 ? ' ' : '·';
  return label < 9 ? String(label + 1) : String.fromCharCode('a'.charCodeAt(0) + ((label - 9) % 26));
}

/** The sign of a minimum in the legend. */
export function basinSign(label: number, style: Style): string {
  return style('bold', style(colorOf(label)[0], basinLetter(label)));
}

/**
 * A small picture of basins, two cells above each other in a character: coloured half blocks, or without colours the sign of
 * the upper one.
 */
export function basinsPreview({ labels, grid }: Basins, width: number, style: Style): string[] {
  const columns = Math.min(width, grid.columns);
  const height = Math.max(2, 2 * Math.round((columns * grid.rows) / grid.columns / 2));
  const isPlain = style('red', ' ') === ' ';
  const labelAt = (column: number, row: number) => {
    const x = Math.floor(((column + 0.5) * grid.columns) / columns);
    const y = Math.floor(((row + 0.5) * grid.rows) / height);
    return labels[y * grid.columns + x];
  };
  return Array.from({ length: height / 2 }, (_, line) => {
    let text = '';
    let run = '';
    let colors = '';
    let paint = (cells: string) => cells;
    for (let column = 0; column < columns; column++) {
      const upper = labelAt(column, 2 * line);
      const lower = labelAt(column, 2 * line + 1);
      if (isPlain) {
        text += basinLetter(upper);
        continue;
      }
      // One pair of colour codes for all cells that share them.
      const [front, back] = [colorOf(upper)[0], colorOf(lower)[1]];
      if (`${front} ${back}` !== colors) {
        text += paint(run);
        run = '';
        colors = `${front} ${back}`;
        paint = (cells) => style(back, style(front, cells));
      }
      run += '▀';
    }
    return (text + (run === '' ? '' : paint(run))).trimEnd();
  });
}
