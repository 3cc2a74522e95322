import { expect } from 'chai';
import { brotliCompressSync, createGzip, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import type { Dialect, Observation } from '../../../src/domain/dialect.js';
import { createTap } from '../../../src/wire/tap.js';
import { cut, dialectAt, fixtureBytes, observe, STREAM_FIXTURES } from './stream-fixtures.js';

const chat = dialectAt('openai', '/v1/chat/completions');
const embeddings = dialectAt('openai', '/v1/embeddings');
const json = 'application/json';
const [openAiStream] = STREAM_FIXTURES;
const streamBytes = fixtureBytes('openai/chat-stream.sse');
const nothing: Observation = { failed: false, hasToken: false, complete: false };

describe('tap on a stream', () => {
  it('is up to date when push returns: complete with the last event, before the body ends', () => {
    const tap = createTap({ dialect: chat, contentType: 'text/event-stream', status: 200, header: () => undefined });
    tap.push(streamBytes.subarray(0, -2));
    expect(tap.observation.complete).to.equal(false);
    tap.push(streamBytes.subarray(-2));
    expect(tap.observation).to.deep.equal(openAiStream?.expected);
  });

  it('lets nothing after the last event change what is known, nor anything after finish', () => {
    const tap = createTap({ dialect: chat, contentType: 'text/event-stream', status: 200, header: () => undefined });
    tap.push(streamBytes);
    tap.push(Buffer.from('data: {"model":"other","choices":[],"usage":{"prompt_tokens":1}}\n\n'));
    let done = 0;
    tap.finish(() => { done += 1; });
    tap.push(Buffer.from('data: {"error":{"code":"late"}}\n\n'));
    expect(done).to.equal(1);
    expect(tap.observation).to.deep.equal(openAiStream?.expected);
  });

  it('keeps what came before a stream broke off', async () => {
    const anthropic = dialectAt('anthropic', '/v1/messages');
    const bytes = fixtureBytes('anthropic/messages-stream.sse');
    const observation = await observe(anthropic, [bytes.subarray(0, bytes.indexOf('event: message_delta'))]);
    expect(observation).to.deep.include({ complete: false, failed: false, hasToken: true });
    expect(observation.usage).to.deep.include({ inputTokens: 7012, outputTokens: 1 });
  });

  it('reads usage right before a close without [DONE] and without a blank line', async () => {
    const observation = await observe(chat, [Buffer.from('data: {"model":"m","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}')]);
    expect(observation).to.deep.equal({
      ...nothing, responseModel: 'm', usage: { inputTokens: 3, outputTokens: 4, totalTokens: 7 },
    });
  });

  it('reads a plain JSON error that came under the stream\'s content type', async () => {
    const body = Buffer.from('\n{"error":{"message":"no","type":"invalid_request_error","code":"context_length_exceeded"}}');
    for (const status of [200, 400]) {
      expect(await observe(chat, cut(body, [1, 20]), { status })).to.deep.include({ failed: true, providerErrorType: 'context_length_exceeded' });
    }
  });

  it('survives a dialect that throws', async () => {
    const faulty: Dialect = { ...chat, readEvent() { throw new Error('fault'); }, readHeaders() { throw new Error('fault'); } };
    expect(await observe(faulty, [streamBytes, streamBytes])).to.deep.equal(nothing);
  });

  it('never throws on noise', () => {
    for (const { file, path, contentType } of STREAM_FIXTURES) {
      const dialect = dialectAt(file.slice(0, file.indexOf('/')), path);
      for (const data of ['null', '[]', '1', '"x"', '{', '{"choices":[null,1]}', '{"choices":{},"usage":[],"error":7,"delta":1,"message":[],"candidates":[null]}', '{"type":"message_start","message":null}']) {
        const framed = contentType.startsWith('text/') ? `event: error\ndata: ${data}\n\ndata: ${data}\n\n` : `${data}\n`;
        const tap = createTap({ dialect, contentType, status: 200, header: () => undefined });
        tap.push(Buffer.from(framed));
        tap.finish(() => undefined);
        expect(tap.observation.usage, `${file} ${data}`).to.equal(undefined);
      }
    }
  });
});

describe('tap on events of many megabytes', () => {
  const image = 'A'.repeat(6 * 1024 * 1024);
  const usage = { input_tokens: 50, output_tokens: 4160, total_tokens: 4210 };
  const inPieces = (body: string): Buffer[] => {
    const bytes = Buffer.from(body);
    return cut(bytes, Array.from({ length: Math.floor(bytes.length / 65_536) }, (_, i) => i * 65_536));
  };

  it('reads the usage of a response with several images', async () => {
    const response = { output: [image, image, image, image].map((result) => ({ type: 'image_generation_call', result })), model: 'gpt-5', status: 'completed', usage };
    for (const event of [{ type: 'response.completed', response }, { response, type: 'response.completed' }]) {
      const observation = await observe(dialectAt('openai', '/v1/responses'), inPieces(`data: ${JSON.stringify(event)}\n\n`));
      expect(observation).to.deep.include({ responseModel: 'gpt-5', finishReason: 'completed', complete: true });
      expect(observation.usage).to.deep.include({ inputTokens: 50, outputTokens: 4160 });
    }
  });

  it('reads the usage of Gemini\'s images, in either framing', async () => {
    const parts = [image, image, image].map((data) => ({ inlineData: { mimeType: 'image/png', data } }));
    const chunk = JSON.stringify({ candidates: [{ content: { parts }, finishReason: 'STOP' }], usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 9, totalTokenCount: 14 } });
    const dialect = dialectAt('gemini', '/v1beta/models/m:streamGenerateContent');
    for (const [contentType, body] of [['text/event-stream', `data: ${chunk}\r\n\r\n`], [json, `[${chunk}]`]] as const) {
      const observation = await observe(dialect, inPieces(body), { contentType });
      expect(observation).to.deep.include({ hasToken: true, finishReason: 'STOP' });
      expect(observation.usage).to.deep.include({ inputTokens: 5, outputTokens: 9 });
    }
  });

  it('reads a long line of JSON', async () => {
    const line = JSON.stringify({ model: 'm', message: { images: [image, image, image] }, done: true, done_reason: 'stop', prompt_eval_count: 3, eval_count: 4 });
    const observation = await observe(dialectAt('ollama', '/api/chat'), inPieces(`${line}\n`), { contentType: 'application/x-ndjson' });
    expect(observation).to.deep.include({ complete: true, finishReason: 'stop' });
    expect(observation.usage).to.deep.include({ inputTokens: 3, outputTokens: 4 });
  });

  it('reads what follows a comment of many megabytes', async () => {
    const body = `: ${image}${image}${image}\ndata: {"model":"m","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}\n\ndata: [DONE]\n\n`;
    expect(await observe(chat, inPieces(body))).to.deep.include({ responseModel: 'm', complete: true });
  });
});

