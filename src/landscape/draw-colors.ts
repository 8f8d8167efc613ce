export type Color = readonly [red: number, green: number, blue: number];

/** From deep water to the shore: darker means lower, in even steps of lightness. */
const depths: readonly Color[] = [
  [30, 58, 104],
  [41, 95, 141],
  [68, 134, 163],
  [117, 172, 179],
  [171, 207, 196],
  [217, 233, 212],
  [245, 246, 234],
];

export function hex(color: Color): string {
  return `#${color.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`;
}

/** The colour of a depth: 0 is the lowest, 1 the highest. */
export function depthColor(share: number): string {
  const place = Math.min(1, Math.max(0, share)) * (depths.length - 1);
  const index = Math.min(depths.length - 2, Math.floor(place));
  const [from, to] = [depths[index], depths[index + 1]];
  const part = place - index;
  return hex([0, 1, 2].map((k) => from[k] + part * (to[k] - from[k])) as [number, number, number]);
}

/** Colours for things that have no order. */
const kinds: readonly Color[] = [
  [0, 114, 178],
  [213, 94, 0],
  [0, 145, 110],
  [184, 60, 130],
  [222, 165, 20],
  [86, 160, 220],
  [110, 80, 165],
  [140, 120, 60],
];

/** The angle that spreads any number of hues evenly round the circle, in degrees. */
const goldenAngle = 137.508;

/** A colour for thing `index`; beyond the first few, hues that follow each other are far apart. */
export function kindColor(index: number): Color {
  if (index < kinds.length) return kinds[index];
  const hue = (index * goldenAngle) % 360;
  const part = (shift: number) => {
    const place = (shift + hue / 30) % 12;
    return Math.round(255 * (0.5 - 0.3 * Math.max(-1, Math.min(place - 3, 9 - place, 1))));
  };
  return [part(0), part(8), part(4)];
}

/** Mixed with white for `shade` above 0, with black below. */
export function shaded(color: Color, shade: number): Color {
  const [red, green, blue] = color;
  const mixed = (part: number) => (shade > 0 ? part + shade * (255 - part) : part * (1 + shade));
  return [mixed(red), mixed(green), mixed(blue)];
}
