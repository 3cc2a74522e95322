const HEAD_END = Buffer.from('\r\n\r\n');
const LF = 0x0a;

type State = 'head' | 'length' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailer';

/** Reads HTTP/1.1 answers off a connection, one after the other, and keeps nothing but counts. */
export class ResponseReader {
  status = 0;
  /** Bytes of the body without its framing. */
  bodyBytes = 0;
  #state: State = 'head';
  #left = 0;
  #rest: Buffer | undefined;

  /** Takes what has come; true when it ended an answer. Answers are never pipelined. */
  push(data: Buffer): boolean {
    let bytes = data;
    if (this.#rest !== undefined) {
      bytes = Buffer.concat([this.#rest, data]);
      this.#rest = undefined;
    }
    let pos = 0;
    while (pos < bytes.length) {
      switch (this.#state) {
        case 'head': {
          const end = bytes.indexOf(HEAD_END, pos);
          if (end === -1) return this.#keep(bytes, pos);
          pos = end + HEAD_END.length;
          if (this.#isBodiless(bytes.toString('latin1', 0, end))) return true;
          break;
        }
        case 'length':
        case 'chunk': {
          const taken = Math.min(this.#left, bytes.length - pos);
          this.bodyBytes += taken;
          this.#left -= taken;
          pos += taken;
          if (this.#left > 0) break;
          if (this.#state === 'length') return this.#done();
          this.#state = 'chunk-end';
          break;
        }
        case 'chunk-size': {
          const end = bytes.indexOf(LF, pos);
          if (end === -1) return this.#keep(bytes, pos);
          this.#left = Number.parseInt(bytes.toString('latin1', pos, end), 16);
          this.#state = this.#left === 0 ? 'trailer' : 'chunk';
          pos = end + 1;
          break;
        }
        case 'chunk-end':
        case 'trailer': {
          const end = bytes.indexOf(LF, pos);
          if (end === -1) return this.#keep(bytes, pos);
          if (this.#state === 'trailer' && end - pos <= 1) return this.#done();
          if (this.#state === 'chunk-end') this.#state = 'chunk-size';
          pos = end + 1;
          break;
        }
      }
    }
    return false;
  }

  /** Reads a head; true when the answer ends with it. */
  #isBodiless(head: string): boolean {
    this.bodyBytes = 0;
    this.status = Number(head.slice(9, 12));
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    this.#left = Number(length ?? 0);
    if (length === '0') return true;
    this.#state = length === undefined ? 'chunk-size' : 'length';
    return false;
  }

  #keep(bytes: Buffer, from: number): false {
    this.#rest = bytes.subarray(from);
    return false;
  }

  #done(): true {
    this.#state = 'head';
    return true;
  }
}
