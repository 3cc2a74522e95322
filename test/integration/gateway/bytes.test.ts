import { expect } from 'chai';
import { connect } from 'node:net';
import { request as httpRequest, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { proxied, rawPost } from '../../support/proxied.js';
import { rawExchange, until } from '../../support/proxy-harness.js';

const MODEL_PART = '--b\r\ncontent-disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n';
const FILE_HEAD = '--b\r\ncontent-disposition: form-data; name="file"; filename="a.wav"\r\ncontent-type: audio/wav\r\n\r\n';

// Rules 10 and 11.
describe('bytes of requests', () => {
  const suite = proxied();
  const form = (body: string | Buffer, path = '/v1/audio/transcriptions', headers: Record<string, string> = {}): Promise<Response> =>
    fetch(suite.proxy.url + path, { method: 'POST', body, headers: { 'content-type': 'multipart/form-data; boundary=b', authorization: 'Bearer sk', ...headers } });

  it('strips connection headers and those that Connection names', async () => {
    await suite.start((_q, response) => response.end('{}'));
    await rawExchange(suite.proxy.port, [
      'GET /v1/models HTTP/1.1', 'host: localhost', 'connection: close, X-Hop, te', 'x-hop: 1', 'te: trailers', 'trailer: x', 'keep-alive: timeout=5',
      'proxy-connection: keep-alive', 'x-gateway-anything: 1', 'x-user-id: u', 'X-Kept: Yes', 'anthropic-beta: a', 'anthropic-beta: b', '', '',
    ].join('\r\n'));
    const { headers, rawHeaders } = suite.upstream.requests[0]?.request ?? { headers: {}, rawHeaders: [] };
    expect(headers).to.not.have.any.keys('x-hop', 'te', 'trailer', 'proxy-connection', 'x-gateway-anything', 'x-user-id');
    expect(rawHeaders).to.include.members(['X-Kept', 'Yes', 'a', 'b']);
  });

  it('forwards a JSON body of several MiB byte for byte', async () => {
    await suite.start((_q, response) => response.end('{}'));
    const body = JSON.stringify({ model: 'm', pad: 'ü'.repeat(3 * 2 ** 20) });
    await (await fetch(`${suite.proxy.url}/v1/embeddings`, { method: 'POST', body, headers: { 'content-type': 'application/json' } })).text();
    expect(suite.upstream.requests[0]?.body.equals(Buffer.from(body))).to.equal(true);
    expect(await suite.proxy.exchange()).to.deep.include({ requestSize: Buffer.byteLength(body), model: 'm' });
  });

  for (const [provider, path] of [['openai', '/v1/some/new-thing?a=%20b'], ['anthropic', '/anthropic/v1/some/new-thing'], ['gemini', '/v1beta/some:newThing'], ['bedrock', '/model/m/new-thing'], ['cohere', '/cohere/v2/new-thing'], ['ollama', '/ollama/api/new-thing']] as const) {
    it(`passes what it does not understand, both ways, and records what is known: ${provider}`, async () => {
      const every = Buffer.from(Array.from({ length: 3 * 256 }, (_, i) => i % 256));
      const answer = Buffer.concat([every, every]);
      await suite.start((_q, response) => { response.writeHead(218, { 'content-type': 'application/x-new', 'x-new': '1' }).end(answer); }, { env: { AWS_BEARER_TOKEN_BEDROCK: 'k' } });
      const response = await fetch(suite.proxy.url + path, { method: 'POST', body: every, headers: { 'content-type': 'application/x-new', 'authorization': 'Bearer sk' } });
      expect([response.status, response.headers.get('content-type'), response.headers.get('x-new')]).to.deep.equal([218, 'application/x-new', '1']);
      expect(Buffer.from(await response.arrayBuffer()).equals(answer)).to.equal(true);
      const { request, body } = suite.upstream.requests[0] as (typeof suite.upstream.requests)[number];
      expect(body.equals(every)).to.equal(true);
      expect(request.url).to.equal(path.replace(/^\/(?:anthropic|cohere|ollama)\//, '/'));
      expect(await suite.proxy.exchange()).to.deep.include({
        provider, path: path.replace(/\?.*/, ''), method: 'POST', statusCode: 218, requestSize: every.length, responseSize: answer.length, endReason: 'complete', errorCount: 0, usage: undefined, finishReason: undefined,
      });
    });
  }

  it('reads no model out of an encoded body, and forwards it as it is', async () => {
    await suite.start((_q, response) => response.end('{}'));
    const body = gzipSync('{"model":"m","stream":true}');
    await (await fetch(`${suite.proxy.url}/v1/chat/completions`, { method: 'POST', body, headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' } })).text();
    expect(suite.upstream.requests[0]?.body.equals(body)).to.equal(true);
    expect(suite.upstream.requests[0]?.request.headers['content-encoding']).to.equal('gzip');
    expect((await suite.proxy.exchange()).model).to.equal(undefined);
  });

  for (const method of ['GET', 'DELETE', 'PATCH', 'PUT'] as const) {
    it(`forwards a ${method} with a body`, async () => {
      await suite.start((_q, response) => response.end('{}'));
      const { text } = await rawExchange(suite.proxy.port, `${method} /v1/files/f HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 7\r\n\r\n{"a":1}`);
      expect(text).to.match(/^HTTP\/1\.1 200/);
      expect([suite.upstream.requests[0]?.request.method, suite.upstream.requests[0]?.body.toString()]).to.deep.equal([method, '{"a":1}']);
    });
  }

  it('passes trailers of a chunked body over: body and framing stay whole', async () => {
    await suite.start((_q, response) => response.end('{}'));
    const { text } = await rawExchange(suite.proxy.port, 'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ntrailer: x-sum\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n2;ext=1\r\n{}\r\n0\r\nx-sum: 1\r\n\r\n');
    expect(text).to.match(/^HTTP\/1\.1 200/);
    expect(suite.upstream.requests[0]?.body.toString()).to.equal('{}');
    expect(suite.upstream.requests[0]?.request.headers).to.not.have.any.keys('trailer', 'transfer-encoding');
  });

  for (const [what, body, model] of [
    ['at the begin', `${MODEL_PART}${FILE_HEAD}${'x'.repeat(100_000)}\r\n--b--\r\n`, 'whisper-1'],
    ['behind a short file', `${FILE_HEAD}${'x'.repeat(60_000)}\r\n${MODEL_PART}--b--\r\n`, 'whisper-1'],
    ['behind a long file', `${FILE_HEAD}${'x'.repeat(1_000_000)}\r\n${MODEL_PART}--b--\r\n`, 'whisper-1'],
    ['with further part headers', '--b\r\nContent-Disposition: form-data; name="model"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nmodäl\r\n--b--\r\n', 'modäl'],
    ['nowhere', `${FILE_HEAD}x\r\n--b--\r\n`, undefined],
  ] as const) {
    it(`finds the model of multipart ${what}: ${model}`, async () => {
      await suite.start((_q, response) => response.end('{}'));
      await (await form(body)).text();
      expect(suite.upstream.requests[0]?.body.toString()).to.equal(body);
      expect(await suite.proxy.exchange()).to.deep.include({ model, requestSize: Buffer.byteLength(body) });
    });
  }

  it('takes the model of multipart before that of the path, and the path\'s where the form names none', async () => {
    await suite.start((_q, response) => response.end('{}'));
    await (await form(`${MODEL_PART}--b--\r\n`, '/openai/deployments/dep/audio/transcriptions')).text();
    await (await form(`${FILE_HEAD}x\r\n--b--\r\n`, '/openai/deployments/dep/audio/transcriptions')).text();
    expect(suite.proxy.exchanges.map(({ model }) => model)).to.deep.equal(['whisper-1', 'dep']);
  });

  it('searches a hostile form no longer than it takes to read it', async () => {
    await suite.start((_q, response) => response.end('{}'));
    await (await form(`${'name="model"\r\na\r\n'.repeat(4_000)}--b--\r\n`)).text();
    expect((await suite.proxy.exchange()).model).to.equal(undefined);
  });

  it('keeps the length of a streamed body, and does without one', async () => {
    await suite.start((_q, response) => response.end('{}'));
    await rawExchange(suite.proxy.port, 'POST /v1/files HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: audio/wav\r\ncontent-length: 3\r\n\r\nabc');
    await rawExchange(suite.proxy.port, 'POST /v1/files HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: audio/wav\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n');
    expect(suite.upstream.requests[0]?.request.headers).to.include({ 'content-length': '3' }).and.not.have.property('transfer-encoding');
    expect(suite.upstream.requests.map(({ body }) => body.toString())).to.deep.equal(['abc', 'abc']);
  });

  it('answers 100-continue to a streamed body at once', async () => {
    await suite.start((_q, response) => response.end('{}'));
    const socket = connect(suite.proxy.port, '127.0.0.1');
    let text = '';
    socket.setEncoding('latin1').on('data', (part: string) => { text += part; });
    socket.write('POST /v1/files HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-type: audio/wav\r\ncontent-length: 3\r\n\r\n');
    await until(() => text.startsWith('HTTP/1.1 100 Continue\r\n\r\n'));
    socket.write('abc');
    await until(() => text.includes('HTTP/1.1 200'));
    socket.destroy();
    expect(suite.upstream.requests[0]?.request.headers).to.not.have.property('expect');
  });

  it('answers 100-continue to a streamed body of any size', async () => {
    await suite.start((_q, response) => response.end('{}'), { settings: { maxBodyBytes: 1_000 } });
    const socket = connect(suite.proxy.port, '127.0.0.1');
    let text = '';
    socket.setEncoding('latin1').on('data', (part: string) => { text += part; });
    socket.write('POST /v1/files HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-type: audio/wav\r\ncontent-length: 5000\r\n\r\n');
    await until(() => text.startsWith('HTTP/1.1 100 Continue\r\n\r\n'));
    socket.write('x'.repeat(5_000));
    await until(() => text.includes('HTTP/1.1 200'));
    socket.destroy();
    expect(suite.upstream.requests[0]?.body).to.have.length(5_000);
  });

  it('tells a client why, although it is still sending what nobody wants', async () => {
    await suite.start((_q, response) => response.end('{}'), { settings: { apiKeys: [{ label: 'a', key: 'gw-key' }] } });
    const size = 8 * 2 ** 20;
    const answer = await new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      const upload = httpRequest(`${suite.proxy.url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json', 'content-length': size } }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (part: string) => { body += part; });
        response.on('end', () => { resolve({ status: response.statusCode, body }); });
      });
      upload.on('error', reject);
      upload.end(Buffer.alloc(size, 0x20));
    });
    expect(answer.status).to.equal(401);
    expect(answer.body).to.include('x-gateway-api-key');
    expect(await suite.proxy.exchange()).to.deep.include({ statusCode: 401, errorType: 'unauthorized', attempts: 0 });
  });

  it('lets a client go on after an answer that came before its upload was read', async () => {
    await suite.start(() => undefined);
    suite.upstream.server.removeAllListeners('request');
    suite.upstream.server.on('request', (_q, response) => { response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":{"code":"no"}}'); });
    const size = 8 * 2 ** 20;
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const upload = httpRequest(`${suite.proxy.url}/v1/files`, { method: 'POST', headers: { 'content-type': 'audio/wav', 'content-length': size } }, (response) => {
        response.resume();
        response.on('end', () => { resolve(response.statusCode); });
      });
      upload.on('error', reject);
      upload.end(Buffer.alloc(size, 7));
    });
    expect(status).to.equal(401);
    expect(await suite.proxy.exchange()).to.deep.include({ statusCode: 401, endReason: 'complete', providerErrorCount: 1 });
    expect(suite.proxy.exchanges).to.have.length(1);
  });

  it('holds back a fast uploader for a slow provider', async () => {
    const total = 64 * 2 ** 20;
    await suite.start(() => undefined);
    suite.upstream.server.removeAllListeners('request');
    let read: (() => void) | undefined;
    let received = 0;
    suite.upstream.server.on('request', (request, response) => {
      read = () => {
        request.on('data', (chunk: Buffer) => { received += chunk.length; });
        request.on('end', () => response.end('{}'));
      };
    });
    let sent = 0;
    const done = new Promise<void>((resolve, reject) => {
      const upload = httpRequest(`${suite.proxy.url}/v1/files`, { method: 'POST', headers: { 'content-type': 'audio/wav', 'content-length': total } }, (response) => {
        response.resume().on('end', () => { resolve(); });
      });
      upload.on('error', reject);
      const chunk = Buffer.alloc(256 * 1024);
      const push = (): void => {
        while (sent < total) {
          sent += chunk.length;
          if (!upload.write(chunk)) { upload.once('drain', push); return; }
        }
        upload.end();
      };
      push();
    });
    await until(() => read !== undefined);
    // Until nothing moves any more: only the buffers between are full.
    for (let before = -1; before !== sent;) {
      before = sent;
      await new Promise((resolve) => { setTimeout(resolve, 100); });
    }
    expect(sent).to.be.below(total / 2);
    read?.();
    await done;
    expect(received).to.equal(total);
    expect(await suite.proxy.exchange()).to.deep.include({ requestSize: total, endReason: 'complete' });
  });

  it('413: the memory of a refused body is given back', async () => {
    await suite.start((_q, response) => response.end('{}'), { settings: { maxBodyBytes: 1_000, maxBufferedBytes: 1_500 } });
    const chunk = `384\r\n${'x'.repeat(900)}\r\n`;
    for (let i = 0; i < 4; i++) {
      const { text } = await rawExchange(suite.proxy.port, `POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${chunk}${chunk}0\r\n\r\n`);
      expect(text).to.match(/^HTTP\/1\.1 413/).and.include('"type":"error"');
    }
    expect(suite.proxy.exchanges.every(({ requestSize, errorType }) => requestSize >= 1_000 && errorType === 'body_too_large')).to.equal(true);
    expect((await rawExchange(suite.proxy.port, rawPost('/v1/messages', `{"pad":"${'x'.repeat(900)}"}`, ['connection: close']))).text).to.match(/^HTTP\/1\.1 200/);
  });

  it('bodies that are only announced keep nobody out', async () => {
    await suite.start((_q, response) => response.end('{}'), { settings: { maxBufferedBytes: 1_000 } });
    const idle = connect(suite.proxy.port, '127.0.0.1');
    idle.write('POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n');
    await until(() => suite.proxy.gateway.sweeper.size === 1);
    expect((await rawExchange(suite.proxy.port, rawPost('/v1/chat/completions', `{"pad":"${'x'.repeat(500)}"}`, ['connection: close']))).text).to.match(/^HTTP\/1\.1 200/);
    idle.destroy();
  });

  it('503: bodies under way together are over the limit, and fit again when one is done', async () => {
    const open: ServerResponse[] = [];
    await suite.start((_q, response) => { open.push(response); }, { settings: { maxBufferedBytes: 1_000 } });
    const send = (): Promise<{ text: string }> => rawExchange(suite.proxy.port, rawPost('/v1/chat/completions', `{"pad":"${'x'.repeat(700)}"}`, ['connection: close']));
    const first = send();
    await until(() => open.length === 1);
    expect((await send()).text).to.match(/^HTTP\/1\.1 503/).and.match(/retry-after: 1/i).and.match(/x-gateway-error: buffers_full/);
    open[0]?.end('{}');
    expect((await first).text).to.match(/^HTTP\/1\.1 200/);
    const third = send();
    await until(() => open.length === 2);
    open[1]?.end('{}');
    expect((await third).text).to.match(/^HTTP\/1\.1 200/);
  });
});
