import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { columnsOf, frame, startLive, type LiveStream } from './live.js';

/** A control sequence of a terminal, or a character. */
const tokens = new RegExp(`${String.fromCharCode(27)}\\[(\\??\\d*)([A-Za-z])|.`, 'gsu');

/** A terminal, as far as it is needed: prints, wraps, scrolls, moves up and erases as VT100 does. */
class Terminal implements LiveStream {
  isTTY = true;
  lines: string[] = [''];
  cursorShown = true;
  raw = '';
  private row = 0;
  private column = 0;
  private listeners = new Set<() => void>();

  constructor(
    public columns = 40,
    public rows = 12,
  ) {}

  write: LiveStream['write'] = (chunk: string | Uint8Array): boolean => {
    this.raw += String(chunk);
    for (const [token, number, command] of String(chunk).matchAll(tokens)) {
      if (command !== undefined) this.control(number, command);
      else if (token === '\n') this.newLine();
      else if (token === '\r') this.column = 0;
      else this.print(token);
    }
    return true;
  };

  on(_event: 'resize', listener: () => void): void {
    this.listeners.add(listener);
  }

  off(_event: 'resize', listener: () => void): void {
    this.listeners.delete(listener);
  }

  /** Another width; lines that no longer fit are wrapped, as most terminals do. */
  resize(columns: number): void {
    this.columns = columns;
    const wrapped: string[] = [];
    for (const line of this.lines) {
      for (let start = 0; start === 0 || start < line.length; start += columns) {
        wrapped.push(line.slice(start, start + columns));
      }
    }
    this.lines = wrapped;
    this.row = wrapped.length - 1;
    this.column = wrapped[this.row].length;
    for (const listener of this.listeners) listener();
  }

  /** What is to be seen, the history above included. */
  get screen(): string[] {
    return this.lines.map((line) => line.trimEnd());
  }

  private print(character: string): void {
    if (this.column === this.columns) this.newLine();
    const line = this.lines[this.row].padEnd(this.column);
    this.lines[this.row] = line.slice(0, this.column) + character + line.slice(this.column + 1);
    this.column++;
  }

  /** The terminal driver adds a carriage return to every line feed. */
  private newLine(): void {
    this.row++;
    this.column = 0;
    if (this.row === this.lines.length) this.lines.push('');
  }

