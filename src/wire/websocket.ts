import { MAX_EVENT_BYTES, type OnEvent, type StreamSplitter } from './stream-splitter.js';

const CONTINUATION = 0;
const TEXT = 1;
const BINARY = 2;
const FIRST_CONTROL = 8;
/** Flags, length, the longest extended length: what must be there to know where a frame ends (servers do not mask). */
const MAX_HEADER_BYTES = 10;

/**
 * The messages that a WebSocket server sends (RFC 6455, after the handshake), as events; control
 * frames are passed over. What is compressed cannot be read: from there on nothing is told.
 */
export class WebSocketSplitter implements StreamSplitter {
  readonly #onEvent: OnEvent;
  /** Begin of a frame whose header has not come whole. */
  #header: Buffer = Buffer.alloc(0);
  /** Bytes of the current frame's payload that are still to come. */
  #remaining = 0;
  /** The current frame belongs to a message that is kept. */
  #keeping = false;
  #final = false;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #broken = false;

  constructor(onEvent: OnEvent) {
    this.#onEvent = onEvent;
  }

  push(chunk: Buffer): void {
    let bytes = chunk;
    while (!this.#broken && bytes.length > 0) {
      if (this.#remaining > 0) bytes = this.#takePayload(bytes);
      else bytes = this.#takeHeader(bytes);
    }
  }

  end(): void {
    this.#pieces = []; // a message that is cut off cannot be read
  }

  #takeHeader(bytes: Buffer): Buffer {
    const held = this.#header.length;
    const header = Buffer.concat([this.#header, bytes.subarray(0, MAX_HEADER_BYTES - held)]);
    const end = headerLength(header);
    if (end === undefined || header.length < end) {
      this.#header = header;
      return bytes.subarray(header.length - held);
    }
    this.#header = Buffer.alloc(0);
    this.#begin(header, end);
    return bytes.subarray(end - held);
  }

  #begin(header: Buffer, end: number): void {
    const flags = header[0] as number;
    const opcode = flags & 0x0f;
    const masked = ((header[1] as number) & 0x80) !== 0;
    // A reserved bit means an extension (compression); neither it nor a mask can be undone here.
    if ((flags & 0x70) !== 0 || masked) {
      this.#broken = true;
      this.#pieces = [];
      return;
    }
    this.#remaining = end === 2 ? (header[1] as number) & 0x7f : end === 4 ? header.readUInt16BE(2) : Number(header.readBigUInt64BE(2));
    this.#keeping = opcode < FIRST_CONTROL;
    this.#final = this.#keeping && (flags & 0x80) !== 0;
    if (opcode === TEXT || opcode === BINARY) this.#clear();
    else if (opcode !== CONTINUATION) this.#keeping = false;
    if (this.#remaining === 0) this.#frameEnds();
  }

  #takePayload(bytes: Buffer): Buffer {
    const piece = bytes.subarray(0, this.#remaining);
    this.#remaining -= piece.length;
    if (this.#keeping) {
      this.#bytes += piece.length;
      if (this.#bytes <= MAX_EVENT_BYTES) this.#pieces.push(piece);
      else this.#pieces = [];
    }
    if (this.#remaining === 0) this.#frameEnds();
    return bytes.subarray(piece.length);
  }

  #frameEnds(): void {
    if (!this.#final) return;
    this.#final = false;
    const pieces = this.#pieces;
    const whole = this.#bytes <= MAX_EVENT_BYTES;
    this.#clear();
    if (whole && pieces.length > 0) this.#onEvent({ type: '', data: pieces.length === 1 ? pieces[0] as Buffer : Buffer.concat(pieces) });
  }

  #clear(): void {
    this.#pieces = [];
    this.#bytes = 0;
  }
}

/** Bytes of a frame's header, or undefined where its second byte is not there yet. */
function headerLength(header: Buffer): number | undefined {
  const second = header[1];
  if (second === undefined) return undefined;
  const length = second & 0x7f;
  return length === 127 ? 10 : length === 126 ? 4 : 2;
}
