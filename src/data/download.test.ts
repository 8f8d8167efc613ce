import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { download, type DownloadProgress } from './download.js';

const content = Buffer.from(
  Uint8Array.from({ length: 1_000_000 }, (_, index) => Math.imul(index, 2654435761) >>> 13),
);
const sha256 = createHash('sha256').update(content).digest('hex');
const other = Uint8Array.from(content, (byte) => byte ^ 1);

interface Behaviour {
  /** Bytes after which each request's connection is cut, one entry a request; whole once they are used up. */
  cuts?: number[];
  ranges?: boolean;
  status?: number;
  body?: Uint8Array;
  /** Sends the first 500,000 bytes and then nothing. */
  stall?: boolean;
  chunked?: boolean;
}

let folder: string;
let server: Server;
let url: string;
let behaviour: Behaviour;
let requests: (string | undefined)[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scree-download-'));
  behaviour = {};
  requests = [];
  server = createServer((request, response) => {
    const {
      cuts = [],
      ranges = true,
      status = 200,
      body = content,
      stall = false,
      chunked = false,
    } = behaviour;
    const asked = request.headers.range;
    requests.push(asked);
    const from = ranges && asked !== undefined ? Number(/\d+/.exec(asked)?.[0]) : 0;
    if (status !== 200) {
      response.writeHead(status).end('no');
      return;
    }
    if (from >= body.length) {
      response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
      return;
    }
    const rest = body.subarray(from);
    if (!chunked) response.setHeader('content-length', rest.length);
    if (from > 0) {
      response.writeHead(206, { 'content-range': `bytes ${from}-${body.length - 1}/${body.length}` });
    }
    const cut = cuts.shift();
    if (stall) response.write(content.subarray(from, 500_000));
    else if (cut === undefined && chunked)
      response.write(rest.subarray(0, 10), () => response.end(rest.subarray(10)));
    else if (cut === undefined) response.end(rest);
    else response.write(rest.subarray(0, cut), () => setTimeout(() => response.destroy(), 30));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/file.bin`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  await rm(folder, { recursive: true });
});

describe('download', () => {
  test('several at once to the same place, some of them cut', async () => {
    behaviour = { cuts: [200_000, 700_000, 100_000] };
    const path = join(folder, 'file.bin');
    await Promise.all([1, 2, 3, 4].map(() => download(url, path, { sha256, retryDelayMs: 1 })));
    expect(content.equals(await readFile(path))).toBe(true);
  });

  test('a whole file, with progress, under its name only', async () => {
    const seen: DownloadProgress[] = [];
    const path = join(folder, 'new', 'folder', 'file.bin');
    await download(url, path, { sha256, onProgress: (progress) => seen.push(progress) });
    expect(content.equals(await readFile(path))).toBe(true);
    expect(await readdir(join(folder, 'new', 'folder'))).toEqual(['file.bin']);
    expect(seen.at(-1)).toEqual({ file: 'file.bin', bytes: content.length, totalBytes: content.length });
    expect(seen.every(({ bytes }, index) => index === 0 || bytes > seen[index - 1].bytes)).toBe(true);
  });

  test('goes on where the connection was cut, within one call', async () => {
    behaviour = { cuts: [300_000, 1, 250_000] };
    const path = join(folder, 'file.bin');
    await download(url, path, { sha256, retryDelayMs: 1 });
    expect(content.equals(await readFile(path))).toBe(true);
    // A cut may lose bytes on their way: where it goes on depends on the machine, that it goes on does not.
    const starts = requests.map((range) => Number(/\d+/.exec(range ?? '0')?.[0]));
    expect(starts.length).toBeGreaterThanOrEqual(4);
    expect(starts.every((start, index) => index === 0 || start >= starts[index - 1])).toBe(true);
    expect(starts[0]).toBe(0);
    expect(starts.at(-1)).toBeGreaterThan(0);
    expect(starts.at(-1)).toBeLessThanOrEqual(550_001);
  });

  test('goes on in a later run from the .part that an earlier one left', async () => {
    const path = join(folder, 'file.bin');
    behaviour = { cuts: [400_000, 0, 0, 0] };
    await expect(download(url, path, { sha256, attempts: 2, retryDelayMs: 1 })).rejects.toThrow(
      /broke off \(.*\); run again to go on from byte \d+$/,
    );
    expect(await readdir(folder)).toEqual(['file.bin.part']);
    const kept = (await stat(`${path}.part`)).size;
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThanOrEqual(400_000);
    behaviour = {};
    requests = [];
    const seen: DownloadProgress[] = [];
    await download(url, path, { sha256, onProgress: (progress) => seen.push(progress) });
    expect(requests).toEqual([`bytes=${kept}-`]);
    expect(seen[0].bytes).toBeGreaterThan(kept);
    expect(seen.at(-1)).toEqual({ file: 'file.bin', bytes: content.length, totalBytes: content.length });
    expect(content.equals(await readFile(path))).toBe(true);
  });

  test('a .part that is already whole is only checked and renamed', async () => {
    const path = join(folder, 'file.bin');
    await writeFile(`${path}.part`, content);
    await download(url, path, { sha256 });
    expect(requests).toEqual([`bytes=${content.length}-`]);
    expect(await readdir(folder)).toEqual(['file.bin']);
  });

  test('a .part longer than the file is begun anew', async () => {
    const path = join(folder, 'file.bin');
    await writeFile(`${path}.part`, new Uint8Array(content.length + 5));
    await download(url, path, { sha256, retryDelayMs: 1 });
    expect(content.equals(await readFile(path))).toBe(true);
  });

  test('a server without ranges sends it all again, and the length need not be known', async () => {
    const path = join(folder, 'file.bin');
    await writeFile(`${path}.part`, other.subarray(0, 500_000));
    behaviour = { ranges: false, chunked: true };
    const seen: DownloadProgress[] = [];
    await download(url, path, { sha256, onProgress: (progress) => seen.push(progress) });
    expect(content.equals(await readFile(path))).toBe(true);
    expect(seen[0].totalBytes).toBeUndefined();
  });

  test('another content is refused and deleted, also when only its start is another', async () => {
    const path = join(folder, 'file.bin');
    await writeFile(`${path}.part`, other.subarray(0, 500_000));
    await expect(download(url, path, { sha256 })).rejects.toThrow(
      /is damaged or another file \(SHA-256 [0-9a-f]{64}, expected /,
    );
    expect(await readdir(folder)).toEqual([]);
  });

  test('the checksum of a packed file is that of its content', async () => {
    behaviour = { body: gzipSync(content, { level: 1 }) };
    const path = join(folder, 'file.gz');
    await download(url, path, { sha256 });
    expect(gzipSync(content, { level: 1 }).equals(await readFile(path))).toBe(true);
  });

  test('a refusal, a server that is not there and one that falls silent are named', async () => {
    const path = join(folder, 'file.bin');
    behaviour = { status: 404 };
    await expect(download(url, path, { sha256 })).rejects.toThrow(`download: ${url} answered 404 Not Found`);
    behaviour = { stall: true };
    await expect(
      download(url, path, { sha256, attempts: 1, retryDelayMs: 1, stallTimeoutMs: 150 }),
    ).rejects.toThrow(/broke off \(no byte for 0.15 s\); run again to go on from byte \d+/);
    const closed = url.replace(/:\d+/, ':65535');
    await expect(download(closed, path, { sha256 })).rejects.toThrow(
      `download: cannot reach ${closed}: connect ECONNREFUSED`,
    );
  });

  test('a place that cannot be written is named', async () => {
    const path = join(folder, 'file.bin');
    await mkdir(`${path}.part`);
    await expect(download(url, path, { sha256, retryDelayMs: 1 })).rejects.toThrow(
      /cannot write .*file\.bin\.part: EISDIR/,
    );
    await expect(download(url, join(folder, 'x\0y'), { sha256 })).rejects.toThrow('cannot write');
  });

  test.skipIf(!existsSync('/dev/full'))(
    'a full disk is named (skipped where there is no /dev/full)',
    async () => {
      const path = join(folder, 'file.bin');
      await symlink('/dev/full', `${path}.part`);
      await expect(download(url, path, { sha256 })).rejects.toThrow(/cannot write .*file\.bin\.part: ENOSPC/);
    },
  );
});
