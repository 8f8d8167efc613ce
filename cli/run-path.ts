import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** A folder for a new run: `runs/lenet-digits-3`, the first number that is free. */
export function nextRunPath(model: string, data: string): string {
  for (let number = 1; ; number++) {
    const path = join('runs', `${model}-${data}-${number}`);
    if (!existsSync(path)) return path;
  }
}