describe('tap on an encoded body', () => {
  const encodings: [string, (bytes: Buffer) => Buffer][] = [
    ['gzip', gzipSync], ['x-gzip', gzipSync], ['br', brotliCompressSync], ['deflate', deflateSync], ['deflate', deflateRawSync],
    ['zstd', zstdCompressSync], ['gzip, br', (bytes) => brotliCompressSync(gzipSync(bytes))], ['identity', (bytes) => bytes],
  ];
  for (const [contentEncoding, encode] of encodings) {
    it(`reads ${contentEncoding} (${encode.name || 'both'})`, async () => {
      const bytes = encode(streamBytes);
      for (const pieces of [[bytes], cut(bytes, [1, 2, 10, bytes.length - 3])]) {
        expect(await observe(chat, pieces, { contentEncoding })).to.deep.equal(openAiStream?.expected);
      }
    });

    it(`reads what there is of a ${contentEncoding} body that is cut off (${encode.name || 'both'})`, async () => {
      const observation = await observe(chat, [encode(streamBytes).subarray(0, -9)], { contentEncoding });
      expect(observation.failed).to.equal(false);
      if (!contentEncoding.includes(',') && contentEncoding !== 'zstd' && contentEncoding !== 'br') {
        expect(observation.responseModel).to.equal('gpt-4o-mini-2024-07-18');
      }
    });
  }

  it('sees events as they are flushed, not only at the end', async () => {
    let told: (() => void) | undefined;
    const first = new Promise<void>((resolve) => { told = resolve; });
    const tap = createTap({
      dialect: chat, contentType: 'text/event-stream', contentEncoding: 'gzip', status: 200, header: () => undefined,
      onFirstToken: () => { told?.(); },
    });
    const gzip = createGzip();
    gzip.on('data', (chunk: Buffer) => { tap.push(chunk); });
    gzip.write(streamBytes.subarray(0, 600));
    gzip.flush();
    await first;
    expect(tap.observation).to.deep.include({ hasToken: true, complete: false });
    gzip.destroy();
    await new Promise<void>((resolve) => { tap.finish(resolve); });
  });

  it('learns nothing from an unknown encoding or from garbage, and finishes', async () => {
    expect(await observe(chat, [streamBytes], { contentEncoding: 'compress' })).to.deep.equal(nothing);
    for (const contentEncoding of ['gzip', 'br', 'deflate', 'zstd', 'br, gzip']) {
      expect(await observe(chat, [streamBytes, streamBytes], { contentEncoding }), contentEncoding).to.deep.equal(nothing);
      expect(await observe(chat, [], { contentEncoding }), contentEncoding).to.deep.equal(nothing);
    }
  });
});

