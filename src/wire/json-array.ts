import { EventBytes } from './event-bytes.js';
import { MAX_EVENT_BYTES, type OnEvent, type StreamSplitter } from './stream-splitter.js';
import { StringEnd } from './string-end.js';

const QUOTE = 0x22;

/**
 * A JSON array that arrives in pieces (Gemini's streams without `alt=sse`): each of its objects is
 * an event. An object that is not in an array (an error body) is one event as well.
 */
export class JsonArraySplitter implements StreamSplitter {
  readonly #onEvent: OnEvent;
  #depth = 0; // inside the current object; 0 = between objects
  #inString = false;
  readonly #stringEnd = new StringEnd();
  readonly #object = new EventBytes(MAX_EVENT_BYTES);

  constructor(onEvent: OnEvent) {
    this.#onEvent = onEvent;
  }

  push(chunk: Buffer): void {
    let start = this.#depth > 0 ? 0 : -1; // where the current object's bytes begin in this chunk
    let pos = 0;
    while (pos < chunk.length) {
      if (this.#inString) {
        pos = this.#skipString(chunk, pos);
        continue;
      }
      const byte = chunk[pos++];
      if (byte === QUOTE) this.#inString = this.#depth > 0;
      else if (byte === 0x7b || (byte === 0x5b && this.#depth > 0)) { // `{`, or `[` within an object
        if (this.#depth++ === 0) start = pos - 1;
      } else if ((byte === 0x7d || byte === 0x5d) && this.#depth > 0 && --this.#depth === 0) {
        this.#object.push(chunk.subarray(start, pos));
        start = -1;
        this.#dispatch();
      }
    }
    if (start !== -1) this.#object.push(chunk.subarray(start));
  }

  end(): void {
    // An object that is cut off cannot be read.
    this.#object.clear();
  }

  /** Offset after the string's end, or the chunk's end. */
  #skipString(chunk: Buffer, from: number): number {
    const quote = this.#stringEnd.find(chunk, from);
    if (quote === -1) return chunk.length;
    this.#inString = false;
    return quote + 1;
  }

  #dispatch(): void {
    const data = this.#object.take();
    if (data !== undefined) this.#onEvent({ type: '', data });
  }
}
