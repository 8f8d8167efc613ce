import { ScreeError } from '../../graph/errors.js';

const utf8 = new TextEncoder();

/**
 * A protobuf message under construction: just the wire types that ONNX uses. Large payloads are kept as views and
 * copied once, by `finish` of the outermost message. Wire format: https://protobuf.dev/programming-guides/encoding/
 */
export class Message {
  private readonly parts: Uint8Array[] = [];
  private small: number[] = [];
  private size = 0;

  /** An int64 or enum field; `value` must be a safe integer. */
  int(field: number, value: number): this {
    this.tag(field, 0);
    this.varint(value);
    return this;
  }

  float(field: number, value: number): this {
    this.tag(field, 5);
    this.raw(new Uint8Array(Float32Array.of(value).buffer));
    return this;
  }

  string(field: number, value: string): this {
    return this.bytes(field, utf8.encode(value));
  }

  bytes(field: number, value: Uint8Array): this {
    this.tag(field, 2);
    this.varint(value.length);
    this.raw(value);
    return this;
  }

  message(field: number, value: Message): this {
    value.flush();
    this.tag(field, 2);
    this.varint(value.size);
    this.flush();
    // One by one: a spread of hundreds of thousands of parts overflows the stack.
    for (const part of value.parts) this.parts.push(part);
    this.size += value.size;
    return this;
  }

  /** A packed repeated int64 field. */
  ints(field: number, values: readonly number[]): this {
    const packed = new Message();
    for (const value of values) packed.varint(value);
    return this.message(field, packed);
  }

  /** A packed repeated float field. */
  floats(field: number, values: readonly number[]): this {
    return this.bytes(field, new Uint8Array(Float32Array.from(values).buffer));
  }

  finish(): Uint8Array {
    this.flush();
    const result = new Uint8Array(this.size);
    let offset = 0;
    for (const part of this.parts) {
      result.set(part, offset);
      offset += part.length;
    }
    return result;
  }

  private tag(field: number, wireType: number): void {
    this.varint(field * 8 + wireType);
  }

  private varint(value: number): void {
    if (!Number.isSafeInteger(value))
      throw new ScreeError(`encodeModel: ${value} is not an integer of at most 53 bits`);
    // Negative numbers are ten bytes of two's complement.
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 127n) {
      this.small.push(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    this.small.push(Number(rest));
  }

  private raw(value: Uint8Array): void {
    if (value.length < 256) {
      for (const byte of value) this.small.push(byte);
    } else {
      this.flush();
      this.parts.push(value);
      this.size += value.length;
    }
  }

  private flush(): void {
    if (this.small.length === 0) return;
    this.parts.push(Uint8Array.from(this.small));
    this.size += this.small.length;
    this.small = [];
  }
}
