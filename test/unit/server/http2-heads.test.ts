import { expect } from 'chai';
import { answerHeaders, headBytes, requestOf } from '../../../src/server/http2-heads.js';

describe('heads of HTTP/2', () => {
  const pseudo = (method: string): string[] => [':method', method, ':path', '/v1/models', ':scheme', 'http', ':authority', 'localhost'];

  it('become requests of HTTP/1.1, without what belongs to a connection', () => {
    expect(requestOf([...pseudo('POST'), 'x-a', '1', 'te', 'trailers', 'expect', '100-continue', 'x-a', '2'], false)).to.deep.equal({
      method: 'POST', path: '/v1/models', headers: ['x-a', '1', 'x-a', '2', 'host', 'localhost'],
    });
  });

  it('take the name of the server from :authority, then from Host', () => {
    expect(requestOf([':method', 'GET', ':path', '/', 'host', 'a.example'], true).headers).to.deep.equal(['host', 'a.example']);
    expect(requestOf([':method', 'GET', ':path', '/', ':authority', 'localhost', 'host', 'a.example'], true).headers).to.deep.equal(['host', 'localhost']);
    expect(requestOf([':method', 'GET', ':path', '/'], true).headers).to.deep.equal(['host', '']);
  });

  for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE']) {
    it(`frame the body of ${method} where there is one of unknown length`, () => {
      expect(requestOf(pseudo(method), false).headers).to.deep.equal(['host', 'localhost', 'transfer-encoding', 'chunked']);
      expect(requestOf(pseudo(method), true).headers).to.deep.equal(['host', 'localhost']);
      expect(requestOf([...pseudo(method), 'content-length', '2'], false).headers).to.deep.equal(['content-length', '2', 'host', 'localhost']);
    });
  }

  it('of answers keep the first of what may come once, and all of the rest', () => {
    expect({ ...answerHeaders(200, ['ETag', 'a', 'etag', 'b', 'Vary', 'a', 'vary', 'b', 'vary', 'c', 'Connection', 'close', 'Transfer-Encoding', 'chunked']) })
      .to.deep.equal({ ':status': 200, etag: 'a', vary: ['a', 'b', 'c'] });
    expect({ ...answerHeaders(204, ['content-length', '5']) }).to.deep.equal({ ':status': 204 });
    expect({ ...answerHeaders(304, ['content-length', '5']) }).to.deep.equal({ ':status': 304, 'content-length': '5' });
  });

  it('are as large as RFC 9113 counts them', () => {
    expect(headBytes({ ':status': 200, 'x-a': ['b', 'cd'] })).to.equal((7 + 3 + 32) + (3 + 1 + 32) + (3 + 2 + 32));
  });
});
