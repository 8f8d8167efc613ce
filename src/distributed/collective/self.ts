import { ScreeError } from '../../graph/errors.js';
import type { Collective } from './collective.js';
import { overTransport } from './over-transport.js';

/** A group of one rank: every collective is done at once, and nothing is sent. */
export function selfCollective(): Collective {
  const alone = () =>
    Promise.reject(new ScreeError('self: there is no other rank to send to or receive from'));
  return overTransport({
    kind: 'self',
    rank: 0,
    size: 1,
    traffic: { sentBytes: 0, receivedBytes: 0 },
    send: alone,
    receive: alone,
    abort(reason) {
      throw new ScreeError(reason);
    },
    close: () => Promise.resolve(),
  });
}
