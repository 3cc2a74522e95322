import fc from 'fast-check';
import { expect } from 'chai';
import { crc32 } from 'node:zlib';
import { AwsEventStreamSplitter } from '../../../src/wire/aws-eventstream.js';
import { EventBytes } from '../../../src/wire/event-bytes.js';
import { JsonArraySplitter } from '../../../src/wire/json-array.js';
import { LongStrings } from '../../../src/wire/long-strings.js';
import { NdjsonSplitter } from '../../../src/wire/ndjson.js';
import { SseSplitter } from '../../../src/wire/sse.js';
import type { OnEvent, StreamSplitter } from '../../../src/wire/stream-splitter.js';
import { WebSocketSplitter } from '../../../src/wire/websocket.js';
import { usedMemory } from '../../support/used-memory.js';
import { cut } from './stream-fixtures.js';

const MEBIBYTE = 1024 * 1024;

describe('long strings', () => {
  const shortened = (pieces: readonly Buffer[]): string => {
    const passed: Buffer[] = [];
    const strings = new LongStrings((piece) => { passed.push(piece); });
    for (const piece of pieces) strings.push(piece);
    return Buffer.concat(passed).toString('utf8');
  };
  const long = 'ä\\"]}{\\\\'.repeat(500);
  const json = Buffer.from(`{"a":"${long}","b\\"":["${'x'.repeat(1024)}","${'x'.repeat(1025)}",""],"${long}":{"type":"t\\\\"},"usage":7}`);
  const expected = `{"a":"…","b\\"":["${'x'.repeat(1024)}","…",""],"…":{"type":"t\\\\"},"usage":7}`;

  it('are left out, and nothing else, however the document is cut', () => {
    expect(shortened([json])).to.equal(expected);
    for (let at = 0; at <= json.length; at++) expect(shortened(cut(json, [at])), `cut at ${at}`).to.equal(expected);
    expect(shortened(Array.from(json, (byte) => Buffer.from([byte])))).to.equal(expected);
    fc.assert(fc.property(fc.array(fc.nat(json.length), { maxLength: 30 }), (at) => { expect(shortened(cut(json, at))).to.equal(expected); }), { numRuns: 2_000 });
  });

  it('of a big event make room for what it says', () => {
    const image = 'A'.repeat(3 * MEBIBYTE);
    const event = Buffer.from(JSON.stringify({ images: [image, image, image], usage: { tokens: 5 } }));
    for (const size of [1_000, 65_536, event.length]) {
      const bytes = new EventBytes(2 * MEBIBYTE);
      for (let at = 0; at < event.length; at += size) bytes.push(event.subarray(at, at + size));
      expect(JSON.parse((bytes.take() as Buffer).toString())).to.deep.equal({ images: ['…', '…', '…'], usage: { tokens: 5 } });
      bytes.push(Buffer.from('next'));
      expect(bytes.take()?.toString()).to.equal('next');
    }
  });

  it('do not save an event that is too big without them', () => {
    const bytes = new EventBytes(2 * MEBIBYTE);
    for (let i = 0; i < 5; i++) bytes.push(Buffer.alloc(MEBIBYTE, '1,'));
    expect(bytes.take()).to.equal(undefined);
    bytes.push(Buffer.from('next'));
    expect(bytes.take()?.toString()).to.equal('next');
  });
});

/** Floods that once cost a hundred bytes and more for each of theirs. */
const FLOODS: readonly [string, new (onEvent: OnEvent) => StreamSplitter, (i: number) => Buffer, number][] = (() => {
  const lines = Buffer.from('data:\n'.repeat(10_000));
  const filled = Buffer.from('data:x\n'.repeat(10_000));
  const comments = Buffer.from(': \n'.repeat(20_000));
  const pings = Buffer.from('\n'.repeat(60_000));
  const blanks = Buffer.from(' \n'.repeat(30_000));
  const prelude = Buffer.from('00ffff000000000000000000', 'hex');
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const single = Buffer.alloc(4_096, 'x');
  const byte = (i: number): Buffer => single.subarray(i % 4_096, (i % 4_096) + 1);
  const fragments = Buffer.from(Array.from({ length: 20_000 }, () => [0x00, 0x01, 0x78]).flat());
  return [
    ['SSE, empty data lines', SseSplitter, () => lines, 400],
    ['SSE, data lines of one byte', SseSplitter, () => filled, 400],
    ['SSE, comments', SseSplitter, () => comments, 200],
    ['SSE, a line in single bytes', SseSplitter, (i) => (i === 0 ? Buffer.from('data:') : byte(i)), 4_000_000],
    ['SSE, a comment line in single bytes', SseSplitter, (i) => (i === 0 ? Buffer.from(':') : byte(i)), 4_000_000],
    ['NDJSON, empty lines', NdjsonSplitter, () => pings, 200],
    ['NDJSON, a line in single bytes', NdjsonSplitter, byte, 4_000_000],
    ['JSON array, white space', JsonArraySplitter, () => blanks, 200],
    ['JSON array, an object in single bytes', JsonArraySplitter, (i) => (i === 0 ? Buffer.from('[{"a":"') : byte(i)), 4_000_000],
    ['AWS event stream, a frame in single bytes', AwsEventStreamSplitter, (i) => (i === 0 ? prelude : byte(i)), 4_000_000],
    ['WebSocket, fragments of one byte', WebSocketSplitter, (i) => (i === 0 ? Buffer.from([0x01, 0x01, 0x78]) : fragments), 200],
  ];
})();

describe('a stream that never ends its event', () => {
  for (const [what, Splitter, piece, count] of FLOODS) {
    it(`takes bounded memory: ${what}`, () => {
      const splitter = new Splitter(() => undefined);
      const before = usedMemory();
      for (let i = 0; i < count; i++) splitter.push(piece(i));
      expect(usedMemory() - before).to.be.below(50 * MEBIBYTE);
      splitter.end();
    });
  }
});
