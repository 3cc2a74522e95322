import { expect } from 'chai';
import type { Observation } from '../../../src/domain/dialect.js';
import { dialectAt, observe } from './stream-fixtures.js';

interface Case {
  readonly name: string;
  readonly provider: string;
  readonly path: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly expected: Partial<Observation>;
}

const chat = '/v1/chat/completions';
const usage = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 };
const counted = { inputTokens: 3, outputTokens: 4, totalTokens: 7 };

const ANSWERS: readonly Case[] = [
  { name: 'chat', provider: 'openai', path: chat, body: { model: 'gpt-4o', service_tier: 'default', error: null, choices: [{ finish_reason: 'length' }], usage },
    expected: { responseModel: 'gpt-4o', finishReason: 'length', usage: { ...counted, serviceTier: 'default' } } },
  { name: 'chat without usage', provider: 'vllm', path: chat, body: { model: 'x', choices: [], usage: null }, expected: { responseModel: 'x' } },
  { name: 'a stored chat completion, read again, counts nothing', provider: 'openai', path: `${chat}/chatcmpl-1`, body: { model: 'gpt-4o', usage }, expected: {} },
  { name: 'responses', provider: 'openai', path: '/v1/responses', body: { model: 'gpt-5', status: 'completed', error: null, usage: { input_tokens: 3, output_tokens: 4, total_tokens: 7 } },
    expected: { responseModel: 'gpt-5', finishReason: 'completed', usage: counted } },
  { name: 'a failed response under 200', provider: 'openai', path: '/v1/responses', body: { model: 'gpt-5', status: 'failed', error: { code: 'rate_limit_exceeded', message: 'x' } },
    expected: { failed: true, responseModel: 'gpt-5', finishReason: 'failed', providerErrorType: 'rate_limit_exceeded' } },
  { name: 'a queued response has not finished', provider: 'openai', path: '/v1/responses', body: { model: 'gpt-5', status: 'queued', usage: null }, expected: { responseModel: 'gpt-5' } },
  { name: 'a stored response, read again, counts nothing', provider: 'openai', path: '/v1/responses/resp_1', body: { model: 'gpt-5', status: 'completed', usage: { input_tokens: 3, output_tokens: 4 } }, expected: {} },
  { name: 'a batch counts nothing', provider: 'openai', path: '/v1/batches/b_1', body: { object: 'batch', error: { code: 'x' }, usage: { input_tokens: 3, output_tokens: 4 } }, expected: {} },
  { name: 'images', provider: 'openai', path: '/v1/images/generations', body: { data: [{ b64_json: 'AA==' }], usage: { input_tokens: 3, output_tokens: 4, total_tokens: 7, input_tokens_details: { image_tokens: 1, text_tokens: 2 } } }, expected: { usage: { ...counted, inputImageTokens: 1, outputImageTokens: 4 } } },
  { name: 'transcription billed by the second', provider: 'openai', path: '/v1/audio/transcriptions', body: { text: 'x', usage: { type: 'duration', seconds: 3 } }, expected: {} },
  { name: 'moderation', provider: 'openai', path: '/v1/moderations', body: { model: 'omni-moderation-latest', results: [] }, expected: { responseModel: 'omni-moderation-latest' } },
  { name: 'rerank', provider: 'together', path: '/v1/rerank', body: { object: 'rerank', model: 'Salesforce/Llama-Rank-v1', results: [{ index: 0, relevance_score: 0.9 }], usage }, expected: { responseModel: 'Salesforce/Llama-Rank-v1', usage: counted } },
  { name: 'messages', provider: 'anthropic', path: '/v1/messages', body: { type: 'message', model: 'claude', stop_reason: 'max_tokens', usage: { input_tokens: 1, cache_read_input_tokens: 2, output_tokens: 4 } },
    expected: { responseModel: 'claude', finishReason: 'max_tokens', usage: { ...counted, cachedTokens: 2 } } },
  { name: 'counting tokens is no usage', provider: 'anthropic', path: '/v1/messages/count_tokens', body: { input_tokens: 9 }, expected: {} },
  { name: 'Anthropic on another provider', provider: 'openrouter', path: '/api/v1/messages', body: { type: 'message', model: 'claude', stop_reason: 'end_turn', usage: { input_tokens: 3, output_tokens: 4 } },
    expected: { responseModel: 'claude', finishReason: 'end_turn', usage: counted } },
  { name: 'gemini', provider: 'gemini', path: '/v1beta/models/g:generateContent', body: { modelVersion: 'g-1', candidates: [{ finishReason: 'STOP' }], usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 4, totalTokenCount: 7 } },
    expected: { responseModel: 'g-1', finishReason: 'STOP', usage: counted } },
  { name: 'a blocked prompt', provider: 'gemini', path: '/v1beta/models/g:generateContent', body: { promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: { promptTokenCount: 3, totalTokenCount: 3 } },
    expected: { finishReason: 'SAFETY', usage: { inputTokens: 3, outputTokens: 0, totalTokens: 3 } } },
  { name: 'gemini\'s OpenAI-compatible path', provider: 'gemini', path: '/v1beta/openai/chat/completions', body: { model: 'g', choices: [{ finish_reason: 'stop' }], usage },
    expected: { responseModel: 'g', finishReason: 'stop', usage: counted } },
  { name: 'an interaction', provider: 'gemini', path: '/v1beta/interactions', body: { id: 'i', model: 'g', status: 'completed', usage: { total_input_tokens: 3, total_output_tokens: 1, total_thought_tokens: 3, total_tokens: 7 } },
    expected: { responseModel: 'g', finishReason: 'completed', usage: { ...counted, reasoningTokens: 3 } } },
  { name: 'an interaction whose output holds the thoughts', provider: 'gemini', path: '/v1beta/interactions', body: { status: 'completed', usage: { total_input_tokens: 3, total_output_tokens: 4, total_thought_tokens: 3, total_tokens: 7 } },
    expected: { finishReason: 'completed', usage: { ...counted, reasoningTokens: 3 } } },
  { name: 'a failed interaction under 200', provider: 'gemini', path: '/v1beta/interactions', body: { status: 'failed', errors: [{ code: 'INTERNAL', message: 'x' }] }, expected: { failed: true, finishReason: 'failed', providerErrorType: 'INTERNAL' } },
  { name: 'an interaction, read again, counts nothing', provider: 'gemini', path: '/v1beta/interactions/int_1', body: { status: 'completed', usage: { total_input_tokens: 3, total_output_tokens: 4 } }, expected: {} },
  { name: 'a cached content is no usage of a call', provider: 'gemini', path: '/v1beta/cachedContents/c', body: { usageMetadata: { totalTokenCount: 9 } }, expected: {} },
  { name: 'Anthropic on Vertex AI', provider: 'vertex', path: '/v1/projects/p/locations/l/publishers/anthropic/models/c:rawPredict', body: { type: 'message', model: 'claude', stop_reason: 'end_turn', usage: { input_tokens: 3, output_tokens: 4 } },
    expected: { responseModel: 'claude', finishReason: 'end_turn', usage: counted } },
  { name: 'Mistral on Vertex AI', provider: 'vertex', path: '/v1/projects/p/locations/l/publishers/mistralai/models/m:rawPredict', body: { model: 'm', choices: [{ finish_reason: 'stop' }], usage },
    expected: { responseModel: 'm', finishReason: 'stop', usage: counted } },
  { name: 'cohere chat', provider: 'cohere', path: '/v2/chat', body: { finish_reason: 'COMPLETE', usage: { billed_units: { input_tokens: 3, output_tokens: 4 } } }, expected: { finishReason: 'COMPLETE', usage: counted } },
  { name: 'cohere embed', provider: 'cohere', path: '/v2/embed', body: { embeddings: {}, meta: { billed_units: { input_tokens: 3 } } }, expected: { usage: { inputTokens: 3 } } },
  { name: 'converse', provider: 'bedrock', path: '/model/m/converse', body: { stopReason: 'end_turn', usage: { inputTokens: 3, outputTokens: 4, totalTokens: 7 } }, expected: { finishReason: 'end_turn', usage: counted } },
  { name: 'invoke: counts from headers', provider: 'bedrock', path: '/model/m/invoke', headers: { 'x-amzn-bedrock-input-token-count': '3', 'x-amzn-bedrock-output-token-count': '4' }, body: { generation: 'x', stop_reason: 'stop' },
    expected: { finishReason: 'stop', usage: { ...counted } } },
  { name: 'invoke: the body\'s cache over the headers', provider: 'bedrock', path: '/model/m/invoke', headers: { 'x-amzn-bedrock-input-token-count': '1', 'x-amzn-bedrock-output-token-count': '4' },
    body: { type: 'message', model: 'claude', stop_reason: 'end_turn', usage: { input_tokens: 1, cache_creation_input_tokens: 2, output_tokens: 4 } },
    expected: { responseModel: 'claude', finishReason: 'end_turn', usage: { ...counted, cacheWriteTokens: 2 } } },
  { name: 'invoke: header counts that are none', provider: 'bedrock', path: '/model/m/invoke', headers: { 'x-amzn-bedrock-input-token-count': '-1', 'x-amzn-bedrock-output-token-count': 'many' }, body: {}, expected: {} },
  { name: 'ollama', provider: 'ollama', path: '/api/generate', body: { model: 'l', response: 'x', done: true, done_reason: 'stop', prompt_eval_count: 3, eval_count: 4 }, expected: { responseModel: 'l', finishReason: 'stop', usage: counted } },
];

