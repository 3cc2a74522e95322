import type { LLMock } from '@copilotkit/aimock';
import { expect } from 'chai';
import OpenAI, { AzureOpenAI, toFile } from 'openai';
import { collect, expectRecord, M, startAimock, startRecordings, startSdkBench, type Recordings, type SdkBench } from './sdk-bench.js';

const messages = [{ role: 'user' as const, content: 'Say hello' }];
const GPT_4O_MINI = (19 * 0.15 + 10 * 0.6) / M;

describe('the OpenAI SDK', () => {
  let mock: LLMock;
  let bench: SdkBench;
  let client: OpenAI;
  before(async () => {
    mock = await startAimock();
    bench = await startSdkBench(mock.url);
    client = new OpenAI({ apiKey: 'sk-client', baseURL: `${bench.url}/v1`, maxRetries: 0 });
  });
  after(async () => {
    await bench.close();
    await mock.stop();
  });

  it('chat, JSON', async () => {
    const { choices, usage } = await client.chat.completions.create({ model: 'gpt-4o-mini', messages });
    expect(choices[0]?.message.content).to.equal('Hello there.');
    expect(usage).to.deep.include({ prompt_tokens: 19, completion_tokens: 10 });
    expectRecord(await bench.record(), {
      provider: 'openai', model: 'gpt-4o-mini', path: '/v1/chat/completions', method: 'POST', stream: false, status_code: 200, finish_reason: 'stop',
      input_tokens: 19, output_tokens: 10, total_tokens: 29, cost: GPT_4O_MINI, price_source: 'genai-prices', end_reason: 'complete', error_count: 0,
    });
  });

  it('chat, streamed: the client that did not ask for usage gets none, the record has it', async () => {
    const chunks = await collect(await client.chat.completions.create({ model: 'gpt-4o-mini', messages, stream: true }));
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).to.equal('Hello there.');
    expect(chunks.every(({ choices }) => choices.length === 1)).to.equal(true);
    const record = await bench.record();
    expectRecord(record, { stream: true, input_tokens: 19, output_tokens: 10, cost: GPT_4O_MINI });
    expect(record.time_to_first_token_ms).to.be.a('number');
  });

  it('chat, streamed: the client that asked for usage gets it', async () => {
    const chunks = await collect(await client.chat.completions.create({ model: 'gpt-4o-mini', messages, stream: true, stream_options: { include_usage: true } }));
    expect(chunks.at(-1)).to.deep.include({ choices: [] });
    expect(chunks.at(-1)?.usage).to.deep.include({ prompt_tokens: 19, completion_tokens: 10 });
    expectRecord(await bench.record(), { input_tokens: 19, output_tokens: 10, cost: GPT_4O_MINI });
  });

  it('responses, JSON', async () => {
    const response = await client.responses.create({ model: 'gpt-4o-mini', input: 'Say hello' });
    expect(response.output_text).to.equal('Hello there.');
    expectRecord(await bench.record(), { path: '/v1/responses', stream: false, input_tokens: 19, output_tokens: 10, cost: GPT_4O_MINI, finish_reason: 'completed' });
  });

  it('responses, streamed', async () => {
    const events = await collect(await client.responses.create({ model: 'gpt-4o-mini', input: 'Say hello', stream: true }));
    expect(events.at(-1)?.type).to.equal('response.completed');
    expectRecord(await bench.record(), { path: '/v1/responses', stream: true, input_tokens: 19, output_tokens: 10, cost: GPT_4O_MINI });
  });
});

