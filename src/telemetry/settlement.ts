/** Lines that stand next to each other in a file and go the same way. */
export interface Span {
  readonly file: string;
  /** Lines that are not settled yet. */
  open: number;
  end: number;
}

interface FileState {
  readonly spans: Span[];
  settled: number;
  /** Known once everything of the file has been read. */
  size: number | undefined;
}

/**
 * Which beginning of each file is settled without a gap, although lines are settled in any order:
 * what a cursor may say. Costs one small object per run of lines.
 */
export class Settlement {
  readonly #files = new Map<string, FileState>();

  /** A file is read from `offset` on. */
  begin(file: string, offset: number): void {
    this.#files.set(file, { spans: [], settled: offset, size: undefined });
  }

  /** Lines up to `end` were read, in the file's order. Give the span of those before where they go the same way. */
  add(file: string, end: number, previous: Span | undefined, lines = 1): Span {
    const spans = this.#state(file).spans;
    if (previous !== undefined && previous === spans.at(-1)) {
      previous.open += lines;
      previous.end = end;
      return previous;
    }
    const span: Span = { file, open: lines, end };
    spans.push(span);
    return span;
  }

  /** Lines of the span are settled. */
  settle(span: Span, lines = 1): void {
    span.open -= lines;
    if (span.open === 0) this.#advance(span.file);
  }

  /** Bytes up to `end` were read that are no line: they count as settled once all before them is. */
  skip(file: string, end: number): void {
    this.#state(file).spans.push({ file, open: 0, end });
    this.#advance(file);
  }

  /** Everything of the file was read; it has `size` bytes. */
  finish(file: string, size: number): void {
    this.#state(file).size = size;
  }

  forget(file: string): void {
    this.#files.delete(file);
  }

  /** Whether any line of the file is still open. */
  isOpen(file: string): boolean {
    return (this.#files.get(file)?.spans.length ?? 0) > 0;
  }

  settled(file: string): number | undefined {
    return this.#files.get(file)?.settled;
  }

  /** Whether all of the file was read and is settled. */
  isDone(file: string): boolean {
    const state = this.#files.get(file);
    return state?.size !== undefined && state.spans.length === 0;
  }

  #state(file: string): FileState {
    const state = this.#files.get(file);
    if (state === undefined) throw new Error(`not begun: ${file}`);
    return state;
  }

  #advance(file: string): void {
    const state = this.#files.get(file);
    if (state === undefined) return; // forgotten: retention has removed it
    let settled = 0;
    for (const span of state.spans) {
      if (span.open > 0) break;
      state.settled = span.end;
      settled++;
    }
    if (settled > 0) state.spans.splice(0, settled);
  }
}
