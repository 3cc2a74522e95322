import { expect } from 'chai';
import type { Dialect, Observation } from '../../../src/domain/dialect.js';
import { dialectAt, fixtureBytes, observe } from './stream-fixtures.js';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The same value with its keys in alphabetical order: `response` and `message` come before `type`. */
function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key] as Json)]));
}

/** Another order: what is nested comes first, and a nested `type` before the event's own. */
function nestedFirst(value: Json): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value);
  return Object.fromEntries([...entries.filter(([, one]) => typeof one === 'object'), ...entries.filter(([, one]) => typeof one !== 'object')]);
}

/** A recorded stream whose events are framed anew. */
function reframed(file: string, frame: (type: string, data: Json) => string): Buffer {
  const events = fixtureBytes(file).toString('utf8').replaceAll('\r\n', '\n').split('\n\n').filter((event) => event.includes('data: '));
  return Buffer.from(events.map((event) => {
    if (event.includes('[DONE]')) return `${event}\n\n`;
    const data = JSON.parse(event.slice(event.indexOf('data: ') + 6)) as { type?: string };
    return frame(/^event: (.*)$/m.exec(event)?.[1] ?? data.type ?? '', data);
  }).join(''));
}

const FRAMINGS: readonly [string, (type: string, data: Json) => string][] = [
  ['without event lines', (_type, data) => `data: ${JSON.stringify(data)}\n\n`],
  ['without event lines, keys sorted', (_type, data) => `data: ${JSON.stringify(sorted(data))}\n\n`],
  ['without event lines, nested objects first', (_type, data) => `data: ${JSON.stringify(nestedFirst(data))}\n\n`],
  ['without event lines, white space everywhere', (_type, data) => `${JSON.stringify(sorted(data), null, 1).replaceAll(/^/gm, 'data: ')}\n\n`],
  ['with the type behind 2,000 bytes', (_type, data) => `data: ${JSON.stringify({ a: 'x'.repeat(2_000), ...(sorted(data) as object) })}\n\n`],
  ['with event: message everywhere', (_type, data) => `event: message\ndata: ${JSON.stringify(sorted(data))}\n\n`],
  ['with event lines, keys sorted', (type, data) => `event: ${type}\ndata: ${JSON.stringify(sorted(data))}\n\n`],
];

describe('the type of an event', () => {
  for (const [file, provider, path] of [
    ['openai/responses-stream.sse', 'openai', '/v1/responses'],
    ['openai/responses-failed-stream.sse', 'openai', '/v1/responses'],
    ['anthropic/messages-stream.sse', 'anthropic', '/v1/messages'],
    ['anthropic/messages-error-stream.sse', 'anthropic', '/v1/messages'],
    ['cohere/chat-stream.sse', 'cohere', '/v2/chat'],
    ['gemini/interaction-stream.sse', 'gemini', '/v1beta/interactions'],
    ['openai/transcription-stream.sse', 'openai', '/v1/audio/transcriptions'],
    ['openai/image-stream.sse', 'openai', '/v1/images/generations'],
  ] as const) {
    for (const [what, frame] of FRAMINGS) {
      it(`is found in ${file} ${what}`, async () => {
        const dialect = dialectAt(provider, path);
        expect(await observe(dialect, [reframed(file, frame)])).to.deep.equal(await observe(dialect, [fixtureBytes(file)]));
      });
    }
  }

  const events = async (dialect: Dialect, ...data: string[]): Promise<Observation> =>
    observe(dialect, [Buffer.from(data.map((one) => `data: ${one}\n\n`).join(''))]);

  it('is not that of what is nested, nor of what a text says', async () => {
    const responses = dialectAt('openai', '/v1/responses');
    expect((await events(responses, '{"item":{"type":"response.completed"},"type":"response.output_item.added"}')).complete).to.equal(false);
    expect((await events(responses, '{"delta":"\\"type\\":\\"response.completed\\"","type":"response.output_text.delta"}'))).to.include({ complete: false, hasToken: true });
    const anthropic = dialectAt('anthropic', '/v1/messages');
    expect((await events(anthropic, '{"content_block":{"type":"message_stop"},"type":"content_block_start"}')).complete).to.equal(false);
  });

  it('of a delta counts as a token only where the delta holds something', async () => {
    const responses = dialectAt('openai', '/v1/responses');
    expect((await events(responses, '{"type":"response.output_text.delta","delta":""}')).hasToken).to.equal(false);
    for (const type of ['output_text', 'reasoning_summary_text', 'function_call_arguments', 'output_audio']) {
      expect((await events(responses, `{"type":"response.${type}.delta","delta":"x"}`)).hasToken, type).to.equal(true);
    }
    const chat = dialectAt('openai', '/v1/chat/completions');
    for (const [delta, token] of [
      ['{"role":"assistant","content":""}', false], ['{"audio":{"id":"a"}}', false], ['{"tool_calls":[{"function":{"name":"f","arguments":""}}]}', false],
      ['{"audio":{"data":"AAAA"}}', true], ['{"tool_calls":[{"function":{"arguments":"{"}}]}', true], ['{"tool_calls":[{"custom":{"input":"x"}}]}', true], ['{"reasoning":"hm"}', true],
    ] as const) {
      expect((await events(chat, `{"choices":[{"delta":${delta}}]}`)).hasToken, delta).to.equal(token);
    }
  });
});

describe('the name of a provider\'s error', () => {
  const chat = dialectAt('openai', '/v1/chat/completions');
  for (const [what, body, name] of [
    ['LiteLLM, the status as text', { error: { message: 'm', type: 'invalid_request_error', param: null, code: '400' } }, 'invalid_request_error'],
    ['the status as a number', { error: { message: 'm', type: 'throttling_error', code: 429 } }, 'throttling_error'],
    ['vLLM, at the top level', { object: 'error', message: 'm', type: 'BadRequestError', param: null, code: 400 }, 'BadRequestError'],
    ['LiteLLM, without a type', { error: { message: 'm', type: 'None', param: 'None', code: '429' } }, '429'],
    ['a status alone', { error: { message: 'm', code: 502 } }, '502'],
    ['OpenAI', { error: { message: 'm', type: 'invalid_request_error', code: 'model_not_found' } }, 'model_not_found'],
    ['a code that is a number, but not a status', { error: { message: 'm', type: 'quota', code: 1302 } }, '1302'],
  ] as const) {
    it(`is the type where the code only repeats the status: ${what}`, async () => {
      const observation = await observe(chat, [Buffer.from(JSON.stringify(body))], { contentType: 'application/json', status: 400 });
      expect(observation).to.include({ failed: true, providerErrorType: name });
    });
  }
});
