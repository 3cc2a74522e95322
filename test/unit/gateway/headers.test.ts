import { expect } from 'chai';
import { requestHeaders, responseHeaders } from '../../../src/gateway/headers.js';

const options = { connection: undefined, drop: [], identityEncoding: false, via: '1.1 gateway-x' };
const names = (flat: string[]): string[] => flat.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());

describe('headers towards the provider', () => {
  it('pass in their own spelling and order, repeated ones too', () => {
    const raw = ['User-Agent', 'x', 'anthropic-beta', 'a', 'Anthropic-Beta', 'b', 'Idempotency-Key', 'k', 'traceparent', 't'];
    expect(requestHeaders(raw, options)).to.deep.equal([...raw, 'via', '1.1 gateway-x']);
  });
  for (const name of [
    'Connection', 'Keep-Alive', 'TE', 'Trailer', 'Transfer-Encoding', 'Upgrade', 'Expect', 'Proxy-Authorization', 'Proxy-Connection', 'Host', 'Content-Length',
    'X-Gateway-Api-Key', 'x-gateway-anything', 'X-Project-Id', 'x-organization-id', 'x-organisation-id', 'x-user-id', 'x-experiment-id', 'x-provider', 'Cookie', 'Origin',
    'X-Forwarded-For', 'x-forwarded-host', 'X-Forwarded-Proto', 'x-forwarded-port', 'x-forwarded-prefix', 'x-forwarded-client-cert', 'Forwarded', 'X-Real-IP',
    'X-Client-IP', 'X-Cluster-Client-IP', 'True-Client-IP', 'CF-Connecting-IP', 'Fastly-Client-IP', 'x-envoy-external-address', 'X-Original-Forwarded-For',
    'Referer', 'Sec-Fetch-Site', 'sec-fetch-mode', 'x-aws-access-key-id', 'X-Amz-Date',
  ]) {
    it(`drops ${name}`, () => expect(names(requestHeaders([name, 'v', 'accept', '*/*'], options))).to.deep.equal(['accept', 'via']));
  }
  it('drops what Connection names, but not what frames the message', () => {
    const raw = ['Connection', 'close, X-Hop', 'x-hop', '1', 'content-type', 'application/json'];
    expect(names(requestHeaders(raw, { ...options, connection: 'close, X-Hop, content-type' }))).to.deep.equal(['content-type', 'via']);
  });
  it('drops the credentials that it is told to', () => {
    expect(names(requestHeaders(['Authorization', 'a', 'X-Api-Key', 'b'], { ...options, drop: [2] }))).to.deep.equal(['authorization', 'via']);
  });
  it('asks for an unencoded answer where it must read it', () => {
    const flat = requestHeaders(['Accept-Encoding', 'gzip'], { ...options, identityEncoding: true });
    expect(flat).to.include('identity').and.not.include('gzip');
  });
  it('adds itself to Via', () => expect(requestHeaders(['Via', '1.0 a'], options)).to.deep.equal(['via', '1.0 a, 1.1 gateway-x']));
});

describe('headers towards the client', () => {
  it('pass as they are, repeated ones too', () => {
    const raw = ['Content-Type', 'application/json', 'x-ratelimit-remaining-requests', '9', 'Link', 'a', 'Link', 'b', 'X-Odd', 'caf\u00e9'];
    expect(responseHeaders(raw, true).forwarded).to.deep.equal(raw);
  });
  for (const name of ['Connection', 'Transfer-Encoding', 'Keep-Alive', 'Set-Cookie', 'Access-Control-Allow-Origin', 'access-control-expose-headers', 'x-gateway-request-id', 'X-Gateway-Error', 'x-gateway-target']) {
    it(`drops ${name}`, () => expect(responseHeaders([name, 'v'], true).forwarded).to.deep.equal([]));
  }
  it('drops what Connection names', () => {
    expect(responseHeaders(['X-Hop', '1', 'Connection', 'x-hop'], true).forwarded).to.deep.equal([]);
  });
  it('tells type, encoding and length', () => {
    const head = responseHeaders(['content-type', 'text/event-stream', 'Content-Encoding', 'GZip', 'Content-Length', '12'], false);
    expect(head).to.deep.include({ contentType: 'text/event-stream', contentEncoding: 'gzip', contentLength: 12 });
    expect(head.forwarded).to.not.include('12');
  });
});
