/** What takes whole lines; shapes as in TelemetryLog. */
export interface Lines {
  append(text: string, lines: number): void | Promise<void>;
}

/**
 * Group commit: lines that come within one turn of the event loop are one append at its end, after
 * all sockets that were ready have been read. Whoever waits for a line waits for that append, so
 * no answer is complete before its record is kept. Under load that saves a tenth of a request's CPU
 * (docs/performance.md).
 */
export class GroupCommit {
  readonly #log: Lines;
  readonly #onWritten: (() => void) | undefined;
  #text = '';
  #lines = 0;
  #turn: PromiseWithResolvers<void> | undefined;

  /** @param onWritten told after each append */
  constructor(log: Lines, onWritten?: () => void) {
    this.#log = log;
    this.#onWritten = onWritten;
  }

  /** Takes a line, newline included. Resolves once the system has it, under fsync `always` once the disk has it; never rejects. */
  append(line: string): Promise<void> {
    this.#text += line;
    this.#lines++;
    if (this.#turn === undefined) {
      this.#turn = Promise.withResolvers();
      setImmediate(() => { this.flush(); });
    }
    return this.#turn.promise;
  }

  /** Appends at once what waits for the end of the turn. */
  flush(): void {
    const turn = this.#turn;
    if (turn === undefined) return;
    const text = this.#text;
    const lines = this.#lines;
    this.#text = '';
    this.#lines = 0;
    this.#turn = undefined;
    turn.resolve(this.#log.append(text, lines));
    this.#onWritten?.();
  }
}
