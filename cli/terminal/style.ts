import { styleText } from 'node:util';

type Format = Parameters<typeof styleText>[0];

/** Colours a text, or leaves it as it is. */
export type Style = (format: Format, text: string) => string;

/** No colour: for files, pipes and snapshots. */
export const plain: Style = (_, text) => text;

/** Colour where `stream` is a terminal that shows it; NO_COLOR, FORCE_COLOR and TERM=dumb are honoured (util.styleText). */
export function styleFor(stream: NodeJS.WritableStream): Style {
  return (format, text) => styleText(format, text, { stream });
}
