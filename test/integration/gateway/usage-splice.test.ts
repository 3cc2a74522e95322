import { expect } from 'chai';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { proxied, rawPost } from '../../support/proxied.js';
import { rawExchange } from '../../support/proxy-harness.js';

const chunk = (rest: string): string => `data: {"id":"c","model":"m",${rest}}\n\n`;
const TEXT = chunk('"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]');
const USAGE = chunk('"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}');
const DONE = 'data: [DONE]\n\n';
const ALL = TEXT + USAGE + DONE;
const CUT = TEXT + DONE;

// Rule 12.
describe('the usage splice', () => {
  const suite = proxied();
  async function call(body: string, options: { path?: string; answer?: string; type?: string; headers?: Record<string, string>; raw?: Buffer; length?: boolean; encoding?: string; bytes?: Buffer } = {}): Promise<{ sent: string; got: string; accepts: string | undefined; status: number; encoding: string | null }> {
    const { path = '/v1/chat/completions', answer = ALL, type = 'text/event-stream', headers = {}, length = false, encoding, bytes = Buffer.from(answer) } = options;
    await suite.start((_q, response) => {
      response.writeHead(200, {
        ...(type === '' ? {} : { 'content-type': type }), ...(encoding === undefined ? {} : { 'content-encoding': encoding }), ...(length ? { 'content-length': bytes.length } : {}),
      }).end(bytes);
    });
    const response = await fetch(suite.proxy.url + path, {
      method: 'POST', body: options.raw ?? body, headers: { 'content-type': 'application/json', authorization: 'Bearer sk', 'accept-encoding': 'gzip', ...headers },
    });
    const got = await response.text();
    const { body: sent, request } = suite.upstream.requests[0] as (typeof suite.upstream.requests)[number];
    return { sent: sent.toString(), got, accepts: request.headers['accept-encoding'], status: response.status, encoding: response.headers.get('content-encoding') };
  }

  for (const [what, body, sent] of [
    ['absent', '{"model":"m","stream":true}', '{"stream_options":{"include_usage":true},"model":"m","stream":true}'],
    ['null', '{"model":"m","stream":true,"stream_options":null}', '{"model":"m","stream":true,"stream_options":{"include_usage":true}}'],
    ['empty', '{"model":"m","stream":true,"stream_options":{}}', '{"model":"m","stream":true,"stream_options":{"include_usage":true}}'],
    ['without include_usage', '{"stream_options":{"x":[1,{"a":"}"}]},"stream":true}', '{"stream_options":{"include_usage":true,"x":[1,{"a":"}"}]},"stream":true}'],
    ['include_usage false', '{"stream":true,"stream_options":{"include_usage":false}}', '{"stream":true,"stream_options":{"include_usage":true}}'],
    ['with seeds beyond 2^53, duplicate keys and odd white space', '{ "seed" : 12345678901234567890 , "a":1,"a":2,\n"stream" : true }', '{"stream_options":{"include_usage":true}, "seed" : 12345678901234567890 , "a":1,"a":2,\n"stream" : true }'],
  ] as const) {
    it(`stream_options ${what}: spliced in, every other byte as it was; the extra chunk is taken out`, async () => {
      const call1 = await call(body);
      expect(call1.sent).to.equal(sent);
      expect(call1.got).to.equal(CUT);
      expect(call1.accepts).to.equal('identity');
      const exchange = await suite.proxy.exchange();
      expect(exchange).to.deep.include({ requestSize: body.length, responseSize: CUT.length, stream: true });
      expect(exchange.usage).to.deep.include({ inputTokens: 5, outputTokens: 2, totalTokens: 7 });
    });
  }

  for (const [what, body, options] of [
    ['the client asked itself', '{"stream":true,"stream_options":{"include_usage":true}}', {}],
    ['no stream is asked for', '{"stream":false}', {}],
    ['stream is not top-level true', '{"a":{"stream":true},"stream":"true"}', {}],
    ['the last of two stream keys says no', '{"stream":true,"stream":false}', {}],
    ['the body is broken', '{"stream":true', {}],
    ['the body is an array', '[{"stream":true}]', {}],
    ['stream_options is no object', '{"stream":true,"stream_options":7}', {}],
    ['the path is another one', '{"stream":true}', { path: '/v1/responses' }],
    ['the provider does not document it', '{"stream":true}', { path: '/gemini/v1/chat/completions' }],
    ['the provider refuses it', '{"stream":true}', { path: '/mistral/v1/chat/completions' }],
    ['the provider always sends it', '{"stream":true}', { path: '/openrouter/v1/chat/completions' }],
    ['a deployed endpoint of Vertex AI is called', '{"stream":true}', { path: '/vertex/v1/projects/p/locations/us-central1/endpoints/123/chat/completions' }],
  ] as const) {
    it(`leaves bytes and answer alone where ${what}`, async () => {
      const { sent, got, accepts } = await call(body, options);
      expect(sent).to.equal(body);
      expect(got).to.equal(ALL);
      expect(accepts).to.equal('gzip');
    });
  }

  it('leaves an encoded body alone', async () => {
    const raw = gzipSync('{"stream":true}');
    const { got } = await call('', { raw, headers: { 'content-encoding': 'gzip' } });
    expect(suite.upstream.requests[0]?.body.equals(raw)).to.equal(true);
    expect(got).to.equal(ALL);
  });

  it('splices wherever the provider documents it', async () => {
    for (const path of ['/azure-openai/v1/chat/completions', '/anthropic/v1/chat/completions', '/openai/deployments/d/chat/completions', '/deepseek/v1/chat/completions', '/cerebras/v1/chat/completions', '/ollama/v1/chat/completions', '/vllm/v1/chat/completions', '/v1/completions',
      '/xai/v1/chat/completions', '/together/v1/chat/completions', '/fireworks/v1/chat/completions', '/groq/v1/chat/completions', '/cohere/v1/chat/completions',
      '/bedrock/openai/v1/chat/completions', '/vertex/v1/projects/p/locations/us-central1/endpoints/openapi/chat/completions']) {
      const { sent, got } = await call('{"stream":true}', { path });
      expect([path, sent, got]).to.deep.equal([path, '{"stream_options":{"include_usage":true},"stream":true}', CUT]);
      await suite.proxy.close();
      await suite.upstream.close();
    }
  });

  it('keeps a chunk with choices and usage, an empty one with content filters, and everything that only looks like the usage chunk', async () => {
    const answer = [
      chunk('"choices":[],"prompt_filter_results":[{"prompt_index":0}]'),
      chunk('"choices":[{"index":0,"delta":{"content":"\\"usage\\": {}"}}]'),
      chunk('"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}'),
      chunk('"choices":[{"index":0,"delta":{"role":"assistant","content":""}}],"usage":{"prompt_tokens":5,"completion_tokens":0,"total_tokens":5}'),
      chunk('"choices":[],"usage":{"prompt_tokens":5},"error":{"message":"no"}'),
      chunk('"choices":[],"usage":null'), ': comment\n\n', DONE,
    ].join('');
    expect((await call('{"stream":true}', { answer })).got).to.equal(answer);
  });

  for (const length of [false, true]) {
    it(`is right about a JSON answer ${length ? 'with' : 'without'} a length`, async () => {
      const answer = '{"error":{"message":"no","code":"model_not_found"}}';
      const { got } = await call('{"stream":true}', { answer, type: 'application/json', length });
      expect(got).to.equal(answer);
      expect(await suite.proxy.exchange()).to.deep.include({ responseSize: answer.length, providerErrorType: 'model_not_found' });
    });
  }

  for (const [what, choices] of [
    ['one empty choice, as LiteLLM has it', '"choices":[{"index":0,"delta":{}}],'],
    ['one choice whose delta is null', '"choices":[{"index":0,"delta":null,"finish_reason":null}],'],
    ['one choice of nulls', '"choices":[{"index":0,"delta":{"content":null,"role":null},"finish_reason":null,"logprobs":null}],'],
    ['choices that are null', '"choices":null,'],
    ['no choices at all', ''],
  ] as const) {
    it(`takes a usage chunk out that has ${what}`, async () => {
      const usage = chunk(`${choices}"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}`);
      expect((await call('{"stream":true}', { answer: TEXT + usage + DONE })).got).to.equal(CUT);
      expect((await suite.proxy.exchange()).usage).to.deep.include({ inputTokens: 5, outputTokens: 2 });
    });
  }

  it('reads the usage of a choice, where Moonshot has it in streams, and leaves it there', async () => {
    const answer = TEXT + chunk('"choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7,"cached_tokens":4}}]') + DONE;
    expect((await call('{"stream":true}', { answer })).got).to.equal(answer);
    expect((await suite.proxy.exchange()).usage).to.deep.include({ inputTokens: 5, outputTokens: 2, cachedTokens: 4 });
  });

  it('reads a usage chunk that comes behind [DONE], and takes it out', async () => {
    expect((await call('{"stream":true}', { answer: TEXT + DONE + USAGE })).got).to.equal(CUT);
    expect((await suite.proxy.exchange()).usage).to.deep.include({ inputTokens: 5, outputTokens: 2 });
  });

  // Headers say little: the bytes decide.
  for (const type of ['', 'text/plain; charset=utf-8', 'application/json', 'application/octet-stream', 'text/html', 'Text/Event-Stream']) {
    for (const length of [false, true]) {
      it(`knows a stream under the content type "${type}" ${length ? 'with' : 'without'} a length`, async () => {
        expect((await call('{"stream":true}', { type, length })).got).to.equal(CUT);
        const exchange = await suite.proxy.exchange();
        expect(exchange).to.deep.include({ responseModel: 'm', stream: true, endReason: 'complete', responseSize: CUT.length });
        expect(exchange.usage).to.deep.include({ inputTokens: 5, outputTokens: 2 });
        expect(exchange.timeToFirstTokenMs).to.be.a('number');
      });
    }
  }

  for (const encoding of ['none', 'identity', 'utf-8', 'Identity, none', '']) {
    it(`takes a content-encoding of "${encoding}" for what it is`, async () => {
      const { got, encoding: sent } = await call('{"stream":true}', { encoding });
      expect([got, sent]).to.deep.equal([CUT, encoding]);
      expect((await suite.proxy.exchange()).usage).to.deep.include({ inputTokens: 5, outputTokens: 2 });
    });
  }

  for (const [encoding, encode] of [
    ['gzip', gzipSync], ['br', brotliCompressSync], ['deflate', deflateSync], ['zstd', zstdCompressSync],
    ['gzip, br', (bytes: Buffer) => brotliCompressSync(gzipSync(bytes))], ['gzip, none', gzipSync],
  ] as const) {
    for (const type of ['text/event-stream', 'application/json']) {
      it(`decodes an answer in ${encoding} (${type}) that was to have no coding`, async () => {
        const { got, encoding: sent } = await call('{"stream":true}', { encoding, type, bytes: encode(Buffer.from(ALL)) });
        expect([got, sent]).to.deep.equal([CUT, null]);
        const exchange = await suite.proxy.exchange();
        expect(exchange).to.deep.include({ responseSize: CUT.length, endReason: 'complete', stream: true });
        expect(exchange.usage).to.deep.include({ inputTokens: 5, outputTokens: 2 });
      });
    }
  }

  it('decodes a long encoded stream for a client as fast as it reads', async () => {
    const text = Array.from({ length: 20_000 }, (_, i) => chunk(`"choices":[{"index":0,"delta":{"content":"${i} ${'x'.repeat(200)}"}}]`)).join('');
    const { got } = await call('{"stream":true}', { encoding: 'gzip', bytes: gzipSync(text + ALL) });
    expect(got === text + CUT).to.equal(true);
    expect((await suite.proxy.exchange()).usage).to.deep.include({ inputTokens: 5, outputTokens: 2 });
  });

  for (const [what, bytes] of [
    ['not what its header says', Buffer.from(TEXT)], ['broken', Buffer.concat([gzipSync(TEXT).subarray(0, 12), Buffer.alloc(100, 0x07)])],
    ['cut off', gzipSync(TEXT).subarray(0, -10)],
  ] as const) it(`breaks off where the coding is ${what}`, async () => {
    await suite.start((_q, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' }).end(bytes);
    });
    const { text } = await rawExchange(suite.proxy.port, rawPost('/v1/chat/completions', '{"stream":true}', ['connection: close', 'authorization: Bearer sk']));
    expect(text).to.match(/^HTTP\/1\.1 (?:200|502) /).and.not.match(/^HTTP\/1\.1 200 [^]*0\r\n\r\n$/);
    expect(await suite.proxy.exchange()).to.deep.include({ errorType: 'upstream_protocol', endReason: 'provider', providerErrorCount: 1 });
  });

  it('is right about a stream that has a length', async () => {
    expect((await call('{"stream":true}', { length: true })).got).to.equal(CUT);
    expect(await suite.proxy.exchange()).to.deep.include({ responseSize: CUT.length, endReason: 'complete' });
  });

  it('is right about a stream that ends in its usage chunk', async () => {
    expect((await call('{"stream":true}', { answer: TEXT + USAGE })).got).to.equal(TEXT);
    expect((await suite.proxy.exchange()).usage).to.deep.include({ inputTokens: 5 });
  });

  it('lets the events be cut anywhere', async () => {
    await suite.start((_q, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.socket?.setNoDelay(true);
      const bytes = Buffer.from(ALL.replaceAll('\n', '\r\n'));
      let at = 0;
      const next = (): void => {
        if (at >= bytes.length) return void response.end();
        response.write(bytes.subarray(at, at += 7));
        setImmediate(next);
      };
      next();
    });
    const response = await fetch(`${suite.proxy.url}/v1/chat/completions`, { method: 'POST', body: '{"stream":true}', headers: { 'content-type': 'application/json' } });
    expect(await response.text()).to.equal(CUT.replaceAll('\n', '\r\n'));
  });
});
