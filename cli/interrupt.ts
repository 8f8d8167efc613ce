/** Exit codes by the shell's custom: 128 plus the signal's number. */
const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Lets a run end in order when the user or the system asks for it, or the terminal is closed. */
export class Interrupt {
  readonly #controller = new AbortController();
  #armed = false;
  #exitCode: number | undefined;

  constructor() {
    for (const name of Object.keys(exitCodes)) process.on(name, this.#onSignal);
  }

  /** Aborted by the first signal after `arm`. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The exit code of the signal that came; undefined if none did. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  /** From now on there is something to save: only the second signal ends the process at once. */
  arm(): void {
    this.#armed = true;
  }

  /** Stops listening. */
  release(): void {
    for (const name of Object.keys(exitCodes)) process.off(name, this.#onSignal);
  }

  readonly #onSignal = (name: keyof typeof exitCodes): void => {
    const code = exitCodes[name];
    if (!this.#armed || this.#exitCode !== undefined) process.exit(code);
    this.#exitCode = code;
    this.#controller.abort();
  };
}
