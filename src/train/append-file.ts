import { open, type FileHandle } from 'node:fs/promises';
import { fileError } from './file-errors.js';

/** How much an appended file may keep in memory. */
export interface AppendOptions {
  /** The longest time that appended bytes wait. Default 1000. */
  flushEveryMs?: number;
  /** The most bytes that wait. Default 65,536. */
  flushAtBytes?: number;
}

/**
 * A file of records that grows at its end. `append` only remembers; the bytes are written by a timer (which does not keep the process
 * alive), when many have gathered, and by `flush`, `sync` and `close`. After a failed write, such as on a full disk, every further call
 * throws that failure: the file ends in a torn piece then, and nothing may follow it.
 */
export class AppendFile<Row> {
  private chunks: (string | Uint8Array)[] = [];
  private waitingBytes = 0;
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();
  private failure: Error | undefined;

  private constructor(
    readonly path: string,
    private readonly encode: (row: Row) => string | Uint8Array,
    private readonly file: FileHandle,
    private readonly flushEveryMs: number,
    private readonly flushAtBytes: number,
  ) {}

  /** Opens `path` to be appended to, making it if need be. `encode` turns a row into bytes at once. */
  static async open<Row>(
    path: string,
    encode: (row: Row) => string | Uint8Array,
    { flushEveryMs = 1000, flushAtBytes = 65_536 }: AppendOptions = {},
  ): Promise<AppendFile<Row>> {
    try {
      return new AppendFile(path, encode, await open(path, 'a'), flushEveryMs, flushAtBytes);
    } catch (error) {
      throw fileError('cannot write', path, error);
    }
  }

  /** @throws ScreeError of an earlier write that failed. */
  append(row: Row): void {
    this.appendEncoded(this.encode(row));
  }

  /** Appends what is no row, such as a file's first record. */
  appendEncoded(chunk: string | Uint8Array): void {
    if (this.failure) throw this.failure;
    this.chunks.push(chunk);
    this.waitingBytes += chunk.length;
    if (this.waitingBytes >= this.flushAtBytes) this.flushInBackground();
    else this.timer ??= setTimeout(() => this.flushInBackground(), this.flushEveryMs).unref();
  }

  /** Hands everything appended so far to the system: a killed process no longer loses it. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const chunks = this.chunks;
    this.chunks = [];
    this.waitingBytes = 0;
    this.writing = this.writing.then(() => this.write(chunks));
    return this.writing;
  }

  /**
   * Flushes and waits for the disk: not even a power cut loses it then. Await this before saving a checkpoint, so that the rows
   * up to its step are never missing.
   */
  async sync(): Promise<void> {
    await this.flush();
    await this.file.sync().catch((error: unknown) => {
      throw fileError('cannot write', this.path, error);
    });
  }

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      await this.file.close();
    }
  }

  private async write(chunks: readonly (string | Uint8Array)[]): Promise<void> {
    if (this.failure) throw this.failure;
    if (chunks.length === 0) return;
    try {
      const parts = chunks.map((chunk) => (typeof chunk === 'string' ? Buffer.from(chunk) : chunk));
      await this.file.appendFile(Buffer.concat(parts));
    } catch (error) {
      this.failure = fileError('cannot write', this.path, error);
      throw this.failure;
    }
  }

  /** A failure is kept for the next call. */
  private flushInBackground(): void {
    this.flush().catch(() => undefined);
  }
}
