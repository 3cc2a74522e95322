import { expect } from 'chai';
import { PROVIDERS } from '../../../src/providers/registry.js';
import { everyProviderAt, startProxy, startUpstream, type ProxyHarness, type ScriptedUpstream } from '../../support/proxy-harness.js';

interface Row {
  /** What the canonical `/v1/X` becomes. */
  readonly canonical: readonly [sent: string, arrives: string];
  /** Paths of the provider's own, which pass unchanged. */
  readonly native: readonly string[];
}

const chat = (root: string): readonly [string, string] => ['/v1/chat/completions', `${root}/chat/completions`];

// Rule 2: header × prefix × native path. One row per provider of the registry.
const TABLE: Readonly<Record<string, Row>> = {
  'openai': { canonical: chat('/v1'), native: ['/v1/responses', '/v1/models/ft%3Agpt-4o%3Aorg', '/v1/files/f/content?x=1'] },
  'anthropic': { canonical: ['/v1/messages', '/v1/messages'], native: ['/v1/messages/count_tokens', '/v1/messages/batches', '/v1/chat/completions'] },
  'gemini': {
    canonical: chat('/v1beta/openai'),
    native: [
      '/v1beta/models/gemini-2.5-flash:generateContent', '/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse', '/v1alpha/models',
      '/v1beta/openai/chat/completions', '/v1/models/gemini-2.5-flash:generateContent', '/upload/v1beta/files',
    ],
  },
  'bedrock': {
    canonical: chat('/openai/v1'),
    native: ['/model/us.anthropic.claude-3%3A0/converse', '/model/arn%3Aaws%3Abedrock%3Aa%2Fb/invoke-with-response-stream', '/openai/v1/chat/completions', '/guardrail/g/version/1/apply'],
  },
  'azure-openai': { canonical: chat('/openai/v1'), native: ['/openai/deployments/gpt/chat/completions?api-version=2024-10-21', '/openai/v1/responses'] },
  'vertex': {
    canonical: ['/v1/projects/p/locations/us-central1/endpoints/e/chat/completions', '/v1/projects/p/locations/us-central1/endpoints/e/chat/completions'],
    native: ['/v1/projects/p/locations/global/publishers/google/models/gemini-2.5-pro:generateContent', '/v1beta1/projects/p/locations/europe-west4/publishers/anthropic/models/c:streamRawPredict'],
  },
  'groq': { canonical: chat('/openai/v1'), native: ['/openai/v1/chat/completions', '/openai/v1/models'] },
  'mistral': { canonical: chat('/v1'), native: ['/v1/fim/completions', '/v1/ocr'] },
  'together': { canonical: chat('/v1'), native: ['/v1/images/generations'] },
  'fireworks': { canonical: chat('/inference/v1'), native: ['/inference/v1/embeddings', '/v1/accounts/fireworks/models'] },
  'deepseek': { canonical: chat('/v1'), native: ['/chat/completions', '/beta/completions', '/anthropic/v1/messages'] },
  'xai': { canonical: chat('/v1'), native: ['/v1/responses'] },
  'cohere': { canonical: chat('/compatibility/v1'), native: ['/v2/chat', '/v2/embed', '/v1/rerank', '/compatibility/v1/embeddings'] },
  'openrouter': { canonical: chat('/api/v1'), native: ['/api/v1/generation?id=x'] },
  'perplexity': { canonical: chat(''), native: ['/chat/completions', '/v1/responses', '/v1/agent', '/v1/sonar'] },
  'cerebras': { canonical: chat('/v1'), native: ['/v1/models'] },
  'ollama': { canonical: chat('/v1'), native: ['/api/chat', '/api/tags'] },
  'vllm': { canonical: chat('/v1'), native: ['/v1/score'] },
};