const ERRORS: readonly Case[] = [
  { name: 'code before type', provider: 'openai', path: chat, status: 401, body: { error: { message: 'x', type: 'invalid_request_error', param: null, code: 'invalid_api_key' } }, expected: { providerErrorType: 'invalid_api_key' } },
  { name: 'type where there is no code', provider: 'openai', path: chat, status: 400, body: { error: { type: 'invalid_request_error', code: null } }, expected: { providerErrorType: 'invalid_request_error' } },
  { name: 'an error body under 200', provider: 'together', path: chat, status: 200, body: { error: { type: 'server_error', code: '' } }, expected: { providerErrorType: 'server_error' } },
  { name: 'types that are no strings', provider: 'openai', path: chat, status: 400, body: { error: { type: ['x'], code: { a: 1 } } }, expected: {} },
  { name: 'stored objects', provider: 'openai', path: '/v1/files/f', status: 404, body: { error: { code: 'not_found' } }, expected: { providerErrorType: 'not_found' } },
  { name: 'Azure', provider: 'azure-openai', path: '/openai/deployments/d/chat/completions', status: 404, body: { error: { code: 'DeploymentNotFound', message: 'x' } }, expected: { providerErrorType: 'DeploymentNotFound' } },
  { name: 'Mistral', provider: 'mistral', path: chat, status: 400, body: { object: 'error', message: 'x', type: 'invalid_model', param: null, code: '1500' }, expected: { providerErrorType: '1500' } },
  { name: 'refused by validation', provider: 'mistral', path: chat, status: 422, body: { detail: [{ loc: ['body'], msg: 'x', type: 'missing' }] }, expected: { providerErrorType: 'missing' } },
  { name: 'Together, flat', provider: 'together', path: chat, status: 429, body: { model: 'm', error: 'slow down', type: 'rate_limit' }, expected: { providerErrorType: 'rate_limit', responseModel: 'm' } },
  { name: 'xAI', provider: 'xai', path: chat, status: 400, body: { code: 'invalid-argument', error: 'Model not found' }, expected: { providerErrorType: 'invalid-argument' } },
  { name: 'OpenRouter', provider: 'openrouter', path: chat, status: 402, body: { error: { code: 402, message: 'x' } }, expected: { providerErrorType: '402' } },
  { name: 'Anthropic', provider: 'anthropic', path: '/v1/messages', status: 529, body: { type: 'error', error: { type: 'overloaded_error', message: 'x' } }, expected: { providerErrorType: 'overloaded_error' } },
  { name: 'Anthropic under 200', provider: 'anthropic', path: '/v1/messages', status: 200, body: { type: 'error', error: { type: 'api_error' } }, expected: { providerErrorType: 'api_error' } },
  { name: 'Anthropic, batches', provider: 'anthropic', path: '/v1/messages/batches', status: 400, body: { type: 'error', error: { type: 'invalid_request_error' } }, expected: { providerErrorType: 'invalid_request_error' } },
  { name: 'Gemini', provider: 'gemini', path: '/v1beta/models/g:generateContent', status: 429, body: { error: { code: 429, message: 'x', status: 'RESOURCE_EXHAUSTED' } }, expected: { providerErrorType: 'RESOURCE_EXHAUSTED' } },
  { name: 'Gemini, interactions', provider: 'gemini', path: '/v1beta/interactions', status: 400, body: { error: { code: 400, message: 'x', status: 'INVALID_ARGUMENT' } }, expected: { providerErrorType: 'INVALID_ARGUMENT' } },
  { name: 'Gemini, other paths', provider: 'gemini', path: '/v1beta/files/f', status: 403, body: { error: { code: 403, status: 'PERMISSION_DENIED' } }, expected: { providerErrorType: 'PERMISSION_DENIED' } },
  { name: 'Vertex AI, Anthropic\'s path', provider: 'vertex', path: '/v1/projects/p/locations/l/publishers/anthropic/models/c:rawPredict', status: 403, body: { error: { code: 403, status: 'PERMISSION_DENIED' } }, expected: { providerErrorType: 'PERMISSION_DENIED' } },
  { name: 'Cohere, by its class', provider: 'cohere', path: '/v2/chat', status: 429, body: { message: 'trial key', id: 'x' }, expected: { providerErrorType: 'TooManyRequestsError' } },
  { name: 'Bedrock, by its header', provider: 'bedrock', path: '/model/m/converse', status: 429, headers: { 'x-amzn-errortype': 'ThrottlingException:http://internal.amazon.com/' }, body: { message: 'x' }, expected: { providerErrorType: 'ThrottlingException' } },
  { name: 'Bedrock, by its body', provider: 'bedrock', path: '/model/m/invoke', status: 400, body: { __type: 'com.amazon#ValidationException', message: 'x' }, expected: { providerErrorType: 'ValidationException' } },
  { name: 'Ollama, which has no types', provider: 'ollama', path: '/api/chat', status: 404, body: { error: 'model not found' }, expected: {} },
];

