import { expect } from 'chai';
import { Failure } from '../../../src/domain/failure.js';
import { upstreamsFrom } from '../../../src/gateway/create.js';
import { startProxy, startUpstream } from '../../support/proxy-harness.js';

const ANSWER = JSON.stringify({ model: 'tiny', choices: [{ finish_reason: 'stop' }], usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } });

describe('a provider from configuration alone', () => {
  it('is reached by prefix and by header, and recorded under its name; its key is optional', async () => {
    const upstream = await startUpstream((_request, response) => { response.writeHead(200, { 'content-type': 'application/json' }).end(ANSWER); });
    const list = JSON.stringify([{ name: 'lab', baseUrl: `${upstream.url}/v1`, dialect: 'openai-chat' }]);
    for (const key of [undefined, 'sk-of-the-lab']) {
      const proxy = await startProxy({ env: { CUSTOM_PROVIDERS: list, ...(key === undefined ? {} : { LAB_API_KEY: key }) } });
      const body = JSON.stringify({ model: 'tiny', messages: [] });
      const ways: [string, Record<string, string>][] = [['/lab/v1/chat/completions', {}], ['/v1/chat/completions', { 'x-provider': 'lab' }]];
      for (const [path, headers] of ways) {
        upstream.requests.length = 0;
        const response = await fetch(proxy.url + path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
        expect(await response.text()).to.equal(ANSWER);
        expect(upstream.requests[0]?.request.url).to.equal('/v1/chat/completions');
        expect(upstream.requests[0]?.request.headers.authorization).to.equal(key === undefined ? undefined : `Bearer ${key}`);
      }
      expect(proxy.exchanges.map(({ provider, model, usage }) => ({ provider, model, usage }))).to.deep.equal(
        Array(2).fill({ provider: 'lab', model: 'tiny', usage: { inputTokens: 3, outputTokens: 4, totalTokens: 7 } }));
      await proxy.close();
    }
    await upstream.close();
  });

  it('is refused where its name is taken', () => {
    const list = JSON.stringify([{ name: 'groq', baseUrl: 'http://localhost:1', dialect: 'openai-chat' }]);
    expect(() => upstreamsFrom((name) => (name === 'CUSTOM_PROVIDERS' ? { value: list, source: 'environment' } : undefined)))
      .to.throw(Failure, '"groq"');
  });
});
