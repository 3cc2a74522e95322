import { expect } from 'chai';
import { crc32 } from 'node:zlib';
import { AwsEventStreamSplitter } from '../../../src/wire/aws-eventstream.js';
import { JsonArraySplitter } from '../../../src/wire/json-array.js';
import { NdjsonSplitter } from '../../../src/wire/ndjson.js';
import { SseSplitter } from '../../../src/wire/sse.js';
import { MAX_EVENT_BYTES, type OnEvent, type StreamSplitter } from '../../../src/wire/stream-splitter.js';
import { fixtureBytes } from './stream-fixtures.js';

function split(Splitter: new (onEvent: OnEvent) => StreamSplitter, ...chunks: (string | Buffer)[]): [string, string][] {
  const events: [string, string][] = [];
  const splitter = new Splitter(({ type, data, isError }) => { events.push([isError === true ? `!${type}` : type, data.toString('utf8')]); });
  for (const chunk of chunks) splitter.push(Buffer.from(chunk));
  splitter.end();
  return events;
}

describe('SSE splitter', () => {
  it('reads lines that end in LF, CRLF, CR and a mixture', () => {
    for (const end of ['\n', '\r\n', '\r']) {
      expect(split(SseSplitter, ['event: a', 'data: 1', '', 'data: 2', '', ''].join(end))).to.deep.equal([['a', '1'], ['', '2']]);
    }
    expect(split(SseSplitter, 'data: 1\r\n\ndata: 2\n\rdata: 3\r\r\n')).to.deep.equal([['', '1'], ['', '2'], ['', '3']]);
  });

  it('takes one space after the colon off, and only one', () => {
    expect(split(SseSplitter, 'data:1\n\ndata:  2\n\ndata\n\ndata:\n\n')).to.deep.equal([['', '1'], ['', ' 2'], ['', ''], ['', '']]);
  });

  it('joins data lines, passes over comments, ids, retries and fields that only look like data', () => {
    expect(split(SseSplitter, ': hi\nid: 1\nretry: 5\ndatabase: x\ndata: a\ndata: b\nevents: y\n\n: keep-alive\n\n'))
      .to.deep.equal([['', 'a\nb']]);
  });

  it('tells no event without data, and forgets its type', () => {
    expect(split(SseSplitter, 'event: x\n\ndata: 1\n\n')).to.deep.equal([['', '1']]);
  });

  it('skips a byte order mark and tells an event that the end cuts short', () => {
    expect(split(SseSplitter, '\ufeffdata: 1\n\ndata: 2')).to.deep.equal([['', '1'], ['', '2']]);
    expect(split(SseSplitter, 'data: 1\n')).to.deep.equal([['', '1']]);
  });

  it('tells an event at the CR that ends it, before the LF has come', () => {
    const events: string[] = [];
    const splitter = new SseSplitter(({ data }) => { events.push(data.toString()); });
    splitter.push(Buffer.from('data: 1\r\n\r'));
    expect(events).to.deep.equal(['1']);
    splitter.push(Buffer.from('\ndata: 2\r\n\r\n'));
    expect(events).to.deep.equal(['1', '2']);
  });

  it('passes over an event above 16 MiB, in one line or in many, and goes on', () => {
    const mebibyte = Buffer.alloc(1024 * 1024, 'x');
    const events: string[] = [];
    const splitter = new SseSplitter(({ data }) => { events.push(data.toString('utf8', 0, 10)); });
    splitter.push(Buffer.from('data: '));
    for (let i = 0; i < 17; i++) splitter.push(mebibyte);
    splitter.push(Buffer.from('\n\ndata: small\n\n'));
    for (let i = 0; i < 17; i++) splitter.push(Buffer.concat([Buffer.from('data: '), mebibyte, Buffer.from('\n')]));
    splitter.push(Buffer.from('\ndata: again\n\n'));
    expect(events).to.deep.equal(['small', 'again']);
  });
});

describe('NDJSON splitter', () => {
  it('reads lines, passes over blank ones, and tells a last line without its end', () => {
    expect(split(NdjsonSplitter, '{"a":1}\r\n\n  \n{"b"', ':2}\n', '{"c":3}'))
      .to.deep.equal([['', '{"a":1}\r'], ['', '{"b":2}'], ['', '{"c":3}']]);
  });

  it('passes over a line above 16 MiB', () => {
    expect(split(NdjsonSplitter, Buffer.alloc(MAX_EVENT_BYTES, 'x'), 'y\n{"a":1}\n')).to.deep.equal([['', '{"a":1}']]);
  });
});

describe('JSON array splitter', () => {
  it('tells the objects of an array, whatever strings and nesting they hold', () => {
    const objects = ['{"a":"]},{[\\""}', '{"b":[{"c":[1,2]},{}]}', '{}', '{"d":"\\\\"}'];
    const json = `[${objects.join(' ,\r\n')}]`;
    expect(split(JsonArraySplitter, json).map(([, data]) => data)).to.deep.equal(objects);
    expect(split(JsonArraySplitter, ...Array.from(json)).map(([, data]) => data)).to.deep.equal(objects);
  });

  it('tells an object that stands alone, and nothing that is cut off', () => {
    expect(split(JsonArraySplitter, ' {"error":{}} ')).to.deep.equal([['', '{"error":{}}']]);
    expect(split(JsonArraySplitter, '[{"a":1},{"b":')).to.deep.equal([['', '{"a":1}']]);
  });
});

describe('AWS event stream splitter', () => {
  const whole = fixtureBytes('bedrock/converse-stream.bin');

  it('reads the types and payloads that AWS\'s own codec wrote', () => {
    expect(split(AwsEventStreamSplitter, whole).map(([type]) => type))
      .to.deep.equal(['messageStart', 'contentBlockDelta', 'contentBlockStop', 'messageStop', 'metadata']);
    expect(split(AwsEventStreamSplitter, whole)[1]?.[1]).to.include('Grüezi');
    expect(split(AwsEventStreamSplitter, fixtureBytes('bedrock/converse-exception-stream.bin'))[1])
      .to.deep.equal(['!throttlingException', '{"message":"Too many tokens"}']);
  });

  it('stops at a checksum that does not match, wherever the fault is', () => {
    const first = whole.readUInt32BE(0);
    for (const at of [first + 1, first + 9, first + 20, first + whole.readUInt32BE(first) - 1]) {
      const bytes = Buffer.from(whole);
      bytes.writeUInt8((bytes[at] as number) ^ 1, at);
      expect(split(AwsEventStreamSplitter, bytes, whole).map(([type]) => type), `byte ${at}`).to.deep.equal(['messageStart', '!']);
    }
  });

  it('stops at a length that cannot be, though its checksum is right', () => {
    const prelude = Buffer.alloc(12);
    prelude.writeUInt32BE(10, 0);
    prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
    expect(split(AwsEventStreamSplitter, prelude)).to.deep.equal([['!', '']]);
  });

  it('passes over a frame above 16 MiB', () => {
    const size = MAX_EVENT_BYTES + 100;
    const prelude = Buffer.alloc(12);
    prelude.writeUInt32BE(size, 0);
    prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
    const events = split(AwsEventStreamSplitter, prelude, Buffer.alloc(1000), Buffer.concat([Buffer.alloc(size - 1012), whole.subarray(0, 30)]), whole.subarray(30));
    expect(events.map(([type]) => type)).to.have.length(5);
  });
});
