import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';
import { ScreeError } from '../../../graph/errors.js';

/** The library is not there, or is not one that this target can use. The message says which and why, in one line. */
export class NativeUnavailable extends ScreeError {}

let loaded: typeof Koffi | undefined;

/**
 * What shared libraries are called through. It is an optional dependency, loaded when it is first needed.
 * @throws NativeUnavailable where npm had no build of it for this system
 */
export function koffi(): typeof Koffi {
  try {
    loaded ??= createRequire(import.meta.url)('koffi') as typeof Koffi;
    return loaded;
  } catch (error) {
    const said = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new NativeUnavailable(`shared libraries are called through koffi, which does not load: ${said}`);
  }
}
