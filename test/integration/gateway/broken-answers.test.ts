import Anthropic from '@anthropic-ai/sdk';
import { expect } from 'chai';
import type { RequestListener, ServerResponse } from 'node:http';
import OpenAI from 'openai';
import { proxied, rawPost } from '../../support/proxied.js';
import { rawExchange, until } from '../../support/proxy-harness.js';

const OPENAI_EVENT = 'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}\n\n';
const ANTHROPIC_EVENTS = [
  'event: message_start\ndata: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"claude","content":[],"stop_reason":null,"usage":{"input_tokens":9,"output_tokens":1}}}\n\n',
  'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n',
  'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hi"}}\n\n',
].join('');
const JSON_HALF = '{"id":"c","object":"chat.completion","choices":[{"index":0,';

/** Ways in which a provider may fail once its answer has begun. */
const BREAKS: readonly [string, (response: ServerResponse) => void, string][] = [
  ['ends the connection in the midst', (response) => response.socket?.end(), 'upstream_reset'],
  ['resets the connection', (response) => response.socket?.resetAndDestroy(), 'upstream_reset'],
  ['sends a broken chunk', (response) => response.socket?.write('zz\r\n'), 'upstream_protocol'],
  ['falls silent', () => undefined, 'upstream_timeout_idle'],
];

const SHORT_IDLE = { upstreamIdleTimeoutMs: 150 };

async function raised(work: Promise<unknown>): Promise<unknown> {
  return work.then(() => undefined, (error: unknown) => error);
}

