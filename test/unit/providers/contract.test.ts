import { findProvider } from '@pydantic/genai-prices';
import { expect } from 'chai';
import { demoProvider, PROVIDERS, providerByName } from '../../../src/providers/registry.js';

/** Self-hosted ones, and those that no price list has. */
const UNPRICED = new Set(['ollama', 'vllm']);
/** Their address is the user's to say. */
const WITHOUT_ORIGIN = new Set(['azure-openai', 'vllm', 'demo']);
const STYLES = ['bearer', 'x-api-key', 'api-key', 'x-goog-api-key', 'aws-sigv4', 'none'];

for (const provider of [...PROVIDERS, demoProvider]) {
  describe(`provider ${provider.name}`, () => {
    it('has a name that can be a path prefix, a header value and a part of a variable', () => {
      expect(provider.name).to.match(/^[a-z][a-z0-9-]*$/).and.not.match(/^v\d/);
      expect(provider.title).to.not.equal('');
    });

    it('has an origin that is scheme and host, or none because only configuration can say', () => {
      if (WITHOUT_ORIGIN.has(provider.name)) expect(provider.origin).to.equal(undefined);
      else expect(provider.origin).to.match(/^https?:\/\/(?:\{region\}[\w.-]*|[\w.-]+(?:\{region\})?[\w.-]*)(?::\d+)?$/);
      expect(provider.origin?.includes('{region}') ?? false).to.equal(provider.region !== undefined);
    });

    it('has roots that are paths without a slash at the end', () => {
      for (const root of [provider.root, ...provider.nativeRoots]) expect(root).to.match(/^(?:\/[\w-]+)*$/);
      expect(provider.nativeRoots).to.not.include('');
    });

    it('knows where its credential stands', () => {
      for (const style of [provider.auth, ...provider.alsoAuth ?? []]) expect(STYLES).to.include(style);
      expect(provider.alsoAuth ?? []).to.not.include(provider.auth);
    });

    it('answers its own chat path with a dialect that reads usage', () => {
      const path = CHAT_PATHS[provider.name] ?? `${provider.root}/chat/completions`;
      const rule = provider.dialects.find((candidate) => candidate.path.test(path));
      expect(rule?.dialect.usageMember ?? rule?.dialect.name, path).to.be.oneOf(['usage', 'usageMetadata', 'ollama']);
    });

    it('speaks the OpenAI-compatible chat below its root, where it has one', () => {
      if (provider.name === 'vertex') return; // there it is below a project
      const rule = provider.dialects.find((candidate) => candidate.path.test(`${provider.root}/chat/completions`));
      expect(rule?.dialect.name).to.equal('openai-chat');
    });

    it('asks for stream usage only where completions are streamed', () => {
      for (const rule of provider.dialects) if (rule.streamUsage === true) expect(rule.dialect.name).to.equal('openai-chat');
    });

    it('is known to the price list by its id, or is known to have no price', () => {
      const id = provider.pricingId ?? provider.name;
      expect(findProvider({ providerId: id })?.id).to.equal(UNPRICED.has(provider.name) ? undefined : id);
    });
  });
}

/** Native chat paths of the providers that have a language of their own. */
const CHAT_PATHS: Readonly<Record<string, string>> = {
  anthropic: '/v1/messages',
  gemini: '/v1beta/models/g:generateContent',
  bedrock: '/model/m/converse',
  vertex: '/v1/projects/p/locations/l/publishers/google/models/g:generateContent',
  cohere: '/v2/chat',
  ollama: '/api/chat',
};

describe('the registry', () => {
  it('holds every provider once', () => {
    const names = PROVIDERS.map((provider) => provider.name);
    expect(new Set(names).size).to.equal(names.length);
    expect(names).to.include.members(['openai', 'anthropic', 'gemini', 'bedrock', 'azure-openai', 'vertex', 'groq', 'mistral', 'together',
      'fireworks', 'deepseek', 'xai', 'cohere', 'openrouter', 'perplexity', 'cerebras', 'ollama', 'vllm']);
    expect(names).to.not.include('demo');
  });

  it('finds a provider in whatever case it is written', () => {
    expect(providerByName('Azure-OpenAI')?.name).to.equal('azure-openai');
    expect(providerByName('nobody')).to.equal(undefined);
  });

  it('has no path and no header that two providers claim', () => {
    const paths = ['/v1/messages', '/v1/messages/batches/b', '/v1beta/models/m:generateContent', '/model/m/converse', '/v2/chat',
      '/openai/deployments/d/chat/completions', '/v1/projects/p/locations/l/publishers/google/models/m:generateContent'];
    for (const path of paths) {
      expect(PROVIDERS.filter((provider) => provider.unmistakablePaths?.some((pattern) => pattern.test(path))), path).to.have.length(1);
    }
    for (const path of ['/v1/chat/completions', '/v1/responses', '/v1/messagesx', '/v1/models', '/v2/chatter', '/openai/v1/models', '/']) {
      expect(PROVIDERS.filter((provider) => provider.unmistakablePaths?.some((pattern) => pattern.test(path))), path).to.have.length(0);
    }
    const headers = PROVIDERS.flatMap((provider) => provider.unmistakableHeaders ?? []);
    expect(headers).to.have.members(['anthropic-version', 'x-goog-api-key']);
  });

  it('matches patterns without memory: none is global or sticky', () => {
    const patterns = PROVIDERS.flatMap((provider) => [
      ...provider.dialects.map((rule) => rule.path), ...provider.unmistakablePaths ?? [], ...provider.nativePaths ?? [],
    ]);
    for (const pattern of patterns) expect(pattern.flags).to.equal('');
  });
});
