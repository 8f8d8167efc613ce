import { createHash } from 'node:crypto';
import type { Dataset } from '../data/index.js';

/** SHA-256 of the numbers and labels of both parts, in their order: two data sets with the same give the same batches. */
export function dataChecksum({ train, test }: Dataset): string {
  const hash = createHash('sha256');
  for (const { data } of [train.inputs, train.labels, test.inputs, test.labels]) {
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}
