import type { StreamEvent } from '../domain/dialect.js';

/** Told of each event; its bytes may share memory with the chunk, so they are not to be kept. */
export type OnEvent = (event: StreamEvent) => void;

/** Cuts a byte stream into its events, wherever the chunks happen to be cut. */
export interface StreamSplitter {
  push(chunk: Buffer): void;
  /** The stream has ended: an event whose end is missing is still told, if its content is all there. */
  end(): void;
}

/** An event (a line, an array element, a message) of which more than this is left without its long strings is passed over. */
export const MAX_EVENT_BYTES = 16 * 1024 * 1024;
