import type { ExchangeTimes } from './exchange.js';

/** Tells the time of codecs from that of the wire. */
export class Clock implements ExchangeTimes {
  codecMs = 0;
  wireMs = 0;

  /** Runs a codec's work. */
  codec<T>(work: () => T): T {
    const began = performance.now();
    const result = work();
    this.codecMs += performance.now() - began;
    return result;
  }

  /** Waits for messages. */
  async wire<T>(messages: Promise<T>): Promise<T> {
    const began = performance.now();
    const result = await messages;
    this.wireMs += performance.now() - began;
    return result;
  }
}