describe('the OpenAI SDK, other interfaces', () => {
  let provider: Recordings;
  let bench: SdkBench;
  let client: OpenAI;
  before(async () => {
    provider = await startRecordings();
    bench = await startSdkBench(provider.url);
    client = new OpenAI({ apiKey: 'sk-client', baseURL: `${bench.url}/v1`, maxRetries: 0 });
  });
  after(async () => {
    await bench.close();
    await provider.close();
  });

  it('chat, streamed, with cached tokens', async () => {
    provider.answer = () => ({ fixture: 'openai/chat-stream.sse', contentType: 'text/event-stream' });
    await collect(await client.chat.completions.create({ model: 'gpt-4o-mini', messages, stream: true }));
    // 19 input tokens, 4 of them cached.
    expectRecord(await bench.record(), {
      response_model: 'gpt-4o-mini-2024-07-18', input_tokens: 19, cached_tokens: 4, output_tokens: 10, cost: (15 * 0.15 + 4 * 0.075 + 10 * 0.6) / M,
    });
  });

  it('responses, streamed, with reasoning', async () => {
    provider.answer = () => ({ fixture: 'openai/responses-stream.sse', contentType: 'text/event-stream' });
    const events = await collect(await client.responses.create({ model: 'gpt-5', input: 'Think', stream: true }));
    expect(events.at(-1)?.type).to.equal('response.completed');
    // 36 input tokens: 12 cached, 8 written to the cache (which OpenAI bills as input).
    expectRecord(await bench.record(), {
      input_tokens: 36, cached_tokens: 12, cache_write_tokens: 8, output_tokens: 87, reasoning_tokens: 64, cost: (24 * 1.25 + 12 * 0.125 + 87 * 10) / M,
    });
  });

  it('completions', async () => {
    provider.answer = (_path, { stream }) => (stream === true
      ? { fixture: 'openai/completion-stream.sse', contentType: 'text/event-stream' }
      : { json: { id: 'cmpl-1', object: 'text_completion', model: 'gpt-3.5-turbo-instruct', choices: [{ text: 'x', index: 0, finish_reason: 'length' }], usage: { prompt_tokens: 5, completion_tokens: 16, total_tokens: 21 } } });
    const cost = (5 * 1.5 + 16 * 2) / M;
    await client.completions.create({ model: 'gpt-3.5-turbo-instruct', prompt: 'x' });
    expectRecord(await bench.record(), { path: '/v1/completions', input_tokens: 5, output_tokens: 16, finish_reason: 'length', cost });
    await collect(await client.completions.create({ model: 'gpt-3.5-turbo-instruct', prompt: 'x', stream: true }));
    expectRecord(await bench.record(), { stream: true, input_tokens: 5, output_tokens: 16, cost });
  });

  it('embeddings', async () => {
    provider.answer = () => ({ json: { object: 'list', model: 'text-embedding-3-small', data: [{ object: 'embedding', index: 0, embedding: [0.1, -0.2] }], usage: { prompt_tokens: 8, total_tokens: 8 } } });
    const { data } = await client.embeddings.create({ model: 'text-embedding-3-small', input: 'words', encoding_format: 'float' });
    expect(data[0]?.embedding).to.deep.equal([0.1, -0.2]);
    const record = await bench.record();
    expectRecord(record, { path: '/v1/embeddings', input_tokens: 8, total_tokens: 8, cost: 8 * 0.02 / M });
    expect(record).to.not.have.property('output_tokens');
  });

  it('images: generation, streamed generation, edit', async () => {
    const usage = { input_tokens: 50, output_tokens: 4160, total_tokens: 4210, input_tokens_details: { text_tokens: 30, image_tokens: 20 } };
    provider.answer = (_path, { stream }) => (stream === true
      ? { fixture: 'openai/image-stream.sse', contentType: 'text/event-stream' } : { json: { created: 1, data: [{ b64_json: 'AA==' }], usage } });
    await client.images.generate({ model: 'gpt-image-1', prompt: 'a cat' });
    expectRecord(await bench.record(), { path: '/v1/images/generations', model: 'gpt-image-1', input_tokens: 50, output_tokens: 4160, cost: (30 * 5 + 20 * 10 + 4160 * 40) / M });
    await collect(await client.images.generate({ model: 'gpt-image-1', prompt: 'a cat', stream: true }));
    expectRecord(await bench.record(), { stream: true, input_tokens: 50, output_tokens: 4160, cost: (50 * 5 + 4160 * 40) / M });
    await client.images.edit({ model: 'gpt-image-1', prompt: 'a hat', image: await toFile(Buffer.from('png'), 'cat.png', { type: 'image/png' }) });
    expectRecord(await bench.record(), { path: '/v1/images/edits', model: 'gpt-image-1', input_tokens: 50, cost: (30 * 5 + 20 * 10 + 4160 * 40) / M });
  });

  it('audio: transcription, streamed transcription, speech', async () => {
    provider.answer = (path) => (path.endsWith('/speech') ? { fixture: 'openai/chat-stream.sse', contentType: 'audio/mpeg' }
      : { json: { text: 'Hello', usage: { type: 'tokens', input_tokens: 14, input_token_details: { text_tokens: 0, audio_tokens: 14 }, output_tokens: 45, total_tokens: 59 } } });
    const file = await toFile(Buffer.from('RIFF'), 'speech.wav', { type: 'audio/wav' });
    await client.audio.transcriptions.create({ model: 'gpt-4o-transcribe', file });
    expectRecord(await bench.record(), { path: '/v1/audio/transcriptions', model: 'gpt-4o-transcribe', input_tokens: 14, output_tokens: 45, cost: (14 * 6 + 45 * 10) / M });

    provider.answer = () => ({ fixture: 'openai/transcription-stream.sse', contentType: 'text/event-stream' });
    const events = await collect(await client.audio.transcriptions.create({ model: 'gpt-4o-transcribe', file, stream: true }));
    expect(events.at(-1)?.type).to.equal('transcript.text.done');
    expectRecord(await bench.record(), { model: 'gpt-4o-transcribe', input_tokens: 14, output_tokens: 5, cost: (14 * 6 + 5 * 10) / M });

    provider.answer = () => ({ fixture: 'bedrock/converse-stream.bin', contentType: 'audio/mpeg' });
    const speech = await client.audio.speech.create({ model: 'gpt-4o-mini-tts', voice: 'alloy', input: 'Hello' });
    expect((await speech.arrayBuffer()).byteLength).to.be.above(500);
    expectRecord(await bench.record(), { path: '/v1/audio/speech', model: 'gpt-4o-mini-tts', status_code: 200, cost: undefined });
  });

  it('files, batches, models, moderations: nothing that is billed again', async () => {
    provider.answer = (path) => ({ json: path.startsWith('/v1/batches') ? { id: 'batch_1', object: 'batch', model: 'gpt-5', usage: { input_tokens: 5, output_tokens: 5, total_tokens: 10 } }
      : path.startsWith('/v1/models') ? { object: 'list', data: [] }
        : path.startsWith('/v1/moderations') ? { id: 'm', model: 'omni-moderation-latest', results: [] } : { id: 'file-1', object: 'file', bytes: 3, purpose: 'batch' } });
    const file = await client.files.create({ purpose: 'batch', file: await toFile(Buffer.from('{}\n'), 'batch.jsonl') });
    expect(file.id).to.equal('file-1');
    expect(provider.requests.at(-1)?.body.toString()).to.include('batch.jsonl');
    expectRecord(await bench.record(), { path: '/v1/files', method: 'POST', status_code: 200, cost: undefined });
    await client.batches.create({ input_file_id: 'file-1', endpoint: '/v1/chat/completions', completion_window: '24h' });
    expectRecord(await bench.record(), { path: '/v1/batches', cost: undefined });
    await client.models.list();
    expectRecord(await bench.record(), { path: '/v1/models', method: 'GET', cost: undefined });
    await client.moderations.create({ input: 'x' });
    expectRecord(await bench.record(), { path: '/v1/moderations', response_model: 'omni-moderation-latest', cost: undefined });
  });

  it('raises the provider\'s errors as its own', async () => {
    provider.answer = () => ({ status: 429, json: { error: { message: 'slow down', type: 'tokens', param: null, code: 'rate_limit_exceeded' } } });
    const raised = await client.chat.completions.create({ model: 'gpt-4o-mini', messages }).catch((error: unknown) => error);
    expect(raised).to.be.instanceOf(OpenAI.RateLimitError);
    expectRecord(await bench.record(), { status_code: 429, provider_status_code: 429, provider_error_type: 'rate_limit_exceeded', provider_error_count: 1, error_count: 1, cost: undefined });
  });

  it('raises at an error within a stream', async () => {
    provider.answer = () => ({ fixture: 'openai/chat-error-stream.sse', contentType: 'text/event-stream' });
    const raised = await collect(await client.chat.completions.create({ model: 'gpt-4o-mini', messages, stream: true })).catch((error: unknown) => error);
    expect(raised).to.be.instanceOf(OpenAI.APIError);
    expectRecord(await bench.record(), { status_code: 200, provider_error_type: 'server_error', provider_error_count: 1, cost: undefined });
  });

  it('speaks to Azure by deployment, and the model that answered has the price', async () => {
    const azure = new AzureOpenAI({ apiKey: 'azure-key', endpoint: bench.url, apiVersion: '2024-10-21', deployment: 'prod', maxRetries: 0 });
    const usage = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 };
    provider.answer = (_path, { stream }) => (stream === true ? { fixture: 'azure-openai/chat-stream.sse', contentType: 'text/event-stream' }
      : { json: { id: 'c', object: 'chat.completion', model: 'gpt-4.1-2025-04-14', choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }], usage } });
    const cost = (9 * 2 + 3 * 8) / M;
    await azure.chat.completions.create({ model: 'prod', messages });
    expectRecord(await bench.record(), { provider: 'azure-openai', model: 'prod', response_model: 'gpt-4.1-2025-04-14', path: '/openai/deployments/prod/chat/completions', input_tokens: 9, output_tokens: 3, cost });
    expect(provider.requests.at(-1)?.request.headers).to.include({ 'api-key': 'azure-key' });
    await collect(await azure.chat.completions.create({ model: 'prod', messages, stream: true }));
    expectRecord(await bench.record(), { provider: 'azure-openai', stream: true, input_tokens: 9, output_tokens: 3, cost });
  });
});
