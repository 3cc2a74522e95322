import { expect } from 'chai';
import { connect } from 'node:http2';
import { BodyMemory } from '../../../src/gateway/body-memory.js';
import { FormField } from '../../../src/wire/form-field.js';
import { rawChunkedPost, rawPost } from '../../support/proxied.js';
import { rawExchange, startProxy, until } from '../../support/proxy-harness.js';

// What a listener throws ends its own connection or call, and never the process.
describe('faults of the gateway itself, at the edge,', () => {
  const get = (path: string, ...headers: string[]): string => ['GET ' + path + ' HTTP/1.1', 'host: localhost', ...headers, '', ''].join('\r\n');

  for (const [what, bytes] of Object.entries({
    'a plain request': rawPost('/v1/a', '{}'),
    'a request without a body': get('/v1/a'),
    'a chunked request': rawChunkedPost('/v1/a', '{}'),
    'a request that waits for 100': rawPost('/v1/a', '{}', ['expect: 100-continue']),
    'another expectation': rawPost('/v1/a', '{}', ['expect: magic']),
    'an upgrade': get('/v1/a', 'connection: upgrade', 'upgrade: websocket'),
    'an offer of h2c': get('/v1/a', 'connection: upgrade', 'upgrade: h2c'),
    'a second plain request': rawPost('/v1/first', '{}') + rawPost('/v1/a', '{}'),
    'a second request': get('/health') + get('/v1/a'),
  })) {
    it(`that the entrance throws at ${what} end its connection, and no other`, async () => {
      const faults: unknown[] = [];
      const proxy = await startProxy({ onFault: (error) => { faults.push(error); } });
      proxy.gateway.proxy.handle = (request, response) => {
        if (request.url === '/v1/a') throw new Error('a bug');
        response.writeHead(200, ['content-length', '0']);
        response.end();
      };
      const { text } = await rawExchange(proxy.port, bytes);
      expect(text).to.not.include('a bug');
      expect(faults.map((fault) => (fault as Error).message)).to.deep.equal(['a bug']);
      expect((await fetch(`${proxy.url}/health`)).status).to.equal(200);
      await proxy.close();
    });
  }

  it('that the entrance throws at a call over HTTP/2 end the call, and no other of its connection', async () => {
    const faults: unknown[] = [];
    const proxy = await startProxy({ onFault: (error) => { faults.push(error); } });
    proxy.gateway.proxy.handle = () => { throw new Error('a bug'); };
    const session = connect(proxy.url);
    const status = (path: string): Promise<unknown> => new Promise((resolve) => {
      const stream = session.request({ ':path': path });
      stream.on('response', (headers) => { resolve(headers[':status']); }).on('error', (error: Error) => { resolve(error.name); });
      stream.resume();
    });
    expect(await status('/v1/a')).to.equal('Error');
    expect(await status('/health')).to.equal(200);
    expect(faults).to.have.length(1);
    session.destroy();
    await proxy.close();
  });

  it('that judge a request answer it with 500, and record it', async () => {
    const faults: unknown[] = [];
    const proxy = await startProxy({ onFault: (error) => { faults.push(error); }, refuse: () => { throw new Error('a bug'); } });
    for (const bytes of [rawPost('/v1/a', '{}', ['authorization: Bearer sk']), get('/v1/b', 'authorization: Bearer sk'), get('/v1/realtime', 'authorization: Bearer sk', 'connection: upgrade', 'upgrade: websocket')]) {
      const { text } = await rawExchange(proxy.port, bytes, (soFar) => soFar.endsWith('}'));
      expect(text).to.match(/^HTTP\/1\.1 500/).and.match(/x-gateway-error: internal_error/).and.not.include('a bug');
    }
    expect(faults).to.have.length(3);
    for (const exchange of proxy.exchanges) expect(exchange).to.deep.include({ provider: 'openai', statusCode: 500, errorType: 'internal_error', endReason: 'gateway' });
    expect(proxy.exchanges).to.have.length(3);
    await proxy.close();
  });

  for (const [what, bytes] of Object.entries({
    'a plain request': rawPost('/v1/a', 'x'.repeat(100_000), ['authorization: Bearer sk']),
    'a request that waited for 100': rawPost('/v1/a', 'x'.repeat(100_000), ['authorization: Bearer sk', 'expect: 100-continue']),
  })) {
    it(`in the midst of a body of ${what} end it with 500, and a record that says so`, async () => {
      const faults: unknown[] = [];
      const bodyMemory = new BodyMemory();
      bodyMemory.take = () => { throw new Error('a bug'); };
      const proxy = await startProxy({ bodyMemory, onFault: (error) => { faults.push(error); } });
      const { text } = await rawExchange(proxy.port, bytes);
      expect(text).to.match(/HTTP\/1\.1 500/).and.match(/x-gateway-error: internal_error/);
      await until(() => proxy.exchanges.length === 1);
      expect(proxy.exchanges[0]).to.deep.include({ errorType: 'internal_error', endReason: 'gateway' });
      expect(faults.map((fault) => (fault as Error).message)).to.deep.equal(['a bug']);
      expect(proxy.gateway.sweeper.size).to.equal(0);
      expect((await fetch(`${proxy.url}/health`)).status).to.equal(200);
      await proxy.close();
    });
  }

  it('in the midst of a form end it with 500, and a record that says so', async () => {
    const faults: unknown[] = [];
    const push = Object.getOwnPropertyDescriptor(FormField.prototype, 'push') as PropertyDescriptor;
    FormField.prototype.push = () => { throw new Error('a bug'); };
    const proxy = await startProxy({ onFault: (error) => { faults.push(error); } });
    try {
      const form = 'POST /v1/audio/transcriptions HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer sk\r\nconnection: close\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 5\r\n\r\n--b--';
      expect((await rawExchange(proxy.port, form)).text).to.match(/HTTP\/1\.1 500/).and.match(/x-gateway-error: internal_error/);
    } finally {
      Object.defineProperty(FormField.prototype, 'push', push);
    }
    expect(await proxy.exchange()).to.deep.include({ errorType: 'internal_error', endReason: 'gateway' });
    expect(faults).to.have.length(1);
    await proxy.close();
  });

  it('in the midst of a body over HTTP/2 end the call, with a record that says so', async () => {
    const faults: unknown[] = [];
    const bodyMemory = new BodyMemory();
    bodyMemory.take = () => { throw new Error('a bug'); };
    const proxy = await startProxy({ bodyMemory, onFault: (error) => { faults.push(error); } });
    const session = connect(proxy.url);
    const stream = session.request({ ':method': 'POST', ':path': '/v1/a', 'content-type': 'application/json', 'content-length': 100_000, authorization: 'Bearer sk' });
    const ended = new Promise((resolve) => { stream.on('error', resolve).on('close', resolve); });
    stream.resume().end('x'.repeat(100_000));
    await ended;
    await until(() => proxy.exchanges.length === 1);
    expect(proxy.exchanges[0]).to.deep.include({ errorType: 'internal_error', endReason: 'gateway' });
    expect(faults).to.have.length(1);
    session.destroy();
    await proxy.close();
  });
});
