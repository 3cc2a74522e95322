import { crc32 } from 'node:zlib';
import { KeptBytes } from './kept-bytes.js';
import { MAX_EVENT_BYTES, type OnEvent, type StreamSplitter } from './stream-splitter.js';

const PRELUDE_BYTES = 12; // total length, headers' length, CRC of these eight bytes
const CRC_BYTES = 4;
const MIN_FRAME_BYTES = PRELUDE_BYTES + CRC_BYTES;
/** The format's own limit. */
const MAX_HEADERS_BYTES = 128 * 1024;
const STRING_HEADER = 7;
/** Bytes of each header value type of the format; strings and byte arrays carry their own length. */
const FIXED_VALUE_BYTES: readonly (number | undefined)[] = [0, 0, 1, 2, 4, 8, undefined, undefined, 8, 16];

/**
 * `application/vnd.amazon.eventstream`: binary frames with headers and two checksums, split and
 * merged at will by the transport. After a checksum that does not match nothing can be trusted:
 * one error event is told and the rest is passed over.
 */
export class AwsEventStreamSplitter implements StreamSplitter {
  readonly #onEvent: OnEvent;
  readonly #kept = new KeptBytes();
  /** Bytes that are needed before the next frame can be looked at. */
  #needed = PRELUDE_BYTES;
  /** Bytes still to be passed over of a frame that is too big. */
  #toSkip = 0;
  #broken = false;

  constructor(onEvent: OnEvent) {
    this.#onEvent = onEvent;
  }

  push(chunk: Buffer): void {
    if (this.#broken) return;
    const skipped = Math.min(this.#toSkip, chunk.length);
    this.#toSkip -= skipped;
    this.#kept.push(chunk.subarray(skipped));
    if (this.#kept.length < this.#needed) return;
    this.#kept.push(this.#readFrames(this.#kept.take()));
  }

  end(): void {
    this.#kept.clear(); // a frame that is cut off cannot be read
  }

  /** Reads the whole frames; what is left over is the begin of the next one. */
  #readFrames(bytes: Buffer): Buffer {
    const nothing = bytes.subarray(bytes.length);
    let start = 0;
    for (;;) {
      this.#needed = PRELUDE_BYTES;
      if (bytes.length - start < PRELUDE_BYTES) return bytes.subarray(start);
      const length = bytes.readUInt32BE(start);
      const headersLength = bytes.readUInt32BE(start + 4);
      const intact = crc32(bytes.subarray(start, start + 8)) === bytes.readUInt32BE(start + 8);
      const mostHeaders = Math.min(MAX_HEADERS_BYTES, length - MIN_FRAME_BYTES);
      if (!intact || length < MIN_FRAME_BYTES || headersLength > mostHeaders) return this.#fail(nothing);
      const available = bytes.length - start;
      if (available < length) {
        if (length > MAX_EVENT_BYTES) {
          this.#toSkip = length - available;
          return nothing;
        }
        this.#needed = length;
        return bytes.subarray(start);
      }
      const frame = bytes.subarray(start, start + length);
      if (crc32(frame.subarray(0, length - CRC_BYTES)) !== frame.readUInt32BE(length - CRC_BYTES)) return this.#fail(nothing);
      start += length;
      this.#tell(frame, PRELUDE_BYTES + headersLength);
    }
  }

  #tell(frame: Buffer, headersEnd: number): void {
    const headers = readHeaders(frame, PRELUDE_BYTES, headersEnd);
    const messageType = headers.get(':message-type');
    const isError = messageType === 'exception' || messageType === 'error';
    const nameOfType = messageType === 'exception' ? ':exception-type' : messageType === 'error' ? ':error-code' : ':event-type';
    const type = headers.get(nameOfType) ?? '';
    this.#onEvent({ type, data: frame.subarray(headersEnd, frame.length - CRC_BYTES), ...(isError ? { isError } : {}) });
  }

  #fail(nothing: Buffer): Buffer {
    this.#broken = true;
    this.#onEvent({ type: '', data: nothing, isError: true });
    return nothing;
  }
}

/** The headers that are strings; the others carry nothing that matters here. */
function readHeaders(frame: Buffer, from: number, to: number): Map<string, string> {
  const headers = new Map<string, string>();
  let pos = from;
  while (pos < to) {
    const nameEnd = pos + 1 + (frame[pos] as number);
    const name = frame.toString('utf8', pos + 1, nameEnd);
    const type = frame[nameEnd];
    pos = nameEnd + 1;
    if (type === undefined) break;
    const fixed = FIXED_VALUE_BYTES[type];
    if (fixed !== undefined) {
      pos += fixed;
      continue;
    }
    if ((type !== STRING_HEADER && type !== STRING_HEADER - 1) || pos + 2 > to) break;
    const valueEnd = pos + 2 + frame.readUInt16BE(pos);
    if (type === STRING_HEADER) headers.set(name, frame.toString('utf8', pos + 2, Math.min(valueEnd, to)));
    pos = valueEnd;
  }
  return headers;
}
