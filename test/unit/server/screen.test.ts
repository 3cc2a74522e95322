import { expect } from 'chai';
import { upstreamsFrom } from '../../../src/gateway/create.js';
import { firstScreen, type ScreenInput } from '../../../src/server/screen.js';

function screen(change: Partial<ScreenInput> = {}, variables: Record<string, string> = {}, demoUrl?: string): string {
  const upstreams = upstreamsFrom((name) => {
    const value = variables[name];
    return value === undefined ? undefined : { value, source: '.env' };
  }, demoUrl);
  return firstScreen({
    version: '1.2.3', url: 'http://0.0.0.0:3000', localUrl: 'http://127.0.0.1:3000', upstreams, telemetryDir: '/var/log/gw', telemetryDirIsLocal: false, elasticsearch: undefined,
    access: 'this-machine', demo: demoUrl !== undefined, warnings: [], command: 'npx gateway', ...change,
  });
}

describe('the first screen', () => {
  it('says version, address, providers, where records go, and what to try', () => {
    const text = screen();
    for (const part of ['gateway 1.2.3', 'http://0.0.0.0:3000', 'openai', 'anthropic', 'vllm', 'none held: clients send their own', '/var/log/gw', 'ENABLE_ELASTICSEARCH=true',
      'curl http://127.0.0.1:3000/v1/chat/completions', 'npx gateway metrics top --by provider']) expect(text).to.include(part);
    expect(Math.max(...text.split('\n').filter((line) => !line.includes('curl')).map(({ length }) => length))).to.be.at.most(100);
  });
  it('lists held keys by variable and source, never by value', () => {
    const text = screen({}, { OPENAI_API_KEY: 'sk-s3cret', GROQ_API_KEY: 'gsk-s3cret' });
    expect(text).to.include('openai (OPENAI_API_KEY, .env)').and.include('groq (GROQ_API_KEY, .env)').and.not.include('s3cret');
    expect(text).to.include('Bearer gateway'); // the example uses what is held
  });
  it('lists each overridden address with its variable and source', () => {
    expect(screen({}, { GROQ_BASE_URL: 'http://gpu:9/v1' })).to.include('groq → http://gpu:9/v1 (GROQ_BASE_URL, .env)');
  });
  it('shows warnings and where Elasticsearch is', () => {
    const text = screen({ warnings: ['mind the gap'], elasticsearch: 'http://es:9200 as ai-gateway-metrics' });
    expect(text).to.match(/Warning +mind the gap/).and.include('http://es:9200 as ai-gateway-metrics');
  });
  for (const [access, word, header] of [
    ['key', 'GATEWAY_API_KEYS', 'x-gateway-api-key: $GATEWAY_KEY'], ['this-machine', 'this machine', '$OPENAI_API_KEY'], ['everybody', 'everybody', '$OPENAI_API_KEY'],
  ] as const) {
    it(`says who may enter (${access}), and the example has the right key`, () => expect(screen({ access })).to.include(word).and.include(header));
  }
  it('with --demo the example needs no key and goes to the stand-in', () => {
    const text = screen({}, {}, 'http://127.0.0.1:4010');
    expect(text).to.include('/demo/v1/chat/completions').and.not.include('Bearer').and.not.include('127.0.0.1:4010');
  });
  it('quotes a folder that only this terminal knows', () => {
    expect(screen({ telemetryDirIsLocal: true, telemetryDir: "/tmp/it's here" })).to.include("TELEMETRY_DIR='/tmp/it'\\''s here' npx gateway");
  });
});
