// Copies what the package ships beside its compiled code: every file under src/ and cli/ that is neither TypeScript nor
// there for the tests or the reader.

import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const notShipped = /\.(ts|py|md)$|\.golden\.|(^|[\\/])(golden|fixtures|__snapshots__)[\\/]/;

for (const root of ['src', 'cli']) {
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !notShipped.test(path)) cpSync(path, join('dist', path));
  }
}
