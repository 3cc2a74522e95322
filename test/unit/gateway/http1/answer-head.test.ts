import { expect } from 'chai';
import { readAnswerHead } from '../../../../src/gateway/http1/answer-head.js';

const head = (...lines: string[]): string => ['HTTP/1.1 200 OK', ...lines].join('\r\n');

describe('the head of a provider\'s answer', () => {
  it('gives status, reason and headers as sent', () => {
    const read = readAnswerHead('HTTP/1.1 429 Too Many Requests\r\nContent-Type: text/plain\r\nX-Name:  caf\xe9 \r\nSet-Cookie: a=1\r\nSet-Cookie: b=2');
    expect(read.status).to.equal(429);
    expect(read.reason).to.equal('Too Many Requests');
    expect(read.headers).to.deep.equal(['Content-Type', 'text/plain', 'X-Name', 'caf\xe9', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']);
  });

  it('takes an empty or absent reason', () => {
    expect(readAnswerHead('HTTP/1.1 200 ').reason).to.equal('');
    expect(readAnswerHead('HTTP/1.1 200').reason).to.equal('');
  });

  for (const [lines, framing] of [
    [['content-length: 12'], { kind: 'length', bytes: 12 }],
    [['Content-Length: 0'], { kind: 'length', bytes: 0 }],
    [['Transfer-Encoding: Chunked'], { kind: 'chunked' }],
    [['content-type: text/plain'], { kind: 'close' }],
  ] as const) {
    it(`reads how the body ends: ${lines[0]}`, () => {
      expect(readAnswerHead(head(...lines)).framing).to.deep.equal(framing);
    });
  }

  for (const [text, keepAlive] of [
    [head(), true],
    [head('connection: close'), false],
    [head('Connection: foo, Close'), false],
    [head('connection: closely'), true],
    ['HTTP/1.0 200 OK', false],
    ['HTTP/1.0 200 OK\r\nconnection: Keep-Alive', true],
  ] as const) {
    it(`${keepAlive ? 'keeps' : 'does not keep'} the connection after ${JSON.stringify(text)}`, () => {
      expect(readAnswerHead(text).keepAlive).to.equal(keepAlive);
    });
  }

  it('reads how long the server keeps the connection', () => {
    expect(readAnswerHead(head('keep-alive: timeout=65, max=100')).keepAliveSeconds).to.equal(65);
    expect(readAnswerHead(head('keep-alive: max=100')).keepAliveSeconds).to.equal(undefined);
  });

  for (const [what, text] of [
    ['no status line', 'hello'],
    ['another protocol', 'HTTP/2 200 OK'],
    ['another version', 'HTTP/1.2 200 OK'],
    ['a status of two digits', 'HTTP/1.1 99 Low'],
    ['a folded line', head('x-a: 1', ' folded')],
    ['a bare line feed', head('x-a: 1\nx-b: 2')],
    ['a bare carriage return', head('x-a: 1\rx-b: 2')],
    ['a line feed at the end of a value', head('x-a: 1\n')],
    ['a vertical tab around a value', head('x-a: 1\x0b')],
    ['a space before the colon', head('x-a : 1')],
    ['a line without a colon', head('x-a')],
    ['an empty name', head(': 1')],
    ['a zero byte', head('x-a: \0')],
    ['two lengths', head('content-length: 1', 'content-length: 1')],
    ['a list of lengths', head('content-length: 1, 1')],
    ['a signed length', head('content-length: +1')],
    ['a length beside chunks', head('content-length: 1', 'transfer-encoding: chunked')],
    ['another coding', head('transfer-encoding: gzip, chunked')],
    ['two codings', head('transfer-encoding: chunked', 'transfer-encoding: chunked')],
    ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked'],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(() => readAnswerHead(text)).to.throw().with.property('code', 'UPSTREAM_PROTOCOL');
    });
  }
});
