import { MAX_EVENT_BYTES, type OnEvent, type StreamSplitter } from './stream-splitter.js';

const LF = 0x0a;

/** Newline-delimited JSON: each line that is not blank is an event (JSON.parse does not mind a CR at its end). */
export class NdjsonSplitter implements StreamSplitter {
  readonly #onEvent: OnEvent;
  #partial: Buffer[] = [];
  #partialBytes = 0;

  constructor(onEvent: OnEvent) {
    this.#onEvent = onEvent;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let lf = chunk.indexOf(LF); lf !== -1; lf = chunk.indexOf(LF, start)) {
      this.#keep(chunk.subarray(start, lf));
      start = lf + 1;
      this.end();
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
  }

  end(): void {
    const pieces = this.#partial;
    const whole = this.#partialBytes <= MAX_EVENT_BYTES;
    this.#partial = [];
    this.#partialBytes = 0;
    if (!whole || pieces.length === 0) return;
    const data = pieces.length === 1 ? pieces[0] as Buffer : Buffer.concat(pieces);
    if (data.some((byte) => byte > 0x20)) this.#onEvent({ type: '', data });
  }

  #keep(piece: Buffer): void {
    this.#partialBytes += piece.length;
    if (this.#partialBytes <= MAX_EVENT_BYTES) this.#partial.push(piece);
    else this.#partial = [];
  }
}
