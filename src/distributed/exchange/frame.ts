import { crc32 } from 'node:zlib';
import { ScreeError } from '../../graph/errors.js';
import type { Coder } from '../codec/codec.js';
import type { Values, Workspace } from '../codec/workspace.js';

/** Before every message: its bytes and their CRC-32, as 32-bit words; then room, so that the message begins at a vector. */
const headerBytes = 8;
const lead = 16;

/** A place for one message with its header. */
export class Frame {
  readonly #message: number;

  constructor(
    private readonly workspace: Workspace,
    private readonly most: number,
  ) {
    this.#message = workspace.allocate(lead + most) + lead;
  }

  /** Encodes values. @returns the bytes to send */
  encode(coder: Coder, values: Values, draw: number): Uint8Array {
    const bytes = coder.encode(values, this.#message, draw);
    const framed = this.workspace.bytes(this.#message - headerBytes, headerBytes + bytes);
    const header = this.header();
    header[0] = bytes;
    header[1] = crc32(framed.subarray(headerBytes));
    return framed;
  }

  /** Where a message is to be received. */
  get room(): Uint8Array {
    return this.workspace.bytes(this.#message - headerBytes, headerBytes + this.most);
  }

  /**
   * Decodes what was encoded or received here.
   * @param received bytes that came, header included
   * @param from for messages
   * @throws ScreeError for a message that is not whole
   */
  decode(coder: Coder, into: Values, adding: boolean, received: number, from: number): void {
    const [bytes, checksum] = this.header();
    const whole = received >= headerBytes && bytes === received - headerBytes;
    if (!whole || crc32(this.workspace.bytes(this.#message, bytes)) !== checksum) {
      throw new ScreeError(
        `exchange: a message of ${received} bytes from rank ${from} is damaged (its length or checksum does not fit)`,
      );
    }
    coder.decode(this.#message, bytes, into, adding);
  }

  private header(): Uint32Array {
    const { buffer } = this.workspace.bytes(0, 0);
    return new Uint32Array(buffer, this.#message - headerBytes, 2);
  }
}
