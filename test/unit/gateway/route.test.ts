import { expect } from 'chai';
import { Router } from '../../../src/gateway/route.js';
import { fakeUpstream } from './fake-upstream.js';

const upstreams = [
  fakeUpstream({ name: 'openai' }),
  fakeUpstream({ name: 'anthropic', unmistakablePaths: [/^\/v1\/messages(?:\/|$)/], unmistakableHeaders: ['anthropic-version'] }),
  fakeUpstream({ name: 'groq', root: '/openai/v1' }),
  fakeUpstream({ name: 'azure-openai', root: '/openai/v1', nativeRoots: ['/openai/deployments'], unmistakablePaths: [/^\/openai\/deployments\//] }),
  fakeUpstream({ name: 'perplexity', root: '', nativeRoots: ['/chat'] }),
];
const router = new Router(upstreams);

function go(path: string, headers: Record<string, string> = {}): string {
  const choice = router.choose(path, { headers, query: '', isGatewayKey: () => false });
  return choice.kind === 'route' ? `${choice.route.upstream.provider.name} ${choice.route.upstreamPath}` : choice.kind;
}

describe('the choice of provider', () => {
  it('goes by x-provider first, whatever its case', () => {
    expect(go('/v1/messages', { 'x-provider': 'GROQ' })).to.equal('groq /openai/v1/messages');
  });
  it('refuses an unknown x-provider, even where the path would tell', () => {
    expect(go('/v1/messages', { 'x-provider': 'nope' })).to.equal('unknown-provider');
  });
  it('goes by prefix', () => expect(go('/groq/v1/chat/completions')).to.equal('groq /openai/v1/chat/completions'));
  it('goes by an unmistakable path', () => expect(go('/v1/messages/count_tokens')).to.equal('anthropic /v1/messages/count_tokens'));
  it('does not take a longer word for that path', () => expect(go('/v1/messages2')).to.equal('openai /v1/messages2'));
  it('sees a path of another provider behind its prefix', () => {
    expect(go('/openai/deployments/gpt/chat/completions')).to.equal('azure-openai /openai/deployments/gpt/chat/completions');
  });
  it('goes by an unmistakable header', () => expect(go('/v1/models', { 'anthropic-version': 'x' })).to.equal('anthropic /v1/models'));
  it('falls back to openai for /v1/ only', () => {
    expect(go('/v1/models')).to.equal('openai /v1/models');
    expect(go('/v2/models')).to.equal('not-found');
    expect(go('/favicon.ico')).to.equal('not-found');
    expect(go('/v1')).to.equal('not-found');
  });
});

describe('the address at the provider', () => {
  it('keeps a native path', () => {
    expect(go('/groq/openai/v1/models')).to.equal('groq /openai/v1/models');
    expect(go('/openai/v1/models', { 'x-provider': 'groq' })).to.equal('groq /openai/v1/models');
  });
  it('strips the prefix only of the provider that was chosen', () => {
    expect(go('/openai/v1/models', { 'x-provider': 'openai' })).to.equal('openai /v1/models');
    expect(go('/openai/v1/models')).to.equal('openai /v1/models');
  });
  it('maps /v1 to an API that has no version in its path', () => {
    expect(go('/perplexity/v1/chat/completions')).to.equal('perplexity /chat/completions');
    expect(go('/perplexity/chat/completions')).to.equal('perplexity /chat/completions');
  });
  it('does not touch escapes', () => expect(go('/groq/v1/models/a%2Fb')).to.equal('groq /openai/v1/models/a%2Fb'));
});

describe('a configured base URL', () => {
  const at = (base: string, path: string): string => {
    const upstream = fakeUpstream({ name: 'groq', root: '/openai/v1' }, { GROQ_BASE_URL: base });
    const choice = new Router([upstream]).choose(path, { headers: { 'x-provider': 'groq' }, query: '', isGatewayKey: () => false });
    return choice.kind === 'route' ? `${choice.route.upstream.origin} ${choice.route.upstreamPath}` : choice.kind;
  };
  for (const base of ['http://h:1', 'http://h:1/', 'http://h:1/v1', 'http://h:1/v1/', 'http://h:1/openai', 'http://h:1/openai/v1']) {
    it(`${base} keeps the provider's paths`, () => {
      expect(at(base, '/v1/models')).to.equal('http://h:1 /openai/v1/models');
      expect(at(base, '/openai/v1/models')).to.equal('http://h:1 /openai/v1/models');
    });
  }
  for (const base of ['http://h:1/mnt', 'http://h:1/mnt/v1', 'http://h:1/mnt/v1/']) {
    it(`${base} is a mount point`, () => {
      expect(at(base, '/v1/models')).to.equal('http://h:1 /mnt/v1/models');
      expect(at(base, '/openai/v1/models')).to.equal('http://h:1 /mnt/v1/models');
    });
  }
  for (const [base, word] of [['nope', 'is not a URL'], ['ftp://h', 'http://'], ['http://u:secret@h', 'credentials'], ['http://h/?a=1', 'query']] as const) {
    it(`refuses ${base.replace('secret', '…')}`, () => {
      expect(() => at(base, '/v1/models')).to.throw(word).with.property('message').that.includes('GROQ_BASE_URL').and.not.includes('secret');
    });
  }
});