describe('routes of every provider', () => {
  let upstream: ScriptedUpstream;
  before(async () => { upstream = await startUpstream((_request, response) => response.end('{}')); });
  after(() => upstream.close());
  beforeEach(() => { upstream.requests.length = 0; });

  it('are all in the table', () => {
    expect(Object.keys(TABLE).sort()).to.deep.equal(PROVIDERS.map(({ name }) => name).sort());
  });

  async function arrives(proxy: ProxyHarness, path: string, headers: Record<string, string> = {}): Promise<[provider: string | undefined, path: string | undefined]> {
    upstream.requests.length = proxy.exchanges.length = 0;
    await (await fetch(`${proxy.url}${path}`, { headers })).text();
    return [proxy.exchanges[0]?.provider, upstream.requests[0]?.request.url];
  }

  for (const mount of ['', '/v1', '/v1/']) {
    describe(`with base URLs that end in "${mount}"`, () => {
      let proxy: ProxyHarness;
      before(async () => { proxy = await startProxy({ env: { ...everyProviderAt(upstream.url + mount), AWS_BEARER_TOKEN_BEDROCK: 'k' } }); });
      after(() => proxy.close());

      for (const [name, { canonical: [sent, expected], native }] of Object.entries(TABLE)) {
        it(`${name}: canonical path by header, by prefix, by both`, async () => {
          expect(await arrives(proxy, sent, { 'x-provider': name })).to.deep.equal([name, expected]);
          expect(await arrives(proxy, `/${name}${sent}`)).to.deep.equal([name, expected]);
          expect(await arrives(proxy, `/${name}${sent}`, { 'x-provider': name.toUpperCase() })).to.deep.equal([name, expected]);
        });
        for (const path of native) {
          it(`${name}: ${path} unchanged by header and by prefix`, async () => {
            expect(await arrives(proxy, path, { 'x-provider': name })).to.deep.equal([name, path]);
            expect(await arrives(proxy, `/${name}${path}`)).to.deep.equal([name, path]);
          });
        }
      }
    });
  }

  describe('with base URLs that are mount points', () => {
    let proxy: ProxyHarness;
    before(async () => { proxy = await startProxy({ env: { ...everyProviderAt(`${upstream.url}/mnt`), AWS_BEARER_TOKEN_BEDROCK: 'k' } }); });
    after(() => proxy.close());
    for (const [name, { canonical: [sent], native }] of Object.entries(TABLE)) {
      it(`${name}: everything lies beneath the mount point, once`, async () => {
        for (const path of [sent, ...native]) {
          const [, url] = await arrives(proxy, path, { 'x-provider': name });
          expect(url).to.match(/^\/mnt\/(?!mnt)/);
        }
      });
    }
  });

  describe('with a provider that takes its time', () => {
    let slow: ScriptedUpstream;
    let proxy: ProxyHarness;
    let took = 0;
    before(async () => {
      slow = await startUpstream((_request, response) => {
        const arrived = performance.now();
        setTimeout(() => {
          took = performance.now() - arrived;
          response.end('{}');
        }, 15);
      });
      proxy = await startProxy({ env: { ...everyProviderAt(slow.url), AWS_BEARER_TOKEN_BEDROCK: 'k' } });
    });
    after(async () => {
      await proxy.close();
      await slow.close();
    });
    for (const [name, { canonical: [sent] }] of Object.entries(TABLE)) {
      it(`${name}: the record has the time that it took`, async () => {
        proxy.exchanges.length = 0;
        await (await fetch(proxy.url + sent, { method: 'POST', headers: { 'content-type': 'application/json', 'x-provider': name }, body: '{}' })).text();
        const { provider, providerMs, totalMs } = await proxy.exchange();
        expect(provider).to.equal(name);
        expect(providerMs).to.be.at.least(took).and.at.most(totalMs);
      });
    }
  });

  describe('without header or prefix', () => {
    let proxy: ProxyHarness;
    before(async () => { proxy = await startProxy({ env: { ...everyProviderAt(upstream.url), AWS_BEARER_TOKEN_BEDROCK: 'k' } }); });
    after(() => proxy.close());
    for (const [path, headers, name] of [
      ['/v1/chat/completions', {}, 'openai'],
      ['/v1/messages', {}, 'anthropic'],
      ['/v1/messages/count_tokens', {}, 'anthropic'],
      ['/v1/models', { 'anthropic-version': '2023-06-01' }, 'anthropic'],
      ['/v1beta/models/g:generateContent', {}, 'gemini'],
      ['/v1/models/g:generateContent', { 'x-goog-api-key': 'k' }, 'gemini'],
      ['/model/m/converse', {}, 'bedrock'],
      ['/v2/chat', {}, 'cohere'],
      ['/openai/deployments/d/chat/completions', {}, 'azure-openai'],
      ['/openai/v1/models', {}, 'openai'],
      ['/v1/projects/p/locations/us-east5/publishers/anthropic/models/c:rawPredict', {}, 'vertex'],
    ] as const) {
      it(`${path} ${JSON.stringify(headers)} is ${name}'s`, async () => {
        expect((await arrives(proxy, path, headers))[0]).to.equal(name);
      });
    }
    for (const path of ['/', '/groq', '/v2/other', '/v1', '/v1beta', '/models', '/chat/completions', '/__proto__/v1/models', '/constructor/v1/models']) {
      it(`${path} is nobody's`, async () => expect(await arrives(proxy, path)).to.deep.equal([undefined, undefined]));
    }
    for (const name of ['__proto__', 'constructor', 'toString', 'openai,groq', 'nope']) {
      it(`x-provider: ${name} is refused`, async () => {
        expect(await arrives(proxy, '/v1/models', { 'x-provider': name })).to.deep.equal(['unknown', undefined]);
        expect(JSON.stringify(proxy.exchanges)).to.not.include(name);
      });
    }
  });
});
