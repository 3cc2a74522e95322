import type { LLMock } from '@copilotkit/aimock';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import { expectRecord, M, startAimock, startSdkBench, type RecordedCall, type SdkBench } from './sdk-bench.js';

/** What aimock plays beside chat: paths of our providers whose answers have tokens, or none. */
interface Case {
  readonly name: string;
  readonly path: string;
  /** A JSON body, or the fields of a form; GET without one. */
  readonly body?: object | FormData;
  /** Part of the answer, as it must reach the client. */
  readonly answer: string | Buffer;
  readonly expected: { readonly cost: number | undefined } & RecordedCall;
}

const AUDIO = Buffer.from([0, 1, 2, 253, 254, 255]);

function form(fields: Readonly<Record<string, string>>, file: string, name = 'file'): FormData {
  const data = new FormData();
  for (const [field, value] of Object.entries(fields)) data.set(field, value);
  data.set(name, new Blob(['bytes']), file);
  return data;
}

const stored = { provider: 'openai', status_code: 200, cost: undefined };
const CASES: readonly Case[] = [
  { name: 'OpenAI embeddings', path: '/v1/embeddings', body: { model: 'text-embedding-3-small', input: 'words' }, answer: '"embedding":[0.1,-0.2]',
    expected: { provider: 'openai', model: 'text-embedding-3-small', input_tokens: 0, total_tokens: 0, cost: 0 } },
  { name: 'Azure embeddings', path: '/openai/deployments/emb/embeddings?api-version=2024-10-21', body: { input: 'words' }, answer: '"embedding":[0.1,-0.2]',
    expected: { provider: 'azure-openai', model: 'emb', response_model: 'emb', input_tokens: 0, cost: undefined } },
  { name: 'OpenAI moderation', path: '/v1/moderations', body: { model: 'omni-moderation-latest', input: 'x' }, answer: '"flagged":false',
    expected: { provider: 'openai', model: 'omni-moderation-latest', response_model: 'omni-moderation-latest', cost: undefined } },
  { name: 'OpenAI images', path: '/v1/images/generations', body: { model: 'gpt-image-1', prompt: 'a cat' }, answer: '"b64_json":"AA=="',
    expected: { provider: 'openai', model: 'gpt-image-1', stream: false, cost: undefined } },
  { name: 'OpenAI image edits', path: '/v1/images/edits', body: form({ model: 'gpt-image-1', prompt: 'a hat' }, 'cat.png', 'image'), answer: '"b64_json":"AA=="',
    expected: { provider: 'openai', model: 'gpt-image-1', cost: undefined } },
  { name: 'OpenAI speech', path: '/v1/audio/speech', body: { model: 'tts-1', voice: 'alloy', input: 'Hello' }, answer: AUDIO,
    expected: { provider: 'openai', model: 'tts-1', response_size: AUDIO.length, cost: undefined } },
  { name: 'OpenAI transcription', path: '/v1/audio/transcriptions', body: form({ model: 'whisper-1' }, 'speech.wav'), answer: '"text":"Hello"',
    expected: { provider: 'openai', model: 'whisper-1', cost: undefined } },
  { name: 'OpenAI translation', path: '/v1/audio/translations', body: form({ model: 'whisper-1' }, 'speech.wav'), answer: '"text":"Hello"',
    expected: { provider: 'openai', model: 'whisper-1', cost: undefined } },
  { name: 'OpenAI files, uploaded', path: '/v1/files', body: form({ purpose: 'batch' }, 'batch.jsonl'), answer: '"filename":"batch.jsonl"', expected: { ...stored, method: 'POST' } },
  { name: 'OpenAI files', path: '/v1/files', answer: '"object":"list"', expected: stored },
  { name: 'OpenAI batches', path: '/v1/batches', answer: '"object":"list"', expected: stored },
  { name: 'OpenAI models', path: '/v1/models', answer: '"object":"list"', expected: stored },
  { name: 'OpenAI fine-tuning', path: '/v1/fine_tuning/jobs', answer: '"object":"list"', expected: stored },
  { name: 'Cohere embed', path: '/cohere/v2/embed', body: { model: 'embed-v4.0', texts: ['words'], embedding_types: ['float'] }, answer: '"float":[[0.1,-0.2]]',
    expected: { provider: 'cohere', model: 'embed-v4.0', cost: undefined } },
  { name: 'Cohere rerank', path: '/cohere/v2/rerank', body: { model: 'rerank-v3.5', query: 'x', documents: ['words'] }, answer: '"search_units":0',
    expected: { provider: 'cohere', model: 'rerank-v3.5', cost: undefined } },
  { name: 'Ollama embed', path: '/ollama/api/embed', body: { model: 'llama3.2', input: 'words' }, answer: '[0.1,-0.2]',
    expected: { provider: 'ollama', model: 'llama3.2', response_model: 'llama3.2', stream: false, cost: undefined } },
  { name: 'Ollama tags', path: '/ollama/api/tags', answer: '"models":[', expected: { provider: 'ollama', method: 'GET', cost: undefined } },
  { name: 'Gemini embeddings', path: '/v1beta/models/gemini-embedding-001:embedContent', body: { content: { parts: [{ text: 'words' }] } }, answer: '"values":[0.1,-0.2]',
    expected: { provider: 'gemini', model: 'gemini-embedding-001', cost: undefined } },
  { name: 'Gemini images', path: '/v1beta/models/imagen-4:predict', body: { instances: [{ prompt: 'a cat' }] }, answer: '"bytesBase64Encoded":"AA=="',
    expected: { provider: 'gemini', model: 'imagen-4', cost: undefined } },
];

