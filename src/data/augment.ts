import { ScreeError } from '../graph/errors.js';
import { unknownName } from '../graph/suggest.js';

/** How examples for training are changed, each time anew. Plain JSON. */
export interface Augmentation {
  /** Mirror an image with probability 1/2 each way. */
  readonly flip?: { readonly axis: 'horizontal' | 'vertical' | 'both' };
  /** Move an image by up to `pixels` each way, drawn uniformly; what comes in is black, or repeats the border. */
  readonly move?: { readonly pixels: number; readonly fill: 'black' | 'edge' };
  /** Cover squares of `size` pixels with the mean, each around a pixel drawn uniformly, cut at the border. */
  readonly cutout?: { readonly size: number; readonly count: number };
  /** Mix each example with another of its batch, by a weight drawn from Beta(alpha, alpha). */
  readonly mixup?: { readonly alpha: number };
}

/** A way to change examples, as its text names it. */
export interface AugmentationKind {
  readonly name: string;
  readonly summary: string;
  /** Options by name: the default of a number, or the words that one may be, the default first. */
  readonly options: Readonly<Record<string, number | readonly string[]>>;
}

/** What an augmentation's text may name, for lists. */
export const augmentations: readonly AugmentationKind[] = [
  {
    name: 'flip',
    summary: 'mirror images half of the time; axis=horizontal, vertical or both',
    options: { axis: ['horizontal', 'vertical', 'both'] },
  },
  {
    name: 'crop',
    summary: 'cut images at random from themselves with a black border of padding=4 pixels',
    options: { padding: 4 },
  },
  {
    name: 'shift',
    summary: 'move images by up to pixels=2 each way, repeating their border',
    options: { pixels: 2 },
  },
  {
    name: 'cutout',
    summary: 'cover count=1 squares of size=8 pixels with the mean (DeVries, Taylor 2017)',
    options: { size: 8, count: 1 },
  },
  {
    name: 'mixup',
    summary: 'mix pairs of examples and labels by Beta(alpha=0.2) (Zhang et al. 2018)',
    options: { alpha: 0.2 },
  },
];

type Values = Record<string, number | string>;

/**
 * Reads a text such as `flip,crop:padding=4,cutout:size=8,mixup:alpha=0.2`: names with their options after a colon; a piece
 * with `=` and no colon is one more option of the name before it.
 * @throws ScreeError for an unknown name or option, a value out of range, and crop beside shift, which both move
 */
export function parseAugmentation(text: string): Augmentation {
  const chosen = new Map<string, Values>();
  let kind: AugmentationKind | undefined;
  for (const piece of text.split(',').map((part) => part.trim())) {
    const colon = piece.indexOf(':');
    const assignment = colon < 0 && piece.includes('=') ? piece : piece.slice(colon + 1);
    if (colon >= 0 || assignment !== piece || !piece.includes('=')) {
      const name = colon < 0 ? piece : piece.slice(0, colon);
      kind = augmentations.find((known) => known.name === name);
      if (kind === undefined) {
        throw new ScreeError(
          unknownName(
            'augmentation',
            name,
            augmentations.map((known) => known.name),
          ),
        );
      }
      if (chosen.has(name)) throw new ScreeError(`augmentation: ${name} is named twice`);
      chosen.set(name, defaultsOf(kind));
      if (colon < 0) continue;
    }
    if (kind === undefined)
      throw new ScreeError(`augmentation: ${JSON.stringify(piece)} is an option of no name`);
    const values = chosen.get(kind.name);
    if (values !== undefined) readOption(kind, values, assignment);
  }
  return build(chosen);
}

function defaultsOf({ options }: AugmentationKind): Values {
  return Object.fromEntries(
    Object.entries(options).map(([name, usual]) => [name, typeof usual === 'number' ? usual : usual[0]]),
  );
}

function readOption({ name, options }: AugmentationKind, values: Values, assignment: string): void {
  const [option, value = '', ...rest] = assignment.split('=').map((part) => part.trim());
  if (!Object.hasOwn(options, option)) {
    throw new ScreeError(unknownName(`option of ${name}`, option, Object.keys(options)));
  }
  const usual = options[option];
  if (typeof usual === 'number') {
    const number = Number(value);
    if (rest.length > 0 || value === '' || !Number.isFinite(number)) {
      throw new ScreeError(`augmentation: ${name}: ${option}=${value} is not a number`);
    }
    values[option] = number;
    return;
  }
  if (rest.length > 0 || !usual.includes(value))
    throw new ScreeError(unknownName(`${option} of ${name}`, value, usual));
  values[option] = value;
}

function build(chosen: ReadonlyMap<string, Values>): Augmentation {
  const number = (name: string, option: string, low: number, high: number, whole = true): number => {
    const value = Number(chosen.get(name)?.[option]);
    if (value >= low && value <= high && (!whole || Number.isInteger(value))) return value;
    const kind = whole ? 'an integer' : 'a number';
    throw new ScreeError(`augmentation: ${name}: ${option}=${value} is not ${kind} from ${low} to ${high}`);
  };
  if (chosen.has('crop') && chosen.has('shift')) {
    throw new ScreeError('augmentation: crop and shift both move images; take one of them');
  }
  const axis = chosen.get('flip')?.['axis'];
  return {
    ...((axis === 'horizontal' || axis === 'vertical' || axis === 'both') && { flip: { axis } }),
    ...(chosen.has('crop') && { move: { pixels: number('crop', 'padding', 1, 1024), fill: 'black' } }),
    ...(chosen.has('shift') && { move: { pixels: number('shift', 'pixels', 1, 1024), fill: 'edge' } }),
    ...(chosen.has('cutout') && {
      cutout: { size: number('cutout', 'size', 1, 4096), count: number('cutout', 'count', 1, 64) },
    }),
    ...(chosen.has('mixup') && { mixup: { alpha: number('mixup', 'alpha', 0.01, 100, false) } }),
  };
}
