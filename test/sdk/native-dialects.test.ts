import type { LLMock } from '@copilotkit/aimock';
import { expect } from 'chai';
import { expectRecord, M, startAimock, startRecordings, startSdkBench, type RecordedCall, type Recordings, type SdkBench } from './sdk-bench.js';

/** Dialects of aimock whose SDKs are no clients here, called as those SDKs call them. */
interface Case {
  readonly name: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly expected: RecordedCall & { readonly cost: number | undefined };
}

const messages = [{ role: 'user', content: 'Say hello' }];
const contents = [{ role: 'user', parts: [{ text: 'Say hello' }] }];
const vertex = '/v1/projects/p/locations/us-central1/publishers/google/models/gemini-2.5-flash';
const FLASH = (19 * 0.3 + 10 * 2.5) / M;

const CASES: readonly Case[] = [
  { name: 'Ollama chat, JSON', path: '/ollama/api/chat', body: { model: 'llama3.2', messages, stream: false },
    expected: { provider: 'ollama', model: 'llama3.2', stream: false, status_code: 200, cost: undefined } },
  { name: 'Ollama chat, NDJSON unless told otherwise', path: '/ollama/api/chat', body: { model: 'llama3.2', messages },
    expected: { provider: 'ollama', model: 'llama3.2', stream: true, status_code: 200, cost: undefined } },
  { name: 'Ollama generate', path: '/ollama/api/generate', body: { model: 'llama3.2', prompt: 'Say hello', stream: false },
    expected: { provider: 'ollama', model: 'llama3.2', stream: false, cost: undefined } },
  { name: 'Vertex AI, JSON', path: `${vertex}:generateContent`, headers: { authorization: 'Bearer ya29' }, body: { contents },
    expected: { provider: 'vertex', model: 'gemini-2.5-flash', stream: false, input_tokens: 19, output_tokens: 10, cost: FLASH } },
  { name: 'Vertex AI, streamed', path: `${vertex}:streamGenerateContent?alt=sse`, headers: { authorization: 'Bearer ya29' }, body: { contents },
    expected: { provider: 'vertex', model: 'gemini-2.5-flash', stream: true, input_tokens: 19, output_tokens: 10, cost: FLASH } },
  { name: 'Azure OpenAI by deployment', path: '/openai/deployments/gpt-4o-mini/chat/completions?api-version=2024-10-21', headers: { 'api-key': 'k' }, body: { messages },
    expected: { provider: 'azure-openai', model: 'gpt-4o-mini', stream: false, input_tokens: 19, output_tokens: 10, cost: (19 * 0.15 + 10 * 0.6) / M } },
  { name: 'Azure OpenAI by deployment, streamed', path: '/openai/deployments/gpt-4o-mini/chat/completions?api-version=2024-10-21', headers: { 'api-key': 'k' }, body: { messages, stream: true },
    expected: { provider: 'azure-openai', stream: true, input_tokens: 19, output_tokens: 10, cost: (19 * 0.15 + 10 * 0.6) / M } },
];

describe('native dialects', () => {
  let mock: LLMock;
  let bench: SdkBench;
  before(async () => {
    mock = await startAimock();
    bench = await startSdkBench(mock.url);
  });
  after(async () => {
    await bench.close();
    await mock.stop();
  });

  for (const { name, path, headers = {}, body, expected } of CASES) {
    it(name, async () => {
      const response = await fetch(bench.url + path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
      expect(response.status).to.equal(200);
      expect(await response.text()).to.not.equal('');
      expectRecord(await bench.record(), expected);
    });
  }
});

describe('native dialects, recorded shapes', () => {
  let provider: Recordings;
  let bench: SdkBench;
  before(async () => {
    provider = await startRecordings();
    bench = await startSdkBench(provider.url);
  });
  after(async () => {
    await bench.close();
    await provider.close();
  });

  it('Ollama chat: JSON, and NDJSON line by line, with the counts of the last line', async () => {
    const last = { model: 'llama3.2', created_at: '2026-10-01T00:00:00Z', done: true, done_reason: 'stop', total_duration: 5, prompt_eval_count: 26, eval_count: 259 };
    const expected = { provider: 'ollama', model: 'llama3.2', response_model: 'llama3.2', path: '/ollama/api/chat', finish_reason: 'stop', input_tokens: 26, output_tokens: 259, total_tokens: 285, cost: undefined };
    const post = async (body: object): Promise<string> => {
      const response = await fetch(`${bench.url}/ollama/api/chat`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
      expect(provider.requests.at(-1)?.request.url).to.equal('/api/chat');
      return response.text();
    };
    provider.answer = () => ({ json: { ...last, message: { role: 'assistant', content: 'Hi' } } });
    expect(JSON.parse(await post({ model: 'llama3.2', messages, stream: false }))).to.deep.include(last);
    expectRecord(await bench.record(), { ...expected, stream: false });

    provider.answer = () => ({ fixture: 'ollama/chat-stream.ndjson', contentType: 'application/x-ndjson' });
    const lines = (await post({ model: 'llama3.2', messages })).trimEnd().split('\n').map((line) => JSON.parse(line) as { done: boolean });
    expect(lines.at(-1)).to.include({ done: true, eval_count: 259 });
    const record = await bench.record();
    expectRecord(record, { ...expected, stream: true });
    expect(record.time_to_first_token_ms).to.be.a('number');
  });
});
