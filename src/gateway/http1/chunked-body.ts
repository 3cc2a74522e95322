import { ProtocolFault } from './fault.js';

const LF = 0x0a;
const CR = 0x0d;
/** A line of the framing: a size with its extensions, or a trailer. */
const MAX_LINE_BYTES = 16 * 1024;
const SIZE = /^([0-9A-Fa-f]{1,8})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/;
const TRAILER = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*$/;

const MAX_SIZE_DIGITS = 8;
const NO_DIGIT = 0xff;
/** What each byte is worth as a hexadecimal digit. */
const HEX_VALUES = Uint8Array.from({ length: 256 }, (_, byte) => {
  const value = '0123456789abcdef'.indexOf(String.fromCharCode(byte).toLowerCase());
  return value === -1 ? NO_DIGIT : value;
});

/** What stands at a position of a chunked body. */
type Place = 'size' | 'data' | 'data-end' | 'trailer' | 'over';

/**
 * The framing of one chunked body: says which bytes are data. Trailers are checked and dropped.
 * Bytes that are read stay with the caller; only a line of the framing that was cut is kept here.
 */
export class ChunkedBody {
  #place: Place = 'size';
  #left = 0;
  #line = '';
  /** Begin and end of the data that `next` found. */
  start = 0;
  end = 0;

  /** The last line has been read. */
  get over(): boolean {
    return this.#place === 'over';
  }

  /**
   * Reads from `from` on to the next piece of data or to the end of the bytes or body; true when
   * `start` and `end` are data. Where to go on is `end`.
   *
   * @throws ProtocolFault
   */
  next(bytes: Buffer, from: number): boolean {
    let pos = from;
    while (pos < bytes.length && this.#place !== 'over') {
      if (this.#place === 'data') {
        this.start = pos;
        this.end = Math.min(bytes.length, pos + this.#left);
        this.#left -= this.end - pos;
        if (this.#left === 0) this.#place = 'data-end';
        return true;
      }
      const quick = this.#line === '' ? this.#quickly(bytes, pos) : 0;
      if (quick > 0) {
        pos += quick;
        continue;
      }
      const feed = bytes.indexOf(LF, pos);
      if (feed === -1) {
        this.#keep(bytes.toString('latin1', pos));
        pos = bytes.length;
        break;
      }
      this.#keep(bytes.toString('latin1', pos, feed));
      this.#readLine();
      pos = feed + 1;
    }
    this.start = pos;
    this.end = pos;
    return false;
  }

  /** Reads a plain size line or the end of a chunk that lies whole in the bytes; returns how long it was, 0 for anything else. */
  #quickly(bytes: Buffer, from: number): number {
    if (this.#place === 'data-end') {
      if (bytes[from] !== CR || bytes[from + 1] !== LF) return 0;
      this.#place = 'size';
      return 2;
    }
    if (this.#place !== 'size') return 0;
    let size = 0;
    let pos = from;
    for (const last = from + MAX_SIZE_DIGITS; pos < last; pos++) {
      const digit = HEX_VALUES[bytes[pos] ?? 0] as number;
      if (digit === NO_DIGIT) break;
      size = size * 16 + digit;
    }
    if (pos === from || bytes[pos] !== CR || bytes[pos + 1] !== LF) return 0;
    this.#left = size;
    this.#place = size === 0 ? 'trailer' : 'data';
    return pos + 2 - from;
  }

  #keep(part: string): void {
    this.#line = this.#line === '' ? part : this.#line + part;
    if (this.#line.length > MAX_LINE_BYTES) throw new ProtocolFault('a line of the chunked body is too long');
  }

  #readLine(): void {
    const { length } = this.#line;
    if (length === 0 || this.#line.charCodeAt(length - 1) !== CR) throw new ProtocolFault('a line of the chunked body does not end in CRLF');
    const line = this.#line.slice(0, -1);
    this.#line = '';
    switch (this.#place) {
      case 'size': {
        const size = SIZE.exec(line);
        if (size === null) throw new ProtocolFault('the size of a chunk is not a number');
        this.#left = Number.parseInt(size[1] as string, 16);
        this.#place = this.#left === 0 ? 'trailer' : 'data';
        break;
      }
      case 'data-end':
        if (line !== '') throw new ProtocolFault('a chunk is longer than its size');
        this.#place = 'size';
        break;
      default:
        if (line === '') this.#place = 'over';
        else if (!TRAILER.test(line)) throw new ProtocolFault('a trailer is malformed');
    }
  }
}
