import { fileURLToPath } from 'node:url';
import type { Dataset } from './dataset.js';
import type { DataOptions } from './options.js';
import { createTextDataset } from './text.js';
import { readText } from './text-file.js';

/**
 * Alice's Adventures in Wonderland (Lewis Carroll 1865; public domain: see alice.LICENSE.txt), shipped with the package:
 * 148,460 characters, 72 different ones.
 */
export async function readAlice(options: DataOptions = {}): Promise<Dataset> {
  const path = fileURLToPath(new URL('alice.txt.gz', import.meta.url));
  return createTextDataset('alice', 'shipped with the package', await readText(path), options);
}
