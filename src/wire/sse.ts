import { beginsWithLf, LineCursor } from './line-cursor.js';
import { MAX_EVENT_BYTES, type OnEvent, type StreamSplitter } from './stream-splitter.js';

const NEWLINE = Buffer.from('\n');
const DATA = Buffer.from('data');
const EVENT = Buffer.from('event');
const COLON = 0x3a;
const SPACE = 0x20;

/**
 * Server-sent events after the WHATWG rules: lines end in LF, CRLF or CR, one space after the colon
 * is optional, several `data:` lines are joined by LF, comments and other fields are passed over.
 */
export class SseSplitter implements StreamSplitter {
  readonly #onEvent: OnEvent;
  /** Pieces of a line whose end has not come yet. */
  #partial: Buffer[] = [];
  #partialBytes = 0;
  #data: Buffer[] = [];
  #dataBytes = 0;
  #type = '';
  #afterCr = false;
  #atStart = true;
  /** The current event is too big: nothing of it is kept until the next blank line. */
  #oversized = false;

  constructor(onEvent: OnEvent) {
    this.#onEvent = onEvent;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    const cursor = new LineCursor(chunk);
    let start = this.#afterCr && beginsWithLf(chunk) ? 1 : 0;
    this.#afterCr = cursor.endsInCr;
    while (cursor.find(start)) {
      const tail = chunk.subarray(start, cursor.end);
      start = cursor.next;
      if (this.#partial.length === 0) this.#line(tail);
      else {
        this.#partial.push(tail);
        const line = Buffer.concat(this.#partial);
        this.#partial = [];
        this.#partialBytes = 0;
        this.#line(line);
      }
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
  }

  end(): void {
    if (this.#partial.length > 0) {
      const line = Buffer.concat(this.#partial);
      this.#partial = [];
      this.#line(line);
    }
    this.#dispatch();
  }

  #keep(piece: Buffer): void {
    this.#partialBytes += piece.length;
    if (this.#partialBytes + this.#dataBytes > MAX_EVENT_BYTES) this.#giveUp();
    // Of a line that is passed over one byte stays, so that its end is not taken for a blank line.
    if (!this.#oversized) this.#partial.push(piece);
    else if (this.#partial.length === 0) this.#partial.push(piece.subarray(0, 1));
  }

  #giveUp(): void {
    this.#oversized = true;
    this.#partial = [];
    this.#data = [];
    this.#dataBytes = 0;
  }

  #line(line: Buffer): void {
    if (this.#atStart) {
      this.#atStart = false;
      if (line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf) line = line.subarray(3);
    }
    if (line.length === 0) return this.#dispatch();
    if (this.#oversized) return;
    if (isField(line, DATA)) {
      const value = fieldValue(line, DATA.length);
      this.#dataBytes += value.length;
      if (this.#dataBytes > MAX_EVENT_BYTES) this.#giveUp();
      else this.#data.push(value);
    } else if (isField(line, EVENT)) {
      this.#type = fieldValue(line, EVENT.length).toString('utf8', 0, 256);
    }
  }

  #dispatch(): void {
    const data = this.#data;
    const type = this.#type;
    this.#data = [];
    this.#dataBytes = 0;
    this.#type = '';
    this.#oversized = false;
    if (data.length === 0) return;
    this.#onEvent({ type, data: data.length === 1 ? data[0] as Buffer : joinLines(data) });
  }
}

function isField(line: Buffer, name: Buffer): boolean {
  const { length } = name;
  if (line[0] !== name[0] || (line.length > length && line[length] !== COLON)) return false;
  return line.length >= length && line.compare(name, 0, length, 0, length) === 0;
}

function fieldValue(line: Buffer, nameLength: number): Buffer {
  const from = nameLength + 1;
  return line.subarray(line[from] === SPACE ? from + 1 : from);
}

function joinLines(lines: readonly Buffer[]): Buffer {
  return Buffer.concat(lines.flatMap((line, index) => (index === 0 ? [line] : [NEWLINE, line])));
}
