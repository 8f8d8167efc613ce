import { ScreeError } from '../../graph/errors.js';
import type { Coder } from '../codec/codec.js';
import type { Bucket, ExchangeRequest } from './exchange.js';

/**
 * A coder for a part of a bucket.
 * @param part number of values
 * @throws ScreeError for a codec whose messages are summed, for which there is all-reduce
 */
export function coderFor(
  exchange: string,
  { collective, codec, workspace, seed }: ExchangeRequest,
  bucket: Bucket,
  part: number,
): Coder {
  const { rank, size: ranks } = collective;
  // A part of a bucket holds no whole tensors.
  const shapes = part === bucket.values.length ? bucket.shapes : [[part]];
  const coder = codec.create({ workspace, length: part, shapes, seed, rank, ranks });
  if (coder.kind === 'coder') return coder;
  throw new ScreeError(`${exchange}: ${codec.name} is made to be summed; take the exchange allreduce`);
}
