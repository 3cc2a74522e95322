import { expect } from 'chai';
import { PROVIDERS } from '../../../src/providers/registry.js';
import { proxied } from '../../support/proxied.js';

/** How each provider's own clients send their credential, and only they do. */
const FORMS: readonly (readonly [provider: string, headers: Readonly<Record<string, string>>, query: string])[] = [
  ['azure-openai', { 'api-key': 'theirs' }, ''],
  ['azure-openai', { 'api-key': 'theirs', 'authorization': 'Bearer theirs' }, ''],
  ['azure-openai', { 'api-key': 'theirs' }, '?api-version=2025-04-01-preview'],
  ['azure-openai', { authorization: 'Bearer entra-theirs' }, '?api-version=2025-04-01-preview'],
  ['azure-openai', {}, '?api-version=preview&api-key=theirs'],
  ['gemini', { 'x-goog-api-key': 'theirs' }, ''],
  ['gemini', {}, '?key=theirs'],
  ['gemini', {}, '?%6bey=theirs'],
  ['gemini', { authorization: 'Bearer AIzaTheirs' }, ''],
  ['gemini', { authorization: 'Bearer ya29.theirs' }, ''],
  ['gemini', { authorization: 'Bearer AQ.theirs' }, ''],
  ['anthropic', { 'x-api-key': 'theirs' }, ''],
  ['anthropic', { 'x-api-key': 'theirs', 'anthropic-version': '2023-06-01' }, ''],
  ['anthropic', { 'authorization': 'Bearer theirs', 'anthropic-version': '2023-06-01' }, ''],
  ['anthropic', { authorization: 'Bearer sk-ant-theirs' }, ''],
  ['anthropic', { authorization: 'Token sk-ant-theirs' }, ''],
  ['anthropic', { authorization: 'Bearer "sk-ant-theirs"' }, ''],
  ['anthropic', { authorization: `Basic ${btoa('x:sk-ant-theirs')}` }, ''],
  ['anthropic', { authorization: `Basic ${btoa('sk-ant-theirs:')}` }, ''],
  ['bedrock', { authorization: 'AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=0' }, ''],
  ['bedrock', { authorization: 'Bearer ABSKtheirs' }, ''],
  ['groq', { authorization: 'Bearer gsk_theirs' }, ''],
  ['groq', { authorization: 'bearer gsk_theirs' }, ''],
  ['openrouter', { authorization: 'Bearer sk-or-theirs' }, ''],
  ['perplexity', { authorization: 'Bearer pplx-theirs' }, ''],
  ['xai', { authorization: 'Bearer xai-theirs' }, ''],
  ['cerebras', { authorization: 'Bearer csk-theirs' }, ''],
  ['fireworks', { authorization: 'Bearer fw_theirs' }, ''],
  ['together', { authorization: 'Bearer tgp_v1_theirs' }, ''],
  ['openai', { authorization: 'Bearer sk-theirs' }, ''],
  ['openai', { authorization: 'Bearer sk-proj-theirs', 'x-api-key': 'other' }, ''],
];
const CANONICAL = ['/v1/chat/completions', '/v1/responses', '/v1/models', '/v1/files', '/v1/batches', '/v1/embeddings'];

