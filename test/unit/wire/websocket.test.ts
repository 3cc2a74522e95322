import { expect } from 'chai';
import fc from 'fast-check';
import { WebSocketSplitter } from '../../../src/wire/websocket.js';
import { cut } from './stream-fixtures.js';

const TEXT = 1;
const BINARY = 2;
const CONTINUATION = 0;
const CLOSE = 8;
const PING = 9;

/** A frame as servers send it: not masked. */
function frame(opcode: number, payload: Buffer | string, { final = true, flags = 0 } = {}): Buffer {
  const data = Buffer.from(payload as string);
  const first = (final ? 0x80 : 0) | flags | opcode;
  if (data.length < 126) return Buffer.concat([Buffer.from([first, data.length]), data]);
  if (data.length < 65_536) return Buffer.concat([Buffer.from([first, 126, data.length >> 8, data.length & 0xff]), data]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(data.length));
  return Buffer.concat([Buffer.from([first, 127]), length, data]);
}

function messages(...pieces: Buffer[]): string[] {
  const told: string[] = [];
  const splitter = new WebSocketSplitter(({ data }) => { told.push(data.toString()); });
  for (const piece of pieces) splitter.push(piece);
  splitter.end();
  return told;
}

const LONG = 'x'.repeat(300);
const HUGE = 'y'.repeat(70_000);
const STREAM = Buffer.concat([
  frame(TEXT, 'one'), frame(PING, 'are you there'), frame(TEXT, LONG), frame(TEXT, ''), frame(BINARY, 'bytes'),
  frame(TEXT, 'be', { final: false }), frame(PING, ''), frame(CONTINUATION, 'gi', { final: false }), frame(CONTINUATION, 'n'), frame(CLOSE, '\x03\xe8'),
]);
const EXPECTED = ['one', LONG, 'bytes', 'begin'];

describe('WebSocket messages', () => {
  it('are told one by one, whatever their length; fragments are joined, control frames passed over', () => {
    expect(messages(STREAM)).to.deep.equal(EXPECTED);
    expect(messages(frame(TEXT, HUGE), frame(TEXT, 'after'))).to.deep.equal([HUGE, 'after']);
  });

  it('are the same in two pieces at every byte, in single bytes and in random pieces', () => {
    for (let at = 0; at <= STREAM.length; at++) expect(messages(...cut(STREAM, [at])), `cut at ${at}`).to.deep.equal(EXPECTED);
    expect(messages(...Array.from(STREAM, (byte) => Buffer.from([byte])))).to.deep.equal(EXPECTED);
    fc.assert(fc.property(fc.array(fc.nat(STREAM.length), { maxLength: 40 }), (at) => {
      expect(messages(...cut(STREAM, at))).to.deep.equal(EXPECTED);
    }), { numRuns: 10_000 });
  });

  it('end where something cannot be read: compressed or masked frames', () => {
    expect(messages(frame(TEXT, 'one'), frame(TEXT, 'packed', { flags: 0x40 }), frame(TEXT, 'three'))).to.deep.equal(['one']);
    expect(messages(Buffer.from([0x81, 0x83, 1, 2, 3, 4, 5, 6, 7]), frame(TEXT, 'after'))).to.deep.equal([]);
  });

  it('that are cut off, or beyond all measure, are not told', () => {
    expect(messages(frame(TEXT, 'whole'), frame(TEXT, 'half').subarray(0, 4))).to.deep.equal(['whole']);
    const block = Buffer.alloc(1024 * 1024, 0x61);
    const pieces = Array.from({ length: 20 }, (_, i) => frame(i === 0 ? TEXT : CONTINUATION, block, { final: i === 19 }));
    expect(messages(...pieces, frame(TEXT, 'after'))).to.deep.equal(['after']);
  });

  it('survive any bytes', () => {
    fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (chunks) => { messages(...chunks.map((chunk) => Buffer.from(chunk))); }), { numRuns: 2_000 });
  });
});
