import { EventBytes } from './event-bytes.js';
import { MAX_EVENT_BYTES, type OnEvent, type StreamSplitter } from './stream-splitter.js';

const TEXT = 1;
const BINARY = 2;
const RESERVED_BITS = 0x70;
const MASK_BYTES = 4;
/** Flags, length, the longest extended length, mask: what must be there to know where a frame ends. */
const MAX_HEADER_BYTES = 10 + MASK_BYTES;
const NOTHING = Buffer.alloc(0);

/** Whose frames: RFC 6455 has clients mask theirs, and servers not. */
export type WebSocketSide = 'server' | 'client';

/**
 * The messages that one side of a WebSocket sends (RFC 6455, after the handshake), as events;
 * control frames are passed over. What is compressed, or masked where it must not be, cannot be
 * read: from there on nothing is told.
 */
export class WebSocketSplitter implements StreamSplitter {
  readonly #onEvent: OnEvent;
  readonly #masked: boolean;
  /** Begin of a frame whose header has not come whole. */
  #header: Buffer = NOTHING;
  /** Bytes of the current frame's payload that are still to come. */
  #remaining = 0;
  #mask: Buffer = NOTHING;
  /** Where in the mask the next byte of the payload is. */
  #maskAt = 0;
  /** A message has begun and its last frame has not ended. */
  #inMessage = false;
  /** The current frame belongs to a message. */
  #keeping = false;
  #final = false;
  readonly #message = new EventBytes(MAX_EVENT_BYTES);
  #broken = false;

  constructor(onEvent: OnEvent, side: WebSocketSide = 'server') {
    this.#onEvent = onEvent;
    this.#masked = side === 'client';
  }

  push(chunk: Buffer): void {
    let bytes = chunk;
    while (!this.#broken && bytes.length > 0) {
      if (this.#remaining > 0) bytes = this.#takePayload(bytes);
      else bytes = this.#takeHeader(bytes);
    }
  }

  end(): void {
    this.#message.clear(); // a message that is cut off cannot be read
  }

  #takeHeader(bytes: Buffer): Buffer {
    const held = this.#header.length;
    const header = held === 0 ? bytes : Buffer.concat([this.#header, bytes.subarray(0, MAX_HEADER_BYTES - held)]);
    const end = headerLength(header);
    if (end === undefined || header.length < end) {
      this.#header = Buffer.from(header);
      return NOTHING;
    }
    this.#header = NOTHING;
    this.#begin(header, end);
    return bytes.subarray(end - held);
  }

  #begin(header: Buffer, end: number): void {
    const flags = header[0] as number;
    const opcode = flags & 0x0f;
    const second = header[1] as number;
    // A reserved bit means an extension (compression), which cannot be undone here.
    if ((flags & RESERVED_BITS) !== 0 || (second & 0x80) !== 0 !== this.#masked) {
      this.#broken = true;
      this.#message.clear();
      return;
    }
    this.#remaining = payloadLength(header, second & 0x7f);
    if (this.#masked) this.#mask = Buffer.from(header.subarray(end - MASK_BYTES, end));
    this.#maskAt = 0;
    if (opcode === TEXT || opcode === BINARY) {
      this.#message.clear();
      this.#inMessage = true;
    }
    this.#keeping = this.#inMessage && opcode <= BINARY;
    this.#final = this.#keeping && (flags & 0x80) !== 0;
    if (this.#remaining === 0) this.#frameEnds();
  }

  #takePayload(bytes: Buffer): Buffer {
    const piece = bytes.subarray(0, this.#remaining);
    this.#remaining -= piece.length;
    if (this.#keeping) this.#message.push(this.#masked ? this.#unmasked(piece) : piece);
    if (this.#remaining === 0) this.#frameEnds();
    return bytes.subarray(piece.length);
  }

  /** A copy: the client's bytes go to the provider as they are. */
  #unmasked(piece: Buffer): Buffer {
    const plain = Buffer.allocUnsafe(piece.length);
    const mask = this.#mask;
    let at = this.#maskAt;
    for (let i = 0; i < piece.length; i++) {
      plain[i] = (piece[i] as number) ^ (mask[at] as number);
      at = (at + 1) % MASK_BYTES;
    }
    this.#maskAt = at;
    return plain;
  }

  #frameEnds(): void {
    if (!this.#final) return;
    this.#final = false;
    this.#inMessage = false;
    const data = this.#message.take();
    if (data !== undefined && data.length > 0) this.#onEvent({ type: '', data });
  }
}

/** Bytes of a frame's header, or undefined where its second byte is not there yet. */
function headerLength(header: Buffer): number | undefined {
  const second = header[1];
  if (second === undefined) return undefined;
  const length = second & 0x7f;
  return (length === 127 ? 10 : length === 126 ? 4 : 2) + ((second & 0x80) === 0 ? 0 : MASK_BYTES);
}

function payloadLength(header: Buffer, length: number): number {
  if (length === 127) return Number(header.readBigUInt64BE(2));
  return length === 126 ? header.readUInt16BE(2) : length;
}
