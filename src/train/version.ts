import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { z } from 'zod';

const require = createRequire(import.meta.url);

/** The version of a package, or `unknown` where it says none. */
export function packageVersion(name: string): string {
  try {
    const text = readFileSync(require.resolve(`${name}/package.json`), 'utf8');
    return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
  } catch {
    return 'unknown';
  }
}

/** This package's own version: it finds itself by its name, from its source and from what is built of it alike. */
export const screeVersion = packageVersion('scree');
