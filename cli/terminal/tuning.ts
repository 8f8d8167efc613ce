import type { LiveStream } from './live.js';

/**
 * Shows how far the measuring of convolutions is, which happens once on a machine before a network first runs there: counted on a
 * terminal, in a line that vanishes at its end; one line elsewhere.
 */
export function tuningProgress(stream: Pick<LiveStream, 'isTTY' | 'write'>) {
  return (done: number, total: number): void => {
    if (stream.isTTY === true) {
      const text = done < total ? `measuring convolutions ${done + 1}/${total}, once on this machine` : '';
      stream.write(`\r\u001b[K${text}`);
    } else if (done === 0) {
      const convolutions = total === 1 ? 'a convolution' : `${total} convolutions`;
      stream.write(`measuring ${convolutions}, once on this machine\n`);
    }
  };
}
