import { ScreeError } from '../graph/errors.js';

export interface CsvRow {
  /** Line of the file on which the row starts, counted from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

/**
 * The rows of a comma-separated text (RFC 4180): fields may stand in double quotes, in which a delimiter and a line break
 * belong to the field and `""` is a quote. Lines end with LF or CRLF; blank lines and a byte order mark are skipped.
 * The delimiter is one character.
 * @param source what to call the text in an error, usually its path
 * @throws ScreeError naming the line for a misplaced or open quote, or a row with another count of fields than the first
 * @example
 * ```ts
 * import { parseCsv } from 'scree/data';
 *
 * console.log(parseCsv('a,"b, c"\n1,2\n', 'example').map(({ fields }) => fields));
 * ```
 * ```text
 * [ [ 'a', 'b, c' ], [ '1', '2' ] ]
 * ```
 */
export function parseCsv(
  text: string,
  source: string,
  { delimiter = ',' }: { delimiter?: string } = {},
): CsvRow[] {
  const rows: CsvRow[] = [];
  let position = text.startsWith('\uFEFF') ? 1 : 0;
  let line = 1;

  const quotedField = (): string => {
    const opened = line;
    let value = '';
    for (;;) {
      const close = text.indexOf('"', position + 1);
      if (close < 0) throw new ScreeError(`${source}: the quote opened on line ${opened} is never closed`);
      const piece = text.slice(position + 1, close);
      line += piece.split('\n').length - 1;
      value += piece;
      position = close + 1;
      if (text[position] !== '"') break;
      value += '"';
    }
    const next = text.slice(position, position + 2);
    if (next !== '' && next[0] !== delimiter && !/^(?:\r?\n|\r$)/.test(next)) {
      throw new ScreeError(
        `${source}: line ${line} has text after a closing quote; write "" for a quote in a field`,
      );
    }
    return value;
  };

  const plainField = (): string => {
    const start = position;
    while (position < text.length && text[position] !== delimiter && text[position] !== '\n') position++;
    const value = text.slice(start, position);
    if (value.includes('"')) {
      throw new ScreeError(`${source}: line ${line} has a quote inside a field; quote the whole field`);
    }
    return value.endsWith('\r') && text[position] !== delimiter ? value.slice(0, -1) : value;
  };

  while (position < text.length) {
    const start = line;
    const first = position;
    const fields: string[] = [];
    for (;;) {
      fields.push(text[position] === '"' ? quotedField() : plainField());
      if (text[position] !== delimiter) break;
      position++;
    }
    const blank = fields.length === 1 && fields[0] === '' && text[first] !== '"';
    if (text[position] === '\r') position++;
    position++;
    line++;
    if (blank) continue;
    if (rows.length > 0 && fields.length !== rows[0].fields.length) {
      throw new ScreeError(
        `${source}: line ${start} has ${fields.length} fields, line ${rows[0].line} has ${rows[0].fields.length}`,
      );
    }
    rows.push({ line: start, fields });
  }
  return rows;
}
