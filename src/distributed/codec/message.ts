import { ScreeError } from '../../graph/errors.js';

/** @throws ScreeError unless a message has the length that it must have */
export function requireBytes(codec: string, bytes: number, wanted: number): void {
  if (bytes === wanted) return;
  throw new ScreeError(
    `${codec}: a message of ${bytes} bytes came where one has ${wanted}; it is damaged, or of another codec`,
  );
}
