import { EventBytes } from './event-bytes.js';
import { MAX_EVENT_BYTES, type OnEvent, type StreamSplitter } from './stream-splitter.js';

const LF = 0x0a;

/** Newline-delimited JSON: each line that is not blank is an event (JSON.parse does not mind a CR at its end). */
export class NdjsonSplitter implements StreamSplitter {
  readonly #onEvent: OnEvent;
  readonly #line = new EventBytes(MAX_EVENT_BYTES);

  constructor(onEvent: OnEvent) {
    this.#onEvent = onEvent;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let lf = chunk.indexOf(LF); lf !== -1; lf = chunk.indexOf(LF, start)) {
      this.#line.push(chunk.subarray(start, lf));
      start = lf + 1;
      this.end();
    }
    if (start < chunk.length) this.#line.push(chunk.subarray(start));
  }

  end(): void {
    const data = this.#line.take();
    if (data?.some((byte) => byte > 0x20) === true) this.#onEvent({ type: '', data });
  }
}