describe('tap on a JSON body', () => {
  const answer = { model: 'm-1', choices: [{ finish_reason: 'stop', message: { content: 'Hi' } }], usage: { prompt_tokens: 5, completion_tokens: 6, total_tokens: 11 } };
  const known = { ...nothing, responseModel: 'm-1', finishReason: 'stop', usage: { inputTokens: 5, outputTokens: 6, totalTokens: 11 } };

  it('is read when it has ended, however it was cut, and is no stream', async () => {
    const bytes = Buffer.from(`\n ${JSON.stringify(answer)}\n`);
    const tap = createTap({ dialect: chat, contentType: json, status: 200, header: () => undefined });
    expect(tap.isStream).to.equal(false);
    for (let at = 0; at < bytes.length; at++) expect(await observe(chat, cut(bytes, [1, at]), { contentType: json })).to.deep.equal(known);
    for (const contentType of ['', 'application/json; charset=utf-8', 'APPLICATION/JSON', 'text/plain', 'application/vnd.x+json']) {
      expect(await observe(chat, [bytes], { contentType }), contentType).to.deep.equal(known);
    }
  });

  it('above 1 MiB only the members that matter are read', async () => {
    const data = Array.from({ length: 100 }, (_, index) => ({ object: 'embedding', index, embedding: Array.from({ length: 1536 }, (__, i) => i / 1e4) }));
    const body = Buffer.from(JSON.stringify({ object: 'list', data, model: 'text-embedding-3-small', usage: { prompt_tokens: 8, total_tokens: 8 } }, null, 1));
    expect(body.length).to.be.greaterThan(1024 * 1024);
    expect(await observe(embeddings, cut(body, [65_536, 700_000]), { contentType: json })).to.deep.equal({
      ...nothing, responseModel: 'text-embedding-3-small', usage: { inputTokens: 8, totalTokens: 8 },
    });
  });

  it('above 32 MiB the usage is looked for at the end', async () => {
    const filler = Buffer.alloc(1024 * 1024, '1,');
    const pieces = [Buffer.from('{"data":['), ...Array.from({ length: 33 }, () => filler), Buffer.from('1],"usage":{"prompt_tokens":9,"total_tokens":9},"x":1}')];
    expect(await observe(embeddings, pieces, { contentType: json })).to.deep.equal({ ...nothing, usage: { inputTokens: 9, totalTokens: 9 } });
    const without = [...pieces.slice(0, -1), Buffer.from('1]}')];
    expect(await observe(embeddings, without, { contentType: json })).to.deep.equal(nothing);
  });

  it('with images of many megabytes is read like any other', async () => {
    const gemini = dialectAt('gemini', '/v1beta/models/m:generateContent');
    for (const mebibytes of [2, 20, 40]) {
      const image = { inlineData: { mimeType: 'image/png', data: 'A'.repeat(mebibytes * 1024 * 1024) } };
      const body = Buffer.from(JSON.stringify({
        candidates: [{ content: { parts: [image, { text: 'a \\"picture\\"' }] }, finishReason: 'STOP' }], modelVersion: 'gemini-3-image',
        usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 1290, totalTokenCount: 1295 },
      }));
      for (const size of [65_536, body.length]) {
        const pieces = cut(body, Array.from({ length: Math.floor(body.length / size) }, (_, i) => i * size));
        expect(await observe(gemini, pieces, { contentType: json }), `${mebibytes} MiB`).to.deep.equal({
          ...nothing, responseModel: 'gemini-3-image', finishReason: 'STOP', usage: { inputTokens: 5, outputTokens: 1290, totalTokens: 1295 },
        });
      }
    }
  });

  it('what is broken, cut off or no JSON is not counted', async () => {
    const bytes = Buffer.from(JSON.stringify(answer));
    for (const body of [bytes.subarray(0, -1), Buffer.from('<html>{"usage":{}}'), Buffer.from('null'), Buffer.from('7')]) {
      expect(await observe(chat, [body], { contentType: json })).to.deep.equal(nothing);
    }
  });

  it('audio, images, web pages and binary files are not looked at', async () => {
    for (const contentType of ['audio/mpeg', 'image/png', 'application/octet-stream', 'text/html', 'application/jsonl', 'video/mp4']) {
      expect(await observe(chat, [Buffer.from(JSON.stringify(answer))], { contentType }), contentType).to.deep.equal(nothing);
    }
  });

  it('a failed status is a failure, whatever the body says', async () => {
    for (const body of ['', '<html>', '{}', '{"error":null}', '[]']) {
      expect(await observe(chat, [Buffer.from(body)], { contentType: json, status: 503 }), body).to.deep.equal({ ...nothing, failed: true });
    }
  });
});