  private control(number: string, command: string): void {
    if (command === 'A')
      this.row = Math.max(Math.max(0, this.lines.length - this.rows), this.row - Number(number || 1));
    else if (command === 'K' || command === 'J') {
      this.lines[this.row] = this.lines[this.row].slice(0, this.column);
      if (command === 'J') this.lines.length = this.row + 1;
    } else if (number === '?25') this.cursorShown = command === 'h';
    else expect(`${number}${command}`).toMatch(/^\?2026[hl]$/);
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubEnv('TERM', 'xterm');
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

describe('frame', () => {
  test('a frame writes over the one before and leaves nothing of it', () => {
    const terminal = new Terminal();
    const windows = [['one', 'two', 'three'], ['1'], ['a much longer line', '', 'c', 'd'], []];
    let before: string[] = [];
    terminal.write('above\n');
    for (const after of windows) {
      terminal.write(frame(before, after, '', terminal.columns));
      expect(terminal.screen).toEqual(['above', ...(after.length > 0 ? after : [''])]);
      before = after;
    }
  });

  test('what is logged scrolls above the window, wrapped or not, also beyond the screen', () => {
    const terminal = new Terminal(20, 5);
    const history: string[] = [];
    for (let turn = 0; turn < 10; turn++) {
      const text = `log ${turn} ${'.'.repeat(turn * 4)}`;
      terminal.write(frame(turn === 0 ? [] : ['w1', 'w2'], ['w1', 'w2'], `${text}\n`, terminal.columns));
      for (let start = 0; start < text.length; start += 20)
        history.push(text.slice(start, start + 20).trimEnd());
      expect(terminal.screen).toEqual([...history, 'w1', 'w2']);
    }
  });
});

describe('on a terminal', () => {
  test('draws at intervals, hides the cursor meanwhile and gives it back; nothing is drawn afterwards', () => {
    const terminal = new Terminal();
    let step = 0;
    const live = startLive({
      stream: terminal,
      intercept: [],
      line: () => '',
      view: () => [`step ${step}`, 'end'],
    });
    expect(terminal.screen).toEqual(['step 0', 'end']);
    expect(terminal.cursorShown).toBe(false);
    step = 7;
    vi.advanceTimersByTime(100);
    expect(terminal.screen).toEqual(['step 7', 'end']);
    step = 9;
    live.stop();
    live.stop();
    expect(terminal.screen).toEqual(['step 9', 'end', '']);
    expect(terminal.cursorShown).toBe(true);
    const { raw } = terminal;
    vi.advanceTimersByTime(1000);
    live.draw();
    terminal.resize(30);
    expect(terminal.raw).toBe(raw);
    expect(process.listeners('SIGINT').length + process.listeners('SIGTERM').length).toBe(listenersBefore);
  });

  const listenersBefore = process.listeners('SIGINT').length + process.listeners('SIGTERM').length;

  test('a cleared window leaves its place to what comes next', () => {
    const terminal = new Terminal();
    const live = startLive({ stream: terminal, intercept: [], line: () => '', view: () => ['a', 'b', 'c'] });
    live.log('kept');
    live.stop({ clear: true });
    terminal.write('table\n');
    expect(terminal.screen).toEqual(['kept', 'table', '']);
    expect(terminal.cursorShown).toBe(true);
  });

  test('what others write to the streams scrolls above; half a line waits for its other half', async () => {
    const terminal = new Terminal();
    const other = new Terminal();
    const file: LiveStream = Object.assign(new Terminal(), { isTTY: false });
    const live = startLive({
      stream: terminal,
      intercept: [other, file],
      line: () => '',
      view: () => ['window'],
    });
    other.write('a warning\nand ha');
    file.write('to the file\n');
    vi.advanceTimersByTime(100);
    expect(terminal.screen).toEqual(['a warning', 'window']);
    terminal.write(Buffer.from('lf\n'));
    const written = vi.fn();
    other.write('without an end', written);
    await vi.advanceTimersByTimeAsync(100);
    expect(written).toHaveBeenCalledOnce();
    expect(terminal.screen).toEqual(['a warning', 'and half', 'window']);
    live.stop();
    other.write('free again');
    expect(terminal.screen).toEqual(['a warning', 'and half', 'without an end', 'window', '']);
    expect(other.screen).toEqual(['free again']);
  });

  const long = 'x'.repeat(100);
  const view = (columns: number) => [`${columns}`, long, '3', '4', '5'];

  test('lines are cut to the columns of the terminal, the window to its rows', () => {
    const terminal = new Terminal(30, 4);
    startLive({ stream: terminal, intercept: [], line: () => '', view }).stop();
    expect(terminal.screen).toEqual(['29', `${'x'.repeat(28)}…`, '3', '']);
  });

  test('another width of the terminal leaves no traces of the window, though the terminal wraps it', () => {
    const terminal = new Terminal(30, 20);
    terminal.write('above\n');
    const live = startLive({ stream: terminal, intercept: [], line: () => '', view });
    for (const columns of [12, 50, 7, 30]) {
      terminal.resize(columns);
      expect(terminal.screen).toEqual([
        'above',
        `${columns - 1}`,
        `${'x'.repeat(columns - 2)}…`,
        '3',
        '4',
        '5',
      ]);
    }
    live.stop();
  });
});

describe('elsewhere', () => {
  test.each([
    ['a file', false, 'xterm'],
    ['a terminal that cannot move its cursor', true, 'dumb'],
  ])('%s gets plain lines, now and then, each once', (_, isTTY, term) => {
    vi.stubEnv('TERM', term);
    const stream = Object.assign(new Terminal(), { isTTY });
    let step = 0;
    const live = startLive({ stream, view: () => ['never'], line: () => (step > 0 ? `step ${step}` : '') });
    vi.advanceTimersByTime(5000);
    step = 1;
    live.draw();
    vi.advanceTimersByTime(10_000);
    live.log('a warning');
    step = 2;
    live.stop();
    expect(stream.raw).toBe('step 1\na warning\nstep 2\n');
  });
});

test('columnsOf asks the terminal, then COLUMNS, then takes 80', () => {
  vi.stubEnv('COLUMNS', '100');
  expect(columnsOf(new Terminal(132))).toBe(132);
  expect(columnsOf(new Terminal(0))).toBe(100);
  expect(columnsOf(Object.assign(new Terminal(132), { isTTY: false }))).toBe(100);
  vi.stubEnv('COLUMNS', 'wide');
  expect(columnsOf(new Terminal(0))).toBe(80);
});

test.each([
  ['process.exit(3)', { status: 3, signal: null }],
  ["process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000)", { status: null, signal: 'SIGTERM' }],
])('a process that ends by %s gives the terminal back and ends as it would have', (end, expected) => {
  const program = `
    import { startLive } from './cli/terminal/live.ts';
    process.stdout.isTTY = true;
    startLive({ stream: process.stdout, view: () => ['window'], line: () => '' });
    console.log('last words');
    ${end};
  `;
  const { status, signal, stdout } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', program],
    { encoding: 'utf8', env: { ...process.env, TERM: 'xterm' } },
  );
  expect({ status, signal }).toEqual(expected);
  const terminal = new Terminal();
  terminal.write(stdout);
  expect(terminal.screen).toEqual(['last words', 'window', '']);
  expect(terminal.cursorShown).toBe(true);
});
