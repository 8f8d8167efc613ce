import { ScreeError } from '../graph/errors.js';
import type { Codec } from './codec/codec.js';
import { withFeedback } from './codec/feedback.js';
import { parseCodec } from './codec/registry.js';
import type { ExchangeMaker } from './exchange/exchange.js';
import { exchangeFor } from './exchange/fitting.js';
import { exchangeByName } from './exchange/registry.js';
import { parseSynchroniser, synchronisers, type SynchroniserMaker } from './exchange/synchroniser.js';

/** How gradients are exchanged, as text and numbers: what a run's record keeps. */
export interface WireOptions {
  /**
   * One of `exchanges`, or of `synchronisers` where ranks train on their own and meet now and then: `local:every=16`. Default: the exchange
   * that is made for the codec.
   */
  readonly exchange?: string;
  /** A codec, `onebit`, `int8:group=1024`, or `auto`: measured and chosen as the run begins. Default `none`. */
  readonly compress?: string;
  /** Whether what a message lacks joins the next step's. Default: where training fails without it. */
  readonly feedback?: boolean;
  /** Bytes of gradient that are exchanged as one. Default 25 MiB. */
  readonly bucketBytes?: number;
}

/** A choice with nothing left open. */
export interface WireChoice {
  readonly exchange: string;
  readonly makeExchange: ExchangeMaker;
  /** Where ranks meet now and then: how; they do it by `makeExchange`. */
  readonly makeSynchroniser: SynchroniserMaker | undefined;
  readonly compress: string;
  readonly codec: Codec;
  readonly feedback: boolean;
  readonly bucketBytes: number;
}

export const wireDefaults = { compress: 'none', bucketBytes: 25 * 2 ** 20 } as const;

/** Whether ranks train on their own by this exchange. A server waits for all ranks unless it is told how long not to. */
function isSynchroniser(exchange: string): boolean {
  const [name] = exchange.split(':', 1);
  return Object.hasOwn(synchronisers, name) && (name !== 'server' || /[:,]\s*staleness=/.test(exchange));
}

/** @throws ScreeError for a codec or an exchange that is unknown, or an option out of range */
export function chooseWire({ compress = wireDefaults.compress, ...options }: WireOptions): WireChoice {
  const { bucketBytes = wireDefaults.bucketBytes } = options;
  if (!Number.isInteger(bucketBytes) || bucketBytes < 1024 || bucketBytes > 2 ** 31) {
    throw new ScreeError(`wire: a bucket holds from 1 KiB to 2 GiB, not ${bucketBytes} bytes`);
  }
  const plain = parseCodec(compress);
  const { feedback = plain.needsFeedback } = options;
  const exchange = options.exchange ?? exchangeFor(plain);
  const meets = isSynchroniser(exchange);
  return {
    exchange,
    makeExchange: exchangeByName(meets ? exchangeFor(plain) : exchange),
    makeSynchroniser: meets ? parseSynchroniser(exchange) : undefined,
    compress,
    codec: feedback ? withFeedback(plain) : plain,
    feedback,
    bucketBytes,
  };
}
