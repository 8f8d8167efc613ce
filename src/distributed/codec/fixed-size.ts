import { ScreeError } from '../../graph/errors.js';
import type { Coder, CoderRequest } from './codec.js';
import type { Values } from './workspace.js';

interface Decoding {
  /** Bytes of a message of so many values. */
  readonly size: (length: number) => number;
  /** @param adding 1 to add to `into`, 0 to overwrite it */
  readonly decode: (message: number, into: Values, adding: number) => void;
}

export interface FixedSizeCoding extends Decoding {
  /** Writes a message of `size` bytes. */
  readonly encode: (values: Values, out: number, draw: number) => void;
}

export interface FusedCoding extends Decoding {
  /** Writes the message of values + residual, and leaves in the residual what it lacks. */
  readonly encode: (values: Values, residual: number, out: number) => void;
}

/** A coder whose messages have as many bytes as their values say. */
export function fixedSizeCoder(codec: string, { size, encode, decode }: FixedSizeCoding): Coder {
  return {
    kind: 'coder',
    state: {},
    maxBytes: size,
    encode(values, out, draw) {
      encode(values, out, draw);
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

/** The same where one pass of a kernel encodes and leaves the residual. */
export function fusedCoder(
  codec: string,
  { workspace, length: most }: CoderRequest,
  { encode, ...decoding }: FusedCoding,
): Coder {
  let scratch: number | undefined;
  const { size } = decoding;
  return {
    ...fixedSizeCoder(codec, {
      ...decoding,
      encode(values, out) {
        // Without feedback the kernel's residual is nobody's: it begins as zeros each time.
        scratch ??= workspace.allocate(4 * most);
        workspace.floats({ offset: scratch, length: values.length }).fill(0);
        encode(values, scratch, out);
      },
    }),
    encodeWithFeedback(values, residual, out) {
      encode(values, residual, out);
      return size(values.length);
    },
  };
}