const LIVE = '/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent';
/** What the client says, each after the answer that it waits for. */
const SOCKETS: readonly { readonly name: string; readonly path: string; readonly steps: readonly (readonly [awaited: string, said: object])[]; readonly last: string; readonly expected: Case['expected'] }[] = [
  { name: 'OpenAI realtime', path: '/v1/realtime?model=gpt-realtime', last: '"type":"response.done"',
    steps: [
      ['"type":"session.created"', { type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Say hello' }] } }],
      ['"type":"conversation.item.', { type: 'response.create' }],
    ],
    expected: { provider: 'openai', model: 'gpt-realtime', path: '/v1/realtime', input_tokens: 0, output_tokens: 0, cost: 0 } },
  { name: 'OpenAI responses over WebSocket', path: '/v1/responses', last: '"type":"response.completed"',
    steps: [['', { type: 'response.create', model: 'gpt-4o-mini', input: [{ role: 'user', content: 'Say hello' }] }]],
    expected: { provider: 'openai', response_model: 'gpt-4o-mini', path: '/v1/responses', input_tokens: 19, output_tokens: 10, cost: (19 * 0.15 + 10 * 0.6) / M } },
  { name: 'Gemini Live', path: `${LIVE}?key=client-key`, last: '"turnComplete":true',
    steps: [
      ['', { setup: { model: 'models/gemini-2.0-flash-live' } }],
      ['"setupComplete"', { clientContent: { turns: [{ role: 'user', parts: [{ text: 'Say hello' }] }], turnComplete: true } }],
    ],
    expected: { provider: 'gemini', path: LIVE, cost: undefined } },
];

describe('aimock\'s other interfaces', () => {
  let mock: LLMock;
  let bench: SdkBench;
  before(async () => {
    mock = await startAimock((fresh) => fresh.onEmbedding(/./, { embedding: [0.1, -0.2] }).onImage(/./, { image: { b64Json: 'AA==' } })
      .onSpeech(/./, { audio: AUDIO.toString('base64') }).onTranscription({ transcription: { text: 'Hello' } }).onTranslation({ transcription: { text: 'Hello' } }));
    bench = await startSdkBench(mock.url);
  });
  after(async () => {
    await bench.close();
    await mock.stop();
  });

  for (const { name, path, body, answer, expected } of CASES) {
    it(name, async () => {
      const init = body === undefined ? {} : body instanceof FormData ? { method: 'POST', body }
        : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
      const response = await fetch(bench.url + path, init);
      const bytes = Buffer.from(await response.arrayBuffer());
      expect(response.status, bytes.toString()).to.equal(200);
      if (typeof answer === 'string') expect(bytes.toString()).to.include(answer);
      else expect(bytes.equals(answer)).to.equal(true);
      expectRecord(await bench.record(), { provider_error_count: 0, end_reason: 'complete', ...expected });
    });
  }

  for (const { name, path, steps, last, expected } of SOCKETS) {
    it(`${name}: one record of the session`, async () => {
      const socket = new WebSocket(`${bench.url.replace('http', 'ws')}${path}`, { headers: { authorization: 'Bearer client-key' } });
      const closed = new Promise<void>((resolve, reject) => { socket.on('close', () => { resolve(); }).on('error', reject); });
      const left = [...steps];
      const goOn = (text: string): void => {
        const [next] = left;
        if (next !== undefined && text.includes(next[0])) {
          left.shift();
          socket.send(JSON.stringify(next[1]));
        } else if (next === undefined && text.includes(last)) {
          socket.close();
        }
      };
      socket.on('message', (data) => { goOn((data as Buffer).toString()); });
      socket.on('open', () => { if (left[0]?.[0] === '') goOn(''); });
      await closed;
      expectRecord(await bench.record(), { status_code: 101, stream: true, end_reason: 'complete', error_count: 0, ...expected });
    });
  }
});
