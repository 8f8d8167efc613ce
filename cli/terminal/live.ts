import { truncate, visibleWidth } from './text.js';

/** The part of process.stdout and process.stderr that is needed here. */
export interface LiveStream {
  isTTY?: boolean;
  columns?: number;
  rows?: number;
  write: NodeJS.WriteStream['write'];
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

/** What is shown, where, and how often. */
export interface LiveOptions {
  stream: LiveStream;
  /** The lines of the window for a terminal of `columns` columns. */
  view: (columns: number) => string[];
  /** What is written instead, now and then, where the stream is no terminal. */
  line: () => string;
  /** Default 100. */
  drawEveryMs?: number;
  /** Default 5000. */
  lineEveryMs?: number;
  /** Streams whose other output is to scroll above the window, where they are terminals. Default: standard output and error. */
  intercept?: readonly LiveStream[];
}

/** A window of lines at the end of a terminal that is redrawn in place. */
export interface Live {
  /** Writes lines that scroll away above the window. */
  log(text: string): void;
  /** Draws now rather than at the next turn of the timer. */
  draw(): void;
  /**
   * Ends the drawing and gives the terminal back. The window stays as it was drawn last; with `clear` it vanishes, for something
   * else to come in its place.
   */
  stop(options?: { clear?: boolean }): void;
}

const up = (rows: number) => (rows > 0 ? `\u001b[${rows}A` : '');
const clearToEndOfLine = '\u001b[K';
const clearToEndOfScreen = '\u001b[J';
const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';
// Terminals that know these show a frame at once; others pass over them.
const beginFrame = '\u001b[?2026h';
const endFrame = '\u001b[?2026l';

/**
 * How many columns a stream shows: those of the terminal, which change when its window does; else the variable COLUMNS, else 80.
 */
export function columnsOf(stream: LiveStream): number {
  if (stream.isTTY === true && stream.columns !== undefined && stream.columns > 0) return stream.columns;
  const wanted = Number(process.env.COLUMNS);
  return Number.isInteger(wanted) && wanted > 0 ? wanted : 80;
}

/** The rows of the screen that lines take which a window drawn at another width may have wrapped. */
function rowsOf(lines: readonly string[], columns: number): number {
  return lines.reduce((rows, line) => rows + Math.max(1, Math.ceil(visibleWidth(line) / columns)), 0);
}

/**
 * The bytes that turn a window of the lines `before` into one of the lines `after`, with the text `above` (whole lines) scrolling
 * away over it. The cursor stands at the end of the last line before and after. Lines are overwritten rather than erased first,
 * so that nothing flickers; those of `after` must be narrower than the terminal, those above may be wrapped by it.
 */
export function frame(
  before: readonly string[],
  after: readonly string[],
  above: string,
  columns: number,
): string {
  const start = `\r${up(rowsOf(before, columns) - 1)}`;
  const scrolled = above === '' ? '' : clearToEndOfScreen + above;
  const window = after.join(`${clearToEndOfLine}\n`);
  return `${beginFrame}${start}${scrolled}${window}${clearToEndOfScreen}${endFrame}`;
}

/** Starts drawing: `view` in place on a terminal, else `line` every few seconds. The timer does not keep the process alive. */
export function startLive(options: LiveOptions): Live {
  return options.stream.isTTY === true && process.env.TERM !== 'dumb'
    ? liveWindow(options)
    : plainLines(options);
}

function plainLines({ stream, line, lineEveryMs = 5000 }: LiveOptions): Live {
  let last = '';
  const draw = () => {
    const next = line();
    if (next !== last && next !== '') stream.write(`${next}\n`);
    last = next;
  };
  const timer = setInterval(draw, lineEveryMs).unref();
  return {
    log: (text) => void stream.write(`${text}\n`),
    draw: () => undefined,
    stop: ({ clear = false } = {}) => {
      clearInterval(timer);
      if (!clear) draw();
    },
  };
}

function liveWindow({
  stream,
  view,
  drawEveryMs = 100,
  intercept = [process.stdout, process.stderr],
}: LiveOptions): Live {
  const write = stream.write.bind(stream);
  let drawn: string[] = [];
  let waiting = '';
  let stopped = false;

  const draw = (view: LiveOptions['view']) => {
    if (stopped) return;
    // Whole lines only; the rest waits for its end.
    const end = waiting.lastIndexOf('\n') + 1;
    const above = waiting.slice(0, end);
    waiting = waiting.slice(end);
    const columns = columnsOf(stream);
    // A line as wide as the terminal would leave the cursor in doubt, and one row more than the screen would scroll away.
    const lines = view(columns - 1).slice(0, Math.max(1, (stream.rows ?? 24) - 1));
    const next = lines.map((line) => truncate(line, columns - 1));
    write(frame(drawn, next, above, columns));
    drawn = next;
  };
  const stop = ({ clear = false } = {}) => {
    if (stopped) return;
    if (waiting !== '' && !waiting.endsWith('\n')) waiting += '\n';
    draw(clear ? () => [] : view);
    stopped = true;
    clearInterval(timer);
    stream.off('resize', redraw);
    releaseSignals();
    for (const restore of restoreStreams) restore();
    write(clear ? showCursor : `\n${showCursor}`);
  };
  // Drawn by the timer: a thousand lines at once are one frame.
  const log = (text: string) => {
    waiting += text;
  };

  const terminals = new Set([stream, ...intercept].filter(({ isTTY }) => isTTY === true));
  const restoreStreams = [...terminals].map((terminal) => redirect(terminal, log));
  const releaseSignals = atEnd(() => stop());
  const redraw = () => draw(view);
  const timer = setInterval(redraw, drawEveryMs).unref();
  stream.on('resize', redraw);
  write(hideCursor);
  redraw();
  return { log: (text) => log(`${text}\n`), draw: redraw, stop };
}

/** Sends what is written to a stream to `log` instead. Returns what undoes that. */
function redirect(stream: LiveStream, log: (text: string) => void): () => void {
  const original = stream.write;
  stream.write = (
    chunk: string | Uint8Array,
    encodingOrCallback?: BufferEncoding | ((error?: Error | null) => void),
    callback?: (error?: Error | null) => void,
  ): boolean => {
    log(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
    const done = typeof encodingOrCallback === 'function' ? encodingOrCallback : callback;
    if (done) process.nextTick(done);
    return true;
  };
  return () => {
    stream.write = original;
  };
}

/**
 * Calls `stop` when the process ends while drawing: by exit, or by a signal for which nobody else listens, which then ends the
 * process as it would have without. Returns what undoes that.
 */
function atEnd(stop: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const onSignal = (signal: NodeJS.Signals) => {
    if (process.listenerCount(signal) > 1) return;
    stop();
    process.kill(process.pid, signal);
  };
  process.on('exit', stop);
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    process.off('exit', stop);
    for (const signal of signals) process.off(signal, onSignal);
  };
}