// Rule 13.
describe('answers that break', () => {
  const suite = proxied();
  const stream = (events: string, cut: (response: ServerResponse) => void): RequestListener => (_q, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(events, () => { setTimeout(() => { cut(response); }, 20); });
  };
  const openai = (): OpenAI => new OpenAI({ apiKey: 'sk', baseURL: `${suite.proxy.url}/v1`, maxRetries: 0 });
  const anthropic = (): Anthropic => new Anthropic({ apiKey: 'sk', baseURL: suite.proxy.url, maxRetries: 0 });
  const messages = [{ role: 'user' as const, content: 'hi' }];

  for (const [what, cut, type] of BREAKS) {
    describe(`where the provider ${what}`, () => {
      const settings = type === 'upstream_timeout_idle' ? SHORT_IDLE : {};
      it('the openai SDK raises while it streams', async () => {
        await suite.start(stream(OPENAI_EVENT, cut), { settings });
        let text = '';
        const error = await raised((async () => {
          for await (const part of await openai().chat.completions.create({ model: 'm', stream: true, messages })) text += part.choices[0]?.delta.content;
        })());
        expect(error).to.be.an('error');
        expect(text).to.equal('hi');
        expect(await suite.proxy.exchange()).to.deep.include({ statusCode: 200, providerStatusCode: 200, errorType: type, endReason: 'provider', providerErrorCount: 1, errorCount: 1, usage: undefined });
        expect(suite.upstream.requests).to.have.length(1);
      });

      it('the Anthropic SDK raises while it streams', async () => {
        await suite.start(stream(ANTHROPIC_EVENTS, cut), { settings });
        const error = await raised(anthropic().messages.stream({ model: 'claude', max_tokens: 9, messages }).finalMessage());
        expect(error).to.be.an('error');
        const exchange = await suite.proxy.exchange();
        expect(exchange).to.deep.include({ provider: 'anthropic', errorType: type, endReason: 'provider', providerErrorCount: 1 });
        expect(exchange.usage).to.deep.include({ inputTokens: 9 }); // what was said so far stands
      });

      it('the openai SDK raises on a JSON answer', async () => {
        await suite.start((_q, response) => {
          response.writeHead(200, { 'content-type': 'application/json' });
          response.write(JSON_HALF, () => { setTimeout(() => { cut(response); }, 20); });
        }, { settings });
        expect(await raised(openai().chat.completions.create({ model: 'm', messages }))).to.be.an('error');
        expect(await suite.proxy.exchange()).to.deep.include({ statusCode: 200, errorType: type, endReason: 'provider', responseSize: JSON_HALF.length });
      });

      it('no client sees a terminating chunk or an invented event', async () => {
        await suite.start(stream(OPENAI_EVENT, cut), { settings });
        const { text } = await rawExchange(suite.proxy.port, rawPost('/v1/chat/completions', '{"model":"m","stream":true}'));
        const body = text.slice(text.indexOf('\r\n\r\n') + 4);
        expect(body).to.equal(`${OPENAI_EVENT.length.toString(16)}\r\n${OPENAI_EVENT}\r\n`);
      });

      it('a client of HTTP/1.0 is reset, since its body ends with the connection', async () => {
        await suite.start(stream(OPENAI_EVENT, cut), { settings });
        const { error } = await rawExchange(suite.proxy.port, rawPost('/v1/chat/completions', '{"model":"m","stream":true}', [], '1.0'));
        expect(error).to.equal('ECONNRESET');
      });
    });
  }

  for (const [dialect, path, events, usage] of [
    ['Anthropic', '/v1/messages', ANTHROPIC_EVENTS, { inputTokens: 9, outputTokens: 1, totalTokens: 10, uncertain: true }],
    ['OpenAI', '/v1/chat/completions', OPENAI_EVENT, undefined],
  ] as const) {
    it(`a stream of ${dialect}'s that the client cancels has the tokens that the provider had said: ${usage === undefined ? 'none' : 'those of its begin'}`, async () => {
      await suite.start(stream(events, () => undefined));
      const abort = new AbortController();
      const response = await fetch(suite.proxy.url + path, { method: 'POST', headers: { 'content-type': 'application/json', 'authorization': 'Bearer sk' }, body: '{"model":"m","stream":true}', signal: abort.signal });
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      for (let text = ''; !text.includes('"hi"');) text += Buffer.from((await reader.read()).value ?? []).toString();
      abort.abort();
      expect(await suite.proxy.exchange()).to.deep.include({ endReason: 'client', errorType: 'client_closed', usage });
    });
  }

  it('an answer shorter than its Content-Length raises', async () => {
    await suite.start((_q, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write(JSON_HALF, () => { setTimeout(() => response.destroy(), 20); });
    });
    expect(await raised(openai().chat.completions.create({ model: 'm', messages }))).to.be.an('error');
    expect(await suite.proxy.exchange()).to.deep.include({ errorType: 'upstream_reset', endReason: 'provider' });
  });

  it('a JSON answer that breaks before its first byte is a 502 that SDKs can tell', async () => {
    await suite.start((_q, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
      setTimeout(() => response.destroy(), 30);
    });
    const error = await raised(openai().chat.completions.create({ model: 'm', messages }));
    expect(error).to.be.instanceOf(OpenAI.InternalServerError).and.deep.include({ status: 502, code: 'upstream_reset' });
    expect(await suite.proxy.exchange()).to.deep.include({ statusCode: 502, providerStatusCode: 200, errorType: 'upstream_reset', providerErrorCount: 1 });
  });

  it('a failure before the answer is an error of the SDK\'s own kind', async () => {
    await suite.start((request) => { request.socket.destroy(); });
    expect(await raised(openai().chat.completions.create({ model: 'm', messages }))).to.be.instanceOf(OpenAI.InternalServerError).and.have.property('status', 502);
    expect(await raised(anthropic().messages.create({ model: 'claude', max_tokens: 9, messages }))).to.be.instanceOf(Anthropic.InternalServerError).and.have.property('status', 502);
  });

  it('a provider that breaks after its last event has answered: the record stands, the connection ends', async () => {
    await suite.start(stream(`${OPENAI_EVENT}data: [DONE]\n\n`, (response) => response.socket?.resetAndDestroy()));
    const { text } = await rawExchange(suite.proxy.port, rawPost('/v1/chat/completions', '{"model":"m","stream":true}'));
    expect(text).to.include('[DONE]').and.not.match(/\r\n0\r\n\r\n$/);
    expect(suite.proxy.exchanges).to.have.length(1);
    expect(suite.proxy.exchanges[0]).to.deep.include({ endReason: 'complete', errorCount: 0 });
  });

  it('a provider that stays silent after its last event does not hold the connection for ever', async () => {
    await suite.start(stream(`${OPENAI_EVENT}data: [DONE]\n\n`, () => undefined), { settings: SHORT_IDLE });
    const { text } = await rawExchange(suite.proxy.port, rawPost('/v1/chat/completions', '{"model":"m","stream":true}'));
    expect(text).to.include('[DONE]');
    await until(() => suite.proxy.gateway.sweeper.size === 0);
    expect(suite.proxy.exchanges).to.have.length(1);
    expect(suite.proxy.exchanges[0]).to.deep.include({ endReason: 'complete', errorCount: 0 });
  });

  it('a provider that breaks after its last event while the record is on its way to disk ends the connection, too', async () => {
    await suite.start(stream(`${OPENAI_EVENT}data: [DONE]\n\n`, (response) => response.socket?.resetAndDestroy()), { recordDelayMs: 150 });
    const { text } = await rawExchange(suite.proxy.port, rawPost('/v1/chat/completions', '{"model":"m","stream":true}'));
    expect(text).to.include('[DONE]');
    expect(suite.proxy.exchanges).to.have.length(1);
  });

  it('an answer without length that ends with its connection is complete', async () => {
    await suite.start((_q, response) => {
      response.socket?.end('HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n{"model":"m"}');
    });
    const { text } = await rawExchange(suite.proxy.port, rawPost('/v1/chat/completions', '{"model":"m"}', ['connection: close']));
    expect(text).to.match(/^HTTP\/1\.1 200/).and.include('{"model":"m"}');
    expect(await suite.proxy.exchange()).to.deep.include({ endReason: 'complete', responseModel: 'm' });
  });

  for (const [what, head, body] of [
    ['in chunks', 'transfer-encoding: chunked', (text: string) => [...text.match(/.{1,60}/gs) ?? []].map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('') + '0\r\n\r\n'],
    ['that ends with its connection', 'connection: close', (text: string) => text],
  ] as const) {
    it(`a stream ${what} is whole although its provider leaves while the record is on its way to disk`, async () => {
      const text = `${OPENAI_EVENT}data: [DONE]\n\n: a word after the end\n\n`;
      await suite.start((_q, response) => {
        response.socket?.end(`HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n${head}\r\n\r\n${body(text)}`, 'latin1');
      }, { recordDelayMs: 150 });
      const { text: got } = await rawExchange(suite.proxy.port, rawPost('/v1/chat/completions', '{"model":"m","stream":true}', ['connection: close']));
      expect(got).to.include('a word after the end').and.match(/\r\n0\r\n\r\n$/);
      expect(suite.proxy.exchanges[0]).to.deep.include({ endReason: 'complete', errorCount: 0 });
    });
  }

  it('a long answer to a slow reader is whole although its provider closes after the last byte', async () => {
    const total = 3_000_000;
    const piece = 'x'.repeat(30_000);
    await suite.start((_q, response) => {
      response.socket?.end(`HTTP/1.1 200 OK\r\ncontent-type: image/png\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n${
        `${piece.length.toString(16)}\r\n${piece}\r\n`.repeat(total / piece.length)}0\r\n\r\n`, 'latin1');
    });
    const response = await fetch(`${suite.proxy.url}/v1/files/f/content`);
    let read = 0;
    for await (const chunk of response.body as ReadableStream<Uint8Array>) {
      read += chunk.length;
      await new Promise((resolve) => { setTimeout(resolve, 1); });
    }
    expect(read).to.equal(total);
    expect(await suite.proxy.exchange()).to.deep.include({ endReason: 'complete', responseSize: total });
  });
});
