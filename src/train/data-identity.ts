import { createHash } from 'node:crypto';
import type { Dataset } from '../data/index.js';

/** SHA-256 of the numbers and labels of all parts, in their order: two data sets with the same give the same batches. */
export function dataChecksum({ train, validation, test }: Dataset): string {
  const hash = createHash('sha256');
  const parts = [train, ...(validation ? [validation] : []), test];
  for (const { data } of parts.flatMap(({ inputs, labels }) => [inputs, labels])) {
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}