async function read({ provider, path, status = 200, headers = {}, body }: Case): Promise<Observation> {
  return observe(dialectAt(provider, path), [Buffer.from(JSON.stringify(body))], {
    contentType: 'application/json', status, header: (name) => headers[name],
  });
}

describe('JSON answers', () => {
  for (const answer of ANSWERS) {
    it(`${answer.provider}: ${answer.name}`, async () => {
      const observation = await read(answer);
      delete (observation as { complete?: boolean }).complete;
      expect(observation).to.deep.equal({ failed: false, hasToken: false, ...answer.expected });
    });
    it(`${answer.provider}: ${answer.name}, with a long text in it`, async () => {
      const text = '"usage": {"prompt_tokens": 9}\n\u{1f30d}'.repeat(2_000);
      const { complete, ...observation } = await read({ ...answer, body: { long_text: text, ...answer.body as object, and_more: [{ text }] } });
      expect(complete).to.be.a('boolean');
      expect(observation).to.deep.equal({ failed: false, hasToken: false, ...answer.expected });
    });
  }
});

describe('JSON answers of a great many small members', () => {
  it('are not read to their end, but for the usage that stands there', async () => {
    const body = Buffer.from(`{"model":"early",${'"":1,'.repeat(5_000_000)}"usage":${JSON.stringify(usage)}}`);
    const observation = await observe(dialectAt('openai', chat), [body], { contentType: 'application/json', status: 200, header: () => undefined });
    expect(observation).to.deep.include({ responseModel: 'early', failed: false });
    expect(observation.usage).to.deep.include(counted);
  });
});

describe('error answers', () => {
  for (const [provider, path, more] of [['openai', chat, {}], ['openai', '/v1/responses', {}], ['cohere', '/v2/chat', { finish_reason: 'COMPLETE' }], ['ollama', '/api/chat', {}]] as const) {
    it(`${provider}: ${path}, an error that is one long text is one all the same, under 200 too`, async () => {
      const observation = await read({ name: '', provider, path, body: { ...more, error: 'x'.repeat(20_000) }, expected: {} });
      expect(observation.failed).to.equal(true);
    });
  }
  for (const answer of ERRORS) {
    it(`${answer.provider}: ${answer.name}`, async () => {
      const { complete, hasToken, ...observation } = await read(answer);
      expect(hasToken).to.equal(false);
      expect(complete).to.be.a('boolean');
      expect(observation).to.deep.equal({ failed: true, ...answer.expected });
    });
  }
});
