import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { AppendFile } from './append-file.js';

// What AppendFile does when all is well is held by the tests of metrics and events.

test.skipIf(!existsSync('/dev/full'))(
  'a full disk is reported at the next call and ever after (needs /dev/full)',
  async () => {
    const file = await AppendFile.open('/dev/full', (row: string) => row, { flushAtBytes: 1 });
    const message = /^cannot write '\/dev\/full': no space is left on the disk$/;
    file.append('one');
    await expect(file.flush()).rejects.toThrow(message);
    expect(() => file.append('two')).toThrow(message);
    await expect(file.sync()).rejects.toThrow(message);
    await expect(file.close()).rejects.toThrow(message);
  },
);

test('a file that cannot be opened gives one line', async () => {
  await expect(AppendFile.open('none/such/file', String)).rejects.toThrow(
    /^cannot write 'none\/such\/file': there is no such file or folder$/,
  );
});
