import { expect } from 'chai';
import type { IncomingMessage } from 'node:http';
import { hostName, isLoopbackAddress, isLoopbackHost, PageGuard } from '../../../src/gateway/access.js';

const request = (headers: Record<string, string>, localAddress = '127.0.0.1'): IncomingMessage =>
  ({ headers, socket: { localAddress } }) as unknown as IncomingMessage;

describe('the guard against web pages', () => {
  const guard = new PageGuard({ allowedHosts: ['gw.internal:3000'], corsOrigins: ['https://app.example'] });

  for (const host of ['localhost', 'LOCALHOST:3000', 'a.localhost', '127.0.0.1:3000', '[::1]:3000', 'gw.internal', 'gw.internal:8080']) {
    it(`takes Host ${host}`, () => expect(guard.allowsHost(request({ host }))).to.equal(true));
  }
  for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', 'a@localhost', 'a/.localhost', 'evil.example#.localhost', 'a?.localhost', '']) {
    it(`refuses Host "${host}"`, () => expect(guard.allowsHost(request({ host }))).to.equal(false));
  }
  it('takes the address that the request came in by', () => {
    expect(guard.allowsHost(request({ host: '10.0.0.5:3000' }, '::ffff:10.0.0.5'))).to.equal(true);
    expect(guard.allowsHost(request({ host: '10.0.0.6:3000' }, '10.0.0.5'))).to.equal(false);
  });
  it('takes only the listed origins', () => {
    expect(guard.allowsOrigin(request({ origin: 'https://app.example' }))).to.equal(true);
    expect(guard.allowsOrigin(request({ origin: 'https://evil.example' }))).to.equal(false);
    expect(guard.allowsOrigin(request({ origin: 'null' }))).to.equal(false);
    expect(guard.allowsOrigin(request({ 'sec-fetch-site': 'cross-site' }))).to.equal(false);
    expect(guard.allowsOrigin(request({ 'sec-fetch-site': 'same-origin' }))).to.equal(true);
    expect(guard.allowsOrigin(request({}))).to.equal(true);
  });
  it('answers preflights of listed origins alone', () => {
    const asked = { origin: 'https://app.example', 'access-control-request-headers': 'x-a' };
    expect(guard.preflight(request(asked))).to.include.members(['access-control-allow-origin', 'https://app.example', 'x-a']);
    expect(guard.preflight(request({ ...asked, origin: 'https://evil.example' }))).to.equal(undefined);
  });
});

describe('loopback', () => {
  it('is told from what only looks like it', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'].every(isLoopbackAddress)).to.equal(true);
    expect(['10.0.0.1', '128.0.0.1', '::', undefined].some(isLoopbackAddress)).to.equal(false);
    expect(isLoopbackHost('0.0.0.0')).to.equal(false);
    expect(hostName('[::1]:80')).to.equal('::1');
  });
});
