import { hostname } from 'node:os';
import { join } from 'node:path';
import { AppendFile, type AppendOptions } from './append-file.js';
import { crc32c } from './crc32c.js';
import type { MetricsRow } from './metrics.js';

/*
 * Protobuf, as far as an event needs it: https://protobuf.dev/programming-guides/encoding/. Not compile/onnx's writer, which is made
 * for large models: here a message of 60 bytes is written at every step of a run, and may take a microsecond or two.
 */
const utf8 = new TextEncoder();
const varint = (value: number): number[] => {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return bytes;
};
const bytesField = (field: number, bytes: Uint8Array): Uint8Array =>
  Uint8Array.from([(field << 3) | 2, ...varint(bytes.length), ...bytes]);

/**
 * An Event of event.proto (wall time in seconds, step, and what happened) as a TFRecord of TensorFlow's record_writer.h: the length as
 * uint64, its masked CRC-32C, the event, its masked CRC-32C.
 */
function eventRecord(wallTimeMs: number, step: number, what: Uint8Array): Uint8Array {
  // A field of its default value, 0, is not written.
  const stepField = step > 0 ? [2 << 3, ...varint(step)] : [];
  const length = 9 + stepField.length + what.length;
  const record = new Uint8Array(length + 16);
  const view = new DataView(record.buffer);
  view.setUint32(0, length, true);
  view.setUint32(8, maskedCrc(record, 0, 8), true);
  record[12] = (1 << 3) | 1;
  view.setFloat64(13, wallTimeMs / 1000, true);
  record.set(stepField, 21);
  record.set(what, 21 + stepField.length);
  view.setUint32(12 + length, maskedCrc(record, 12, 12 + length), true);
  return record;
}

/** CRC-32C rotated right by 15 bits, plus a constant: a checksum of data that hold checksums would else be weak. */
function maskedCrc(bytes: Uint8Array, start: number, end: number): number {
  const crc = crc32c(bytes, start, end);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** For each tag the bytes of a Summary's Value (field 1 of summary.proto): the tag and, as the last four bytes, a float to be filled in. */
const valueTemplates = new Map<string, Uint8Array>();

function valueTemplate(tag: string): Uint8Array {
  let template = valueTemplates.get(tag);
  if (template === undefined) {
    const value = Uint8Array.from([...bytesField(1, utf8.encode(tag)), (2 << 3) | 5, 0, 0, 0, 0]);
    template = bytesField(1, value);
    valueTemplates.set(tag, template);
  }
  return template;
}

/** A Summary (field 5) with a Value for each number of the row, its `simple_value`. */
function summaryField(row: MetricsRow): Uint8Array {
  const tags = Object.keys(row).filter((name) => name !== 'step');
  let length = 0;
  for (const tag of tags) length += valueTemplate(tag).length;
  const prefix = [(5 << 3) | 2, ...varint(length)];
  const field = new Uint8Array(prefix.length + length);
  const view = new DataView(field.buffer);
  field.set(prefix);
  let offset = prefix.length;
  for (const tag of tags) {
    const template = valueTemplate(tag);
    field.set(template, offset);
    offset += template.length;
    view.setFloat32(offset - 4, row[tag], true);
  }
  return field;
}

const versionField = bytesField(3, utf8.encode('brain.Event:2'));

/** SessionLog (field 7) with status START: the program began at this step; readers drop what other files hold from there on. */
const sessionStartField = bytesField(7, Uint8Array.of(1 << 3, 1));

let filesOpened = 0;

/**
 * Opens a new TensorBoard event file in `folder`. Each appended row becomes one event, with a scalar for each of its numbers besides
 * `step`, tagged with its name (`loss`, or `loss/train` to group).
 * @param resumeFrom the step that a resumed run goes on from: TensorBoard then hides what an earlier file holds beyond it.
 * @param now the clock, in milliseconds since 1970.
 */
export async function openEvents(
  folder: string,
  {
    resumeFrom,
    now = Date.now,
    ...options
  }: AppendOptions & { resumeFrom?: number; now?: () => number } = {},
): Promise<AppendFile<MetricsRow>> {
  const begin = now();
  // TensorBoard reads the files of a folder in the order of their names.
  const seconds = String(Math.floor(begin / 1000)).padStart(10, '0');
  const name = `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.${filesOpened++}`;
  const file = await AppendFile.open(
    join(folder, name),
    (row: MetricsRow) => eventRecord(now(), row.step, summaryField(row)),
    options,
  );
  file.appendEncoded(eventRecord(begin, 0, versionField));
  if (resumeFrom !== undefined) file.appendEncoded(eventRecord(begin, resumeFrom + 1, sessionStartField));
  return file;
}