// A key and the prompts that come with it reach the provider whose key it is, or nobody.
describe('whose client a request comes from', () => {
  const suite = proxied();
  beforeEach(() => suite.start((_q, response) => response.end('{}'), { allowOpen: true, env: { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' } }));

  async function arrives(path: string, headers: Readonly<Record<string, string>> = {}): Promise<{ provider: string | undefined; url: string; sent: string[] }> {
    suite.upstream.requests.length = suite.proxy.exchanges.length = 0;
    await (await fetch(suite.proxy.url + path, { headers })).text();
    const request = suite.upstream.requests[0]?.request;
    const sent = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key'].filter((name) => request?.headers[name] !== undefined);
    return { provider: suite.proxy.exchanges[0]?.provider, url: request?.url ?? '', sent };
  }

  for (const [owner, headers, query] of FORMS) {
    it(`${JSON.stringify(headers)} ${query}: ${owner}, at every path that names nobody`, async () => {
      for (const path of CANONICAL) expect((await arrives(path + query, headers)).provider, path).to.equal(owner);
    });
    it(`${JSON.stringify(headers)} ${query}: whoever is named explicitly, and no credential that is another's`, async () => {
      for (const { name } of PROVIDERS) {
        if (name === 'openai' || name === 'anthropic') continue; // their prefixes are also the begin of others' paths: below
        const { provider, sent, url } = await arrives(`/${name}/v1/chat/completions${query}`, headers);
        expect(provider).to.equal(name);
        if (name !== owner && name !== 'anthropic') expect(sent, name).to.not.include('x-api-key');
        if (name !== 'azure-openai') expect([...sent, url].join(' '), name).to.not.match(/(?<!x-goog-)(?<!x-)api-key/);
        if (name !== 'gemini' && name !== 'vertex') expect([...sent, url].join(' '), name).to.not.match(/x-goog-api-key|[?&]key=theirs|%6bey/);
      }
    });
  }

  for (const [path, headers, provider, url] of [
    // Azure's SDKs, with the gateway as their endpoint.
    ['/openai/responses?api-version=2025-03-01-preview', { 'api-key': 'k', 'authorization': 'Bearer k' }, 'azure-openai', '/openai/responses?api-version=2025-03-01-preview'],
    ['/openai/files?api-version=2024-10-21', { 'api-key': 'k' }, 'azure-openai', '/openai/files?api-version=2024-10-21'],
    ['/openai/batches?api-version=2024-10-21', { authorization: 'Bearer entra' }, 'azure-openai', '/openai/batches?api-version=2024-10-21'],
    ['/openai/files?Api-Version=2024-10-21', { authorization: 'Bearer entra' }, 'azure-openai', '/openai/files?Api-Version=2024-10-21'],
    ['/openai/models?api-version=2024-10-21', {}, 'azure-openai', '/openai/models?api-version=2024-10-21'],
    ['/openai/v1/chat/completions', { 'api-key': 'k' }, 'azure-openai', '/openai/v1/chat/completions'],
    ['/openai/deployments/d/chat/completions?api-version=2024-10-21', { 'api-key': 'k' }, 'azure-openai', '/openai/deployments/d/chat/completions?api-version=2024-10-21'],
    ['/anthropic/v1/messages', { 'api-key': 'k', 'anthropic-version': '2023-06-01' }, 'azure-openai', '/anthropic/v1/messages'],
    ['/azure-openai/anthropic/v1/messages', { 'x-api-key': 'k' }, 'azure-openai', '/anthropic/v1/messages'],
    // Others whose own paths begin like a prefix.
    ['/openai/v1/chat/completions', { authorization: 'Bearer gsk_k' }, 'groq', '/openai/v1/chat/completions'],
    ['/openai/v1/chat/completions', { authorization: 'AWS4-HMAC-SHA256 x' }, 'bedrock', '/openai/v1/chat/completions'],
    ['/openai/v1/chat/completions', { authorization: 'Bearer sk-k' }, 'openai', '/v1/chat/completions'],
    ['/anthropic/v1/messages', { 'x-api-key': 'k' }, 'anthropic', '/v1/messages'],
    // Google's SDKs, whose newest ones ask for v1.
    ['/v1/models', { 'x-goog-api-key': 'k' }, 'gemini', '/v1/models'],
    ['/v1/models/g', { 'x-goog-api-key': 'k' }, 'gemini', '/v1/models/g'],
    ['/v1/files?pageSize=10', { 'x-goog-api-key': 'k' }, 'gemini', '/v1/files?pageSize=10'],
    ['/v1/cachedContents', { 'x-goog-api-key': 'k' }, 'gemini', '/v1/cachedContents'],
    ['/v1/caches', { 'x-goog-api-key': 'k' }, 'gemini', '/v1/caches'],
    ['/v1/batches?key=k', {}, 'gemini', '/v1/batches?key=k'],
    ['/gemini/v1/models', { 'x-goog-api-key': 'k' }, 'gemini', '/v1/models'],
    ['/gemini/v1/models', { authorization: 'Bearer k' }, 'gemini', '/v1beta/openai/models'],
    ['/gemini/v1/files', { authorization: 'Bearer k' }, 'gemini', '/v1/files'],
    ['/gemini/v1/chat/completions', { 'x-goog-api-key': 'k' }, 'gemini', '/v1beta/openai/chat/completions'],
    ['/v1/models/g:generateContent?key=k', {}, 'gemini', '/v1/models/g:generateContent?key=k'],
    ['/v1/models/g:streamGenerateContent?alt=sse', { authorization: 'Bearer k' }, 'gemini', '/v1/models/g:streamGenerateContent?alt=sse'],
    ['/v1/models/g%3AgenerateContent', { authorization: 'Bearer k' }, 'gemini', '/v1/models/g%3AgenerateContent'],
    ['/v1/models/ft%3Agpt-4o%3Aorg%3A%3Aid', { authorization: 'Bearer sk-k' }, 'openai', '/v1/models/ft%3Agpt-4o%3Aorg%3A%3Aid'],
    ['/v1/models/ft:gpt-4o:org::id', { authorization: 'Bearer sk-k' }, 'openai', '/v1/models/ft:gpt-4o:org::id'],
    ['/upload/v1/files?key=k', {}, 'gemini', '/upload/v1/files?key=k'],
    ['/v1alpha/models?key=k', {}, 'gemini', '/v1alpha/models?key=k'],
    // Vertex AI's express mode has Google's header and paths of its own.
    ['/v1beta1/publishers/google/models/g:generateContent', { 'x-goog-api-key': 'k' }, 'vertex', '/v1beta1/publishers/google/models/g:generateContent'],
    ['/v1/publishers/google/models/g:generateContent', { 'x-goog-api-key': 'k' }, 'vertex', '/v1/publishers/google/models/g:generateContent'],
    // Bedrock beyond its models.
    ['/guardrail/g/version/1/apply', { authorization: 'AWS4-HMAC-SHA256 x' }, 'bedrock', '/guardrail/g/version/1/apply'],
    ['/guardrail/arn%3Aaws%3Ag/version/DRAFT/apply', {}, 'bedrock', '/guardrail/arn%3Aaws%3Ag/version/DRAFT/apply'],
    ['/async-invoke', {}, 'bedrock', '/async-invoke'],
    ['/async-invoke/arn%3Aaws%3Aa', {}, 'bedrock', '/async-invoke/arn%3Aaws%3Aa'],
    // Cohere's SDKs, whose keys begin like nobody's.
    ['/v2/embed', { authorization: 'Bearer k' }, 'cohere', '/v2/embed'],
    ['/v2/rerank', { authorization: 'Bearer k' }, 'cohere', '/v2/rerank'],
    ['/v1/chat', { authorization: 'Bearer k' }, 'cohere', '/v1/chat'],
    ['/v1/embed', { authorization: 'Bearer k' }, 'cohere', '/v1/embed'],
    ['/v1/embed-jobs/j', { authorization: 'Bearer k' }, 'cohere', '/v1/embed-jobs/j'],
    // DeepSeek's Anthropic-like interface takes Anthropic's header; its others do not.
    ['/deepseek/anthropic/v1/messages', { 'x-api-key': 'k' }, 'deepseek', '/anthropic/v1/messages'],
  ] as const) {
    it(`${path} with ${Object.keys(headers).join(', ') || 'nothing'}: ${provider}`, async () => {
      const arrived = await arrives(path, headers);
      expect([arrived.provider, arrived.url]).to.deep.equal([provider, url]);
    });
  }

  it('a key goes along where Claude on Azure and DeepSeek take it, and not to their other paths', async () => {
    expect((await arrives('/azure-openai/anthropic/v1/messages', { 'x-api-key': 'k' })).sent).to.deep.equal(['x-api-key']);
    expect((await arrives('/deepseek/anthropic/v1/messages', { 'x-api-key': 'k' })).sent).to.deep.equal(['x-api-key']);
    expect((await arrives('/azure-openai/v1/chat/completions', { 'x-api-key': 'k' })).sent).to.deep.equal([]);
    expect((await arrives('/deepseek/v1/chat/completions', { 'x-api-key': 'k' })).sent).to.deep.equal([]);
  });

  it('a gateway key says nothing of the provider: it may stand in any place', async () => {
    suite.proxy.gateway.replaceKeys([{ label: 'team', key: 'team-key' }]);
    for (const headers of [{ 'x-api-key': 'team-key' }, { 'api-key': 'team-key' }, { authorization: 'Bearer team-key' }, { 'x-gateway-api-key': 'team-key' }] as Record<string, string>[]) {
      for (const path of ['/v1/chat/completions', '/openai/v1/models']) {
        suite.proxy.exchanges.length = 0;
        await (await fetch(suite.proxy.url + path, { headers })).text();
        expect(suite.proxy.exchanges[0]).to.include({ provider: 'openai', client: 'team' });
      }
    }
  });
});
