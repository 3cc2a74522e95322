import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { request as httpRequest, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { proxied, rawChunkedPost, rawPost } from '../../support/proxied.js';
import { rawExchange, until, type HarnessOptions } from '../../support/proxy-harness.js';

const EVENT = 'data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}\n\n';
const DONE = 'data: [DONE]\n\n';
const STREAM = '{"model":"m","stream":true}';

// Rules 16, 17 and 19, and decision 1: one record per request, made before its last byte, whatever comes after.
describe('one record per request', () => {
  const suite = proxied();
  const start = (handler: RequestListener, options?: HarnessOptions): ReturnType<typeof suite.start> => suite.start(handler, options);

  /** A client that sends and then does as it is told. */
  function client(bytes: string): { socket: Socket; text: () => string } {
    const socket = connect(suite.proxy.port, '127.0.0.1', () => socket.write(bytes));
    let text = '';
    socket.setEncoding('latin1').on('data', (part: string) => { text += part; }).on('error', () => undefined);
    return { socket, text: () => text };
  }
  /** Waits until nothing runs and no late record can come. */
  async function settled(): Promise<void> {
    await until(() => suite.proxy.exchanges.length > 0 && suite.proxy.gateway.sweeper.size === 0);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }

  for (const leave of ['end', 'reset'] as const) {
    const go = (socket: Socket): void => { if (leave === 'end') socket.destroy(); else socket.resetAndDestroy(); };
    describe(`where the client leaves (${leave})`, () => {
      it('before the headers: 499 client_closed, and the provider is cancelled', async () => {
        await start(() => undefined);
        const { socket } = client(rawPost('/v1/chat/completions', STREAM));
        await until(() => suite.upstream.requests.length === 1);
        go(socket);
        await settled();
        expect(suite.proxy.exchanges).to.have.length(1);
        expect(suite.proxy.exchanges[0]).to.deep.include({ statusCode: 499, errorType: 'client_closed', endReason: 'client', errorCount: 1, providerErrorCount: 0, attempts: 1, responseSize: 0 });
        await until(() => suite.upstream.requests[0]?.request.socket.destroyed === true);
      });
      it('between the provider\'s headers and the first byte of a JSON answer: 499', async () => {
        let started = false;
        await start((_q, response) => { response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders(); started = true; });
        const { socket } = client(rawPost('/v1/chat/completions', '{}'));
        await until(() => started);
        await new Promise((resolve) => { setTimeout(resolve, 50); });
        go(socket);
        await settled();
        expect(suite.proxy.exchanges).to.have.length(1);
        expect(suite.proxy.exchanges[0]).to.deep.include({ statusCode: 499, providerStatusCode: 200, errorType: 'client_closed' });
      });
      it('mid-stream: the status that it got, end_reason client', async () => {
        await start((_q, response) => { response.writeHead(200, { 'content-type': 'text/event-stream' }).write(EVENT); });
        const { socket, text } = client(rawPost('/v1/chat/completions', STREAM));
        await until(() => text().includes('"hi"'));
        go(socket);
        await settled();
        expect(suite.proxy.exchanges).to.have.length(1);
        expect(suite.proxy.exchanges[0]).to.deep.include({ statusCode: 200, errorType: 'client_closed', endReason: 'client', responseSize: EVENT.length, providerErrorCount: 0 });
        await until(() => suite.upstream.requests[0]?.request.socket.destroyed === true);
      });
      it('after the last event: complete', async () => {
        await start((_q, response) => { response.writeHead(200, { 'content-type': 'text/event-stream' }).write(EVENT + DONE); });
        const { socket, text } = client(rawPost('/v1/chat/completions', STREAM));
        await until(() => text().includes('[DONE]'));
        go(socket);
        await settled();
        expect(suite.proxy.exchanges).to.have.length(1);
        expect(suite.proxy.exchanges[0]).to.deep.include({ statusCode: 200, errorType: undefined, endReason: 'complete', errorCount: 0 });
        await until(() => suite.upstream.requests[0]?.request.socket.destroyed === true);
      });
      it('while the record is on its way to disk: complete', async () => {
        await start((_q, response) => { response.end('{}'); }, { recordDelayMs: 100 });
        const { socket } = client(rawPost('/v1/chat/completions', '{}'));
        await until(() => suite.proxy.exchanges.length === 1);
        go(socket);
        await settled();
        expect(suite.proxy.exchanges).to.have.length(1);
        expect(suite.proxy.exchanges[0]).to.deep.include({ endReason: 'complete', statusCode: 200 });
      });
      for (const type of ['application/json', 'audio/wav']) {
        it(`while it sends its body (${type}): 499, size as far as it came`, async () => {
          await start((_q, response) => { response.end('{}'); });
          const { socket } = client(`POST /v1/files HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ncontent-length: 100\r\n\r\n{"model":`);
          await until(() => suite.proxy.gateway.sweeper.size === 1);
          await new Promise((resolve) => { setTimeout(resolve, 50); });
          go(socket);
          await settled();
          expect(suite.proxy.exchanges).to.have.length(1);
          expect(suite.proxy.exchanges[0]).to.deep.include({ statusCode: 499, errorType: 'client_closed', endReason: 'client', requestSize: 9, providerErrorCount: 0 });
          expect(suite.upstream.requests).to.have.length(0); // never a whole request
        });
      }
      for (const [kind, post] of [['plain', rawPost], ['chunked', rawChunkedPost]] as const) {
        it(`one of two pipelined ${kind} requests: a record of the one that was under way`, async () => {
          await start(() => undefined);
          const { socket } = client(post('/v1/chat/completions', STREAM) + post('/v1/messages', STREAM));
          await until(() => suite.upstream.requests.length === 1);
          go(socket);
          await settled();
          expect(suite.proxy.exchanges.map(({ provider, errorType }) => `${provider} ${errorType}`)).to.deep.equal(['openai client_closed']);
          await until(() => suite.upstream.requests.every(({ request }) => request.socket.destroyed));
          expect(suite.upstream.requests).to.have.length(1);
        });
      }
    });
  }

  for (const [what, handler, expected] of [
    ['JSON with a length', (response: ServerResponse) => response.writeHead(200, { 'content-length': 2 }).end('{}'), { responseSize: 2 }],
    ['JSON without a length', (response: ServerResponse) => { response.write('{'); setImmediate(() => response.end('}')); }, { responseSize: 2 }],
    ['an empty body with length 0', (response: ServerResponse) => response.writeHead(200, { 'content-length': 0 }).end(), { responseSize: 0 }],
    ['an empty chunked body', (response: ServerResponse) => { response.writeHead(200, { 'transfer-encoding': 'chunked' }); response.end(); }, { responseSize: 0 }],
    ['204', (response: ServerResponse) => response.writeHead(204).end(), { responseSize: 0, statusCode: 204 }],
    ['304', (response: ServerResponse) => response.writeHead(304, { etag: '"x"' }).end(), { responseSize: 0, statusCode: 304 }],
    ['an error with a body', (response: ServerResponse) => response.writeHead(500, { 'content-type': 'text/html' }).end('<h1>no</h1>'), { responseSize: 11, statusCode: 500, providerErrorCount: 1, errorCount: 1 }],
    ['an error under 200', (response: ServerResponse) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"error":{"message":"x","code":"rate_limit_exceeded"}}'), { statusCode: 200, providerErrorCount: 1, errorCount: 1, providerErrorType: 'rate_limit_exceeded' }],
    ['an error in the stream', (response: ServerResponse) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: {"error":{"message":"x","code":"server_error"}}\n\n'), { statusCode: 200, providerErrorCount: 1, providerErrorType: 'server_error' }],
    ['a gzip\'d stream', (response: ServerResponse) => response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' }).end(gzipSync(EVENT + DONE)), { responseModel: 'm' }],
    ['broken gzip', (response: ServerResponse) => response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end('nonsense'), { responseSize: 8 }],
  ] as const) {
    for (const version of ['1.0', '1.1']) {
      for (const recordDelayMs of [undefined, 20]) {
        it(`${what}, HTTP/${version}, ${recordDelayMs === undefined ? 'at once' : 'held for the disk'}: the same answer, one record that stands before its end`, async () => {
          let bytesAtRecord: string | undefined;
          let text: () => string = () => '';
          let ended = false;
          let endedAtRecord: boolean | undefined;
          await start((_q, response) => { handler(response); }, {
            ...(recordDelayMs === undefined ? {} : { recordDelayMs }),
            onRecord: () => { bytesAtRecord = text(); endedAtRecord = ended; },
          });
          const direct = await rawExchange(Number(new URL(suite.upstream.url).port), rawPost('/v1/chat/completions', '{}', ['connection: close'], version));
          const sent = client(rawPost('/v1/chat/completions', '{}', ['connection: close'], version));
          text = sent.text;
          sent.socket.on('end', () => { ended = true; });
          await new Promise((resolve) => { sent.socket.on('close', resolve); });
          await settled();
          expect(bodyOf(sent.text())).to.equal(bodyOf(direct.text));
          expect(sent.text()).to.match(/x-gateway-request-id: [0-9A-Z]{26}/);
          expect(suite.proxy.exchanges).to.have.length(1);
          expect(suite.proxy.exchanges[0]).to.deep.include({ endReason: 'complete', errorType: undefined, ...expected });
          if (suite.proxy.exchanges[0]?.responseSize === 0) expect(bytesAtRecord).to.equal('');
          // What an encoded chunk holds is known only after it has passed: there the record precedes the end alone.
          else if (!what.includes('gzip')) expect(bytesAtRecord).to.not.equal(sent.text());
          expect(endedAtRecord).to.equal(false);
        });
      }
    }
  }

  it('HEAD: the provider\'s length, no body, one record', async () => {
    await start((_q, response) => { response.writeHead(200, { 'content-length': '12' }).end(); });
    const { text } = await rawExchange(suite.proxy.port, 'HEAD /v1/models HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
    expect(text).to.match(/content-length: 12/).and.match(/\r\n\r\n$/);
    await settled();
    expect(suite.proxy.exchanges).to.have.length(1);
    expect(suite.proxy.exchanges[0]).to.deep.include({ method: 'HEAD', responseSize: 0, endReason: 'complete' });
  });

  it('a refused HEAD has no body either', async () => {
    await start((_q, response) => response.end());
    const { text } = await rawExchange(suite.proxy.port, 'HEAD /v1/../x HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
    expect(text).to.match(/^HTTP\/1\.1 400/).and.match(/\r\n\r\n$/);
    expect(await suite.proxy.exchange()).to.deep.include({ method: 'HEAD', responseSize: 0, statusCode: 400 });
  });

  for (const [kind, post] of [['plain', rawPost], ['chunked', rawChunkedPost]] as const) {
    it(`pipelined ${kind} requests are answered one after the other, a record each`, async () => {
      let running = 0;
      let most = 0;
      await start((request, response) => {
        most = Math.max(most, ++running);
        setTimeout(() => {
          running--;
          response.end(JSON.stringify({ url: request.url }));
        }, 10);
      });
      // In pieces that end anywhere, the last request of another kind.
      const bytes = ['/v1/a', '/v1/b', '/v1/c'].map((path) => post(path, '{"model":"m"}')).join('') + rawChunkedPost('/v1/d', '{}');
      const { socket, text } = client(bytes.slice(0, 100));
      for (let at = 100; at < bytes.length; at += 77) {
        await new Promise<void>((resolve) => { setTimeout(resolve, 2); });
        socket.write(bytes.slice(at, at + 77));
      }
      await until(() => (text().match(/"url"/g) ?? []).length === 4);
      socket.destroy();
      expect(text().match(/\/v1\/[abcd]/g)).to.deep.equal(['/v1/a', '/v1/b', '/v1/c', '/v1/d']);
      await settled();
      expect(suite.proxy.exchanges.map(({ path, requestSize }) => [path, requestSize])).to.deep.equal([['/v1/a', 13], ['/v1/b', 13], ['/v1/c', 13], ['/v1/d', 2]]);
      expect(most).to.equal(1);
    });
  }

  it('a pipelined answer that breaks ends the connection, after the ones before it', async () => {
    await start((request, response) => {
      if (request.url === '/v1/a') { response.end('{"first":1}'); return; }
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(EVENT, () => { setTimeout(() => response.destroy(), 20); });
    });
    const { text } = await rawExchange(suite.proxy.port, rawChunkedPost('/v1/a', '{}') + rawChunkedPost('/v1/chat/completions', STREAM));
    expect(text).to.match(/\{"first":1\}[^]*"hi"/).and.not.match(/\r\n0\r\n\r\n$/);
    expect(suite.proxy.exchanges.map(({ endReason }) => endReason)).to.deep.equal(['complete', 'provider']);
  });

  it('requests over one kept-alive connection leave a record each and no listeners behind', async () => {
    await start((_q, response) => response.end('{}'));
    const warnings: string[] = [];
    const onWarning = (warning: Error): void => { warnings.push(warning.name); };
    process.on('warning', onWarning);
    const { socket, text } = client('');
    for (let i = 1; i <= 50; i++) {
      socket.write(rawPost('/v1/chat/completions', `{"n":${i}}`));
      await until(() => (text().match(/HTTP\/1\.1 200/g) ?? []).length === i);
    }
    socket.destroy();
    await settled();
    process.off('warning', onWarning);
    expect(suite.proxy.exchanges).to.have.length(50);
    expect(new Set(suite.proxy.exchanges.map(({ requestId }) => requestId))).to.have.property('size', 50);
    expect(warnings).to.deep.equal([]);
  });

  it('a slow reader leaves no listeners behind and gets every byte', async () => {
    const total = 48 * 2 ** 20;
    let high = 0;
    await start((_q, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      let left = total / 65_536;
      const push = (): void => {
        while (left > 0) { left -= 1; if (!response.write(Buffer.alloc(65_536))) { response.once('drain', push); return; } }
        response.end();
      };
      push();
    });
    const socket = connect(suite.proxy.port, '127.0.0.1', () => socket.write('GET /v1/files/f HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n'));
    let bytes = 0;
    const app = suite.proxy;
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      high = Math.max(high, ...app.listenersOnResponses());
      socket.pause();
      setImmediate(() => socket.resume());
    });
    await new Promise((resolve) => { socket.on('close', resolve); });
    expect(bytes).to.be.above(total);
    expect(high).to.be.below(4);
    expect(await suite.proxy.exchange()).to.deep.include({ responseSize: total, endReason: 'complete' });
  });

  it('the provider waits for a slow reader of a plain request, who then gets every byte in order', async () => {
    const total = 64 * 2 ** 20; // far more than the system's buffers hold
    const sizes = [65_536, 100, 16_384, 16_385, 1, 200_000, 3_000];
    const whole = randomBytes(total);
    let sent = 0;
    await start((_q, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const push = (): void => {
        for (let i = 0; sent < total; i++) {
          const piece = whole.subarray(sent, sent + (sizes[i % sizes.length] as number));
          sent += piece.length;
          if (!response.write(piece)) { response.once('drain', push); return; }
        }
        response.end();
      };
      push();
    });
    const request = httpRequest({ port: suite.proxy.port, path: '/v1/x', method: 'POST', headers: { 'content-type': 'application/json', 'content-length': 2 } });
    request.end('{}');
    const [response] = await once(request, 'response') as [IncomingMessage];
    response.pause();
    for (let before = -1; before !== sent;) {
      before = sent;
      await new Promise((resolve) => { setTimeout(resolve, 300); });
    }
    expect(sent).to.be.below(total);
    const parts: Buffer[] = [];
    for await (const part of response) parts.push(part as Buffer);
    expect(Buffer.concat(parts).equals(whole)).to.equal(true);
    expect(await suite.proxy.exchange()).to.deep.include({ responseSize: total, endReason: 'complete' });
    expect(suite.proxy.exchanges).to.have.length(1);
  });

  it('refusals are recorded with who asked, and with the model that the path names', async () => {
    await start((_q, response) => response.end('{}'), { refuse: () => 'telemetry_full' });
    const { text } = await rawExchange(suite.proxy.port, 'GET /openai/deployments/dep/chat/completions HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nx-user-id: u\r\nx-organisation-id: o\r\n\r\n');
    expect(text).to.match(/^HTTP\/1\.1 503/).and.match(/x-gateway-error: telemetry_full/);
    expect(await suite.proxy.exchange()).to.deep.include({ provider: 'azure-openai', model: 'dep', userId: 'u', organizationId: 'o', errorType: 'telemetry_full', endReason: 'gateway', errorCount: 1, attempts: 0 });
    expect(suite.upstream.requests).to.have.length(0);
  });

  for (const [how, hours] of [['back', -2], ['forward', 2]] as const) {
    it(`durations are right where the clock is set ${how} in the middle of a call`, async () => {
      const real = Date.now;
      try {
        await start((_q, response) => {
          Date.now = () => real() + hours * 3_600_000;
          setTimeout(() => { response.writeHead(200, { 'content-type': 'text/event-stream' }).write(EVENT); }, 60);
          setTimeout(() => { response.end(DONE); }, 120);
        });
        const before = real();
        await (await fetch(`${suite.proxy.url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: STREAM })).text();
        const exchange = await suite.proxy.exchange();
        // Far below two hours, and not below what it took.
        expect(exchange.totalMs).to.be.within(100, 60_000);
        expect(exchange.providerMs).to.be.within(100, 60_000);
        expect(exchange.timeToFirstTokenMs).to.be.within(40, 60_000);
        expect(exchange.receivedAt).to.be.within(before - 1, real());
      } finally {
        Date.now = real;
      }
    });
  }

  it('tracking headers are recorded and not forwarded (rule 18)', async () => {
    await start((_q, response) => response.end('{}'));
    await fetch(`${suite.proxy.url}/v1/models`, { headers: { 'x-project-id': 'p', 'x-organization-id': 'o', 'x-user-id': 'u', 'x-experiment-id': 'e' } });
    await fetch(`${suite.proxy.url}/v1/models`, { headers: { 'x-organisation-id': 'british' } });
    expect(suite.proxy.exchanges[0]).to.deep.include({ projectId: 'p', organizationId: 'o', userId: 'u', experimentId: 'e' });
    expect(suite.proxy.exchanges[1]).to.deep.include({ projectId: undefined, organizationId: 'british' });
    for (const { request } of suite.upstream.requests) expect(Object.keys(request.headers).filter((name) => /^x-(project|organi|user|experiment)/.test(name))).to.deep.equal([]);
  });
});

function bodyOf(text: string): string {
  const at = text.indexOf('\r\n\r\n') + 4;
  const body = text.slice(at);
  if (!/transfer-encoding: chunked/i.test(text.slice(0, at))) return body;
  let out = '';
  for (let rest = body; rest !== '';) {
    const line = rest.indexOf('\r\n');
    const size = parseInt(rest.slice(0, line), 16);
    if (size === 0) break;
    out += rest.slice(line + 2, line + 2 + size);
    rest = rest.slice(line + 4 + size);
  }
  return out;
}
