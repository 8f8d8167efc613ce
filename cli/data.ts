import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { datasetNames, type LoadOptions } from '../src/data/index.js';
import { formatSI } from './terminal/format.js';
import { startLive, type Live } from './terminal/live.js';

/** What to give loadDataset, also when a run goes on from another folder: a name, or the path of a folder from the root. */
export function dataSource(nameOrPath: string): string {
  const isFolder = !datasetNames.includes(nameOrPath) && existsSync(nameOrPath);
  return isFolder ? resolve(nameOrPath) : nameOrPath;
}

/** Loads with a line that tells how a download goes, where there is one. */
export async function withDownload<T>(
  stream: NodeJS.WriteStream,
  quiet: boolean,
  work: (options: LoadOptions) => Promise<T>,
): Promise<T> {
  let live: Live | undefined;
  let line = '';
  try {
    return await work({
      onProgress({ file, bytes, totalBytes }) {
        const total = totalBytes === undefined ? '' : ` of ${formatSI(totalBytes, 'B')}`;
        line = `downloading ${file}: ${formatSI(bytes, 'B')}${total}`;
        if (!quiet) live ??= startLive({ stream, view: () => [line], line: () => line });
      },
    });
  } finally {
    live?.stop();
  }
}
