import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

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

const magic = 0x7f454c46;
const headerBytes = 64;
/** Of a segment that the loader maps into memory. */
const loaded = 1;

/** What is known of a file without loading it. */
export type SharedObject =
  | { readonly kind: 'other' }
  | {
      readonly kind: 'library';
      /** The architecture that it is for: Node's name, or a number where it has none. */
      readonly architecture: string;
      /** Whether the file ends before its contents do: the loader would map what is not there, and the process end by a signal. */
      readonly isCutOff: boolean;
    };

function read(file: number, position: number, bytes: number): Buffer | undefined {
  const buffer = Buffer.alloc(bytes);
  return readSync(file, buffer, 0, bytes, position) === bytes ? buffer : undefined;
}

/** Whether a segment of a 64-bit little-endian file reaches beyond its end. */
function isCutOff(file: number, header: Buffer): boolean {
  const size = fstatSync(file).size;
  const [start, each, count] = [
    Number(header.readBigUInt64LE(32)),
    header.readUInt16LE(54),
    header.readUInt16LE(56),
  ];
  const table = read(file, start, each * count);
  if (table === undefined) return true;
  return Array.from({ length: count }, (_, index) => each * index).some((at) => {
    const end = Number(table.readBigUInt64LE(at + 8) + table.readBigUInt64LE(at + 32));
    return table.readUInt32LE(at) === loaded && end > size;
  });
}

/** Looks at a file as the loader of Linux will: its ELF header and the table of its segments. */
export function inspectLibrary(path: string): SharedObject {
  const file = openSync(path, 'r');
  try {
    const header = read(file, 0, headerBytes);
    if (header === undefined || header.readUInt32BE(0) !== magic) return { kind: 'other' };
    const [is64, isLittleEndian] = [header[4] === 2, header[5] === 1];
    const machine = isLittleEndian ? header.readUInt16LE(18) : header.readUInt16BE(18);
    const known = Object.entries(machines).find(([, number]) => number === machine);
    return {
      kind: 'library',
      architecture: known?.[0] ?? `machine ${machine}`,
      isCutOff: is64 && isLittleEndian && isCutOff(file, header),
    };
  } finally {
    closeSync(file);
  }
}
