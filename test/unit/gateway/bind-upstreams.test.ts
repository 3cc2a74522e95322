import { expect } from 'chai';
import { upstreamsFrom } from '../../../src/gateway/create.js';
import type { Upstream } from '../../../src/gateway/upstream.js';

function bound(name: string, variables: Record<string, string>, demoUrl?: string): Upstream {
  const upstreams = upstreamsFrom((variable) => {
    const value = variables[variable];
    return value === undefined ? undefined : { value, source: '.env' };
  }, demoUrl);
  return upstreams.find(({ provider }) => provider.name === name) as Upstream;
}

// Rule 3: the variables of providers.
describe('variables of providers', () => {
  for (const [name, variable] of [
    ['openai', 'OPENAI_API_KEY'], ['anthropic', 'ANTHROPIC_API_KEY'], ['gemini', 'GEMINI_API_KEY'], ['azure-openai', 'AZURE_OPENAI_API_KEY'],
    ['bedrock', 'AWS_BEARER_TOKEN_BEDROCK'], ['bedrock', 'BEDROCK_API_KEY'], ['groq', 'GROQ_API_KEY'], ['xai', 'XAI_API_KEY'],
  ] as const) {
    it(`${variable} is ${name}'s key`, () => expect(bound(name, { [variable]: 'k' }).key).to.deep.equal({ variable, value: 'k', source: '.env' }));
  }
  for (const [name, variable] of [['azure-openai', 'AZURE_OPENAI_ENDPOINT'], ['azure-openai', 'AZURE_OPENAI_BASE_URL'], ['openai', 'OPENAI_BASE_URL'], ['ollama', 'OLLAMA_BASE_URL']] as const) {
    it(`${variable} is ${name}'s address, and says so`, () => {
      expect(bound(name, { [variable]: 'https://h.example:8443/' })).to.deep.include({ origin: 'https://h.example:8443', override: { variable, value: 'https://h.example:8443/', source: '.env' } });
    });
  }
  it('the provider\'s own variable wins over its others', () => {
    expect(bound('azure-openai', { AZURE_OPENAI_BASE_URL: 'http://a', AZURE_OPENAI_ENDPOINT: 'http://b' }).origin).to.equal('http://a');
  });
  it('Azure and vLLM have no address of their own', () => {
    expect([bound('azure-openai', {}).origin, bound('vllm', {}).origin]).to.deep.equal([undefined, undefined]);
  });
  it('Azure\'s own endpoint forms keep its paths', () => {
    for (const url of ['https://r.openai.azure.com', 'https://r.openai.azure.com/', 'https://r.openai.azure.com/openai', 'https://r.openai.azure.com/openai/v1/']) {
      expect(bound('azure-openai', { AZURE_OPENAI_ENDPOINT: url })).to.deep.include({ origin: 'https://r.openai.azure.com', root: '/openai/v1', mount: '' });
    }
  });
  it('the stand-in provider is there only with --demo', () => {
    expect(bound('demo', { DEMO_BASE_URL: 'http://x' })).to.equal(undefined);
    expect(bound('demo', {}, 'http://127.0.0.1:4010').origin).to.equal('http://127.0.0.1:4010');
  });
  it('a broken address names its variable and shows no credentials', () => {
    expect(() => bound('openai', { OPENAI_BASE_URL: 'http://user:s3cret@h' })).to.throw(/OPENAI_BASE_URL/).with.property('message').that.does.not.include('s3cret');
  });
});
