import { EventBytes } from './event-bytes.js';
import { KeptBytes } from './kept-bytes.js';
import { beginsWithLf, LineCursor } from './line-cursor.js';
import { MAX_EVENT_BYTES, type OnEvent, type StreamSplitter } from './stream-splitter.js';

const NOTHING = Buffer.alloc(0);
const NEWLINE = Buffer.from('\n');
const DATA = Buffer.from('data');
const EVENT = Buffer.from('event');
const COLON = 0x3a;
const SPACE = 0x20;

/** Of a longer line, what comes after this is not kept unless it is data. */
const LONG_LINE_BYTES = 64 * 1024;
const MAX_TYPE_BYTES = 256;

/**
 * Server-sent events after the WHATWG rules: lines end in LF, CRLF or CR, one space after the colon
 * is optional, several `data:` lines are joined by LF, comments and other fields are passed over.
 */
export class SseSplitter implements StreamSplitter {
  readonly #onEvent: OnEvent;
  /** The begin of a line whose end has not come yet. */
  readonly #partial = new KeptBytes();
  /** What becomes of the rest of a long line. */
  #rest: 'data' | 'nothing' | undefined;
  readonly #data = new EventBytes(MAX_EVENT_BYTES);
  #hasData = false;
  #type = '';
  #afterCr = false;
  #atStart = true;

  constructor(onEvent: OnEvent) {
    this.#onEvent = onEvent;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    const cursor = new LineCursor(chunk);
    let start = this.#afterCr && beginsWithLf(chunk) ? 1 : 0;
    this.#afterCr = cursor.endsInCr;
    while (cursor.find(start)) {
      const end = chunk.subarray(start, cursor.end);
      start = cursor.next;
      if (this.#partial.length === 0 && this.#rest === undefined) this.#line(end);
      else this.#endLine(end);
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
  }

  end(): void {
    if (this.#partial.length > 0) this.#endLine(NOTHING);
    this.#dispatch();
  }

  #keep(piece: Buffer): void {
    if (this.#rest === 'nothing') return;
    if (this.#rest === 'data') {
      this.#data.push(piece);
      return;
    }
    this.#partial.push(piece);
    if (this.#partial.length <= LONG_LINE_BYTES) return;
    const begin = this.#withoutMark(this.#partial.take());
    this.#line(begin);
    this.#rest = isField(begin, DATA) ? 'data' : 'nothing';
  }

  #endLine(end: Buffer): void {
    if (this.#rest === undefined) {
      this.#partial.push(end);
      this.#line(this.#partial.take());
    } else {
      this.#keep(end);
      this.#rest = undefined;
    }
  }

  #line(bytes: Buffer): void {
    const line = this.#withoutMark(bytes);
    if (line.length === 0) return this.#dispatch();
    if (isField(line, DATA)) {
      if (this.#hasData) this.#data.push(NEWLINE);
      this.#hasData = true;
      this.#data.push(fieldValue(line, DATA.length));
    } else if (isField(line, EVENT)) {
      this.#type = fieldValue(line, EVENT.length).toString('utf8', 0, MAX_TYPE_BYTES);
    }
  }

  /** Without the byte order mark that the stream may begin with. */
  #withoutMark(line: Buffer): Buffer {
    if (!this.#atStart) return line;
    this.#atStart = false;
    return line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf ? line.subarray(3) : line;
  }

  #dispatch(): void {
    if (!this.#hasData) {
      this.#type = '';
      return;
    }
    const type = this.#type;
    const data = this.#data.take();
    this.#type = '';
    this.#hasData = false;
    if (data !== undefined) this.#onEvent({ type, data });
  }
}

function isField(line: Buffer, name: Buffer): boolean {
  const { length } = name;
  if (line.length < length || (line.length > length && line[length] !== COLON)) return false;
  for (let i = 0; i < length; i++) if (line[i] !== name[i]) return false;
  return true;
}

function fieldValue(line: Buffer, nameLength: number): Buffer {
  const from = nameLength + 1;
  return line.subarray(line[from] === SPACE ? from + 1 : from);
}
