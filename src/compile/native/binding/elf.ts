import { closeSync, openSync, readSync } from 'node:fs';

/** e_machine of ELF headers, by Node's name of the architecture. */
const machines: Readonly<Record<string, number>> = {
  ia32: 3,
  ppc64: 21,
  s390x: 22,
  arm: 40,
  x64: 62,
  arm64: 183,
  riscv64: 243,
  loong64: 258,
};

/**
 * The architecture that a shared library of Linux is for: its name, or a number where it has none; undefined for a file that is
 * no such library.
 */
export function architectureOf(path: string): string | undefined {
  const header = Buffer.alloc(20);
  const file = openSync(path, 'r');
  try {
    if (readSync(file, header, 0, header.length, 0) < header.length) return undefined;
  } finally {
    closeSync(file);
  }
  const magic = 0x7f454c46;
  if (header.readUInt32BE(0) !== magic) return undefined;
  const isLittleEndian = header[5] === 1;
  const machine = isLittleEndian ? header.readUInt16LE(18) : header.readUInt16BE(18);
  const known = Object.entries(machines).find(([, number]) => number === machine);
  return known?.[0] ?? `machine ${machine}`;
}
