import type { Basins } from './basins.js';
import { kindColor, shaded, type Color } from './draw-colors.js';

/** Colours of starts that reach no minimum: grey while they are under way, white where they left the numbers. */
export const noneColor: Color = [176, 178, 184];
export const lostColor: Color = [255, 255, 255];

/** From a walk that is there at once to one that takes all steps: mixed with white, then with black. */
const [quick, slow] = [0.5, -0.55];

/**
 * The basins as pixels, one a start: the colour says which minimum, its darkness how many steps it took.
 * @param steps of the longest walk
 * @returns red, green and blue, row after row from the top
 */
export function basinPixels({ labels, arrivals, grid }: Basins, steps: number): Uint8Array {
  const pixels = new Uint8Array(3 * grid.columns * grid.rows);
  const colors = new Map<number, Color>();
  labels.forEach((label, cell) => {
    let color = label === -2 ? lostColor : noneColor;
    if (label >= 0) {
      const kind = colors.get(label) ?? kindColor(label);
      colors.set(label, kind);
      const share = Math.log1p(arrivals[cell]) / Math.log1p(steps);
      color = shaded(kind, quick + share * (slow - quick));
    }
    for (let part = 0; part < 3; part++) pixels[3 * cell + part] = Math.round(color[part]);
  });
  return pixels;
}
