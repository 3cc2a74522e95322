import { expect } from 'chai';
import { createTap } from '../../../src/wire/tap.js';
import { dialectAt, fixtureBytes, observe, observeFixture, providerOf, STREAM_FIXTURES } from './stream-fixtures.js';

describe('streams of every provider', () => {
  for (const fixture of STREAM_FIXTURES) {
    it(`${fixture.file}: model, usage, finish reason, error`, async () => {
      expect(await observeFixture(fixture, [fixtureBytes(fixture.file)])).to.deep.equal(fixture.expected);
    });

    it(`${fixture.file}: tells of the first token once, and not before it`, () => {
      let told = 0;
      const tap = createTap({
        dialect: dialectAt(providerOf(fixture), fixture.path), contentType: fixture.contentType, status: 200,
        header: () => undefined, onFirstToken: () => { told += 1; expect(tap.observation.hasToken).to.equal(true); },
      });
      expect(tap.isStream).to.equal(true);
      for (const byte of fixtureBytes(fixture.file)) {
        tap.push(Buffer.from([byte]));
        expect(told).to.equal(tap.observation.hasToken ? 1 : 0);
      }
      expect(told).to.equal(fixture.expected.hasToken ? 1 : 0);
    });
  }

  it('has OpenRouter\'s own figure of a response, which comes with its last event', async () => {
    const usage = { input_tokens: 194, output_tokens: 2, total_tokens: 196, cost: 0.00095, is_byok: true, cost_details: { upstream_inference_cost: 0.019 } };
    const event = (type: string, response: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, response: { model: 'openai/gpt-5', ...response } })}\n\n`;
    const stream = event('response.created', { status: 'in_progress', usage: null }) + event('response.completed', { status: 'completed', usage });
    const { usage: read } = await observe(dialectAt('openrouter', '/api/v1/responses'), [Buffer.from(stream)]);
    expect(read).to.deep.equal({ inputTokens: 194, outputTokens: 2, totalTokens: 196, providerCost: 0.00095 + 0.019 });
    const { usage: elsewhere } = await observe(dialectAt('openai', '/v1/responses'), [Buffer.from(stream)]);
    expect(elsewhere).to.not.have.property('providerCost');
  });

  it('has a stream for every provider with streams of its own kind', () => {
    expect(new Set(STREAM_FIXTURES.map(providerOf)).size).to.equal(17);
  });
});
