import { ScreeError } from '../../graph/errors.js';
import type { Coder } from './codec.js';
import type { Values, Workspace } from './workspace.js';

export interface FixedSizeCoding {
  /** Bytes of a message of so many values. */
  readonly size: (length: number) => number;
  /** Values that are coded together, so many of which lie in scratch where nobody keeps what a message lacks. */
  readonly group: number;
  /**
   * Writes a message of `size` bytes of values + what is kept of them.
   * @param kept byte offset of as many values, or 0 for none
   * @param rest where what the message lacks is left: `kept`, or scratch
   */
  readonly encode: (values: Values, kept: number, rest: number, out: number, draw: number) => void;
  /** @param adding 1 to add to `into`, 0 to overwrite it */
  readonly decode: (message: number, into: Values, adding: number) => void;
}

/** A coder whose messages have as many bytes as their values say, and whose kernel knows error feedback. */
export function fixedSizeCoder(
  codec: string,
  workspace: Workspace,
  { size, group, encode, decode }: FixedSizeCoding,
): Coder {
  let scratch: number | undefined;
  return {
    kind: 'coder',
    state: {},
    maxBytes: size,
    encode(values, out, draw) {
      scratch ??= workspace.allocate(4 * group);
      encode(values, 0, scratch, out, draw);
      return size(values.length);
    },
    encodeWithFeedback(values, residual, out, draw) {
      encode(values, residual, residual, out, draw);
      return size(values.length);
    },
    decode(message, bytes, into, adding) {
      const wanted = size(into.length);
      if (bytes !== wanted) {
        throw new ScreeError(
          `${codec}: a message of ${bytes} bytes came where one has ${wanted}; it is damaged, or of another codec`,
        );
      }
      decode(message, into, Number(adding));
    },
  };
}
