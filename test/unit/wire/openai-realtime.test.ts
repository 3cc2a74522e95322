import { expect } from 'chai';
import type { Observation } from '../../../src/domain/dialect.js';
import { splitBuckets } from '../../../src/pricing/buckets.js';
import { addUsage, sumOfParts } from '../../../src/wire/make-usage.js';
import { openAiRealtime } from '../../../src/wire/openai-realtime.js';

function read(event: unknown): Observation {
  const observation: Observation = { failed: false, hasToken: false, complete: false };
  openAiRealtime.readEvent({ type: '', data: Buffer.from(typeof event === 'string' ? event : JSON.stringify(event)) }, observation);
  return observation;
}

const NOTHING = { failed: false, hasToken: false, complete: false };

describe('OpenAI realtime messages', () => {
  it('tell the model, and what each response used, audio and cache apart', () => {
    expect(read({ type: 'session.created', event_id: 'e', session: { model: 'gpt-realtime' } })).to.deep.equal({ ...NOTHING, responseModel: 'gpt-realtime' });
    const { usage, ...rest } = read({ event_id: 'e', type: 'response.done', response: {
      status: 'completed', usage: {
        total_tokens: 1090, input_tokens: 1000, output_tokens: 90,
        input_token_details: { text_tokens: 200, audio_tokens: 800, cached_tokens: 500, cached_tokens_details: { text_tokens: 0, audio_tokens: 500 } },
        output_token_details: { text_tokens: 30, audio_tokens: 60 },
      },
    } });
    expect(rest).to.deep.equal({ ...NOTHING, finishReason: 'completed' });
    expect(usage).to.deep.equal({
      inputTokens: 1000, outputTokens: 90, totalTokens: 1090, cachedTokens: 500, inputAudioTokens: 800, cachedAudioTokens: 500, outputAudioTokens: 60,
    });
    expect(splitBuckets(usage ?? {})).to.deep.include({ fresh: 200, cacheRead: 0, cachedAudio: 500, inputAudio: 300, output: 30, outputAudio: 60 });
  });

  it('tell errors, of the session and of a response', () => {
    expect(read({ type: 'error', event_id: 'e', error: { type: 'invalid_request_error', code: 'invalid_event', message: 'x' } }))
      .to.deep.equal({ ...NOTHING, failed: true, providerErrorType: 'invalid_event' });
    expect(read({ type: 'response.done', response: { status: 'failed', status_details: { type: 'failed', error: { type: 'server_error', code: null } } } }))
      .to.deep.equal({ ...NOTHING, failed: true, finishReason: 'failed', providerErrorType: 'server_error' });
  });

  it('are told apart from what speaks of them, and may be anything', () => {
    expect(read({ type: 'response.output_text.delta', delta: '"type":"response.done"' })).to.deep.equal({ ...NOTHING, hasToken: true });
    for (const event of ['', '{', '[]', 'null', '{"type":"response.done"', { type: 'response.done' }, { type: 'response.done', response: { usage: 'much' } }, { type: 7 }]) {
      expect(read(event)).to.deep.equal(NOTHING);
    }
  });
});

describe('usages together', () => {
  it('add up, also where one of them does not know', () => {
    const first = { inputTokens: 10, outputTokens: 5, cachedTokens: 3, serviceTier: 'default' };
    expect(addUsage(undefined, first)).to.deep.equal(first);
    expect(addUsage(first, { inputTokens: 1, reasoningTokens: 4, serviceTier: 'flex' }))
      .to.deep.equal({ inputTokens: 11, outputTokens: 5, cachedTokens: 3, reasoningTokens: 4, serviceTier: 'flex' });
    expect(first).to.deep.equal({ inputTokens: 10, outputTokens: 5, cachedTokens: 3, serviceTier: 'default' });
  });

  it('keep the provider\'s figure only where each has one', () => {
    const priced = { inputTokens: 10, outputTokens: 5, providerCost: 0.5 };
    expect(addUsage(priced, priced)).to.deep.equal({ inputTokens: 20, outputTokens: 10, providerCost: 1 });
    expect(addUsage(priced, { inputTokens: 1, outputTokens: 1 })).to.deep.equal({ inputTokens: 11, outputTokens: 6 });
    expect(addUsage({ inputTokens: 1, outputTokens: 1 }, priced)).to.deep.equal({ inputTokens: 11, outputTokens: 6 });
  });

  it('of parts at several models leave the models to the parts', () => {
    const parts = [{ model: 'a', inputTokens: 1, outputTokens: 2 }, { model: 'b', inputTokens: 10, outputTokens: 20 }];
    expect(sumOfParts(parts)).to.deep.equal({ inputTokens: 11, outputTokens: 22, parts });
    expect(sumOfParts([])).to.equal(undefined);
  });
});
