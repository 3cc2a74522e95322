import { expect } from 'chai';
import type { Observation } from '../../../src/domain/dialect.js';
import { anthropicMessages } from '../../../src/wire/anthropic-messages.js';
import { anthropicUsage } from '../../../src/wire/anthropic-usage.js';

const COMPACTION = { type: 'compaction', input_tokens: 180_000, output_tokens: 3_500 };
const MESSAGE = { type: 'message', input_tokens: 23_000, output_tokens: 1_000 };

function stream(...events: { type: string }[]): Observation {
  const observation: Observation = { failed: false, hasToken: false, complete: false };
  for (const event of events) anthropicMessages.readEvent({ type: event.type, data: Buffer.from(JSON.stringify(event)) }, observation);
  return observation;
}

const start = (usage: object): { type: string } => ({
  type: 'message_start', message: { type: 'message', model: 'claude-opus-4-6', content: [], stop_reason: null, usage },
} as { type: string });
const delta = (usage: object, reason = 'end_turn'): { type: string } => (
  { type: 'message_delta', delta: { stop_reason: reason }, usage } as { type: string });
const TEXT = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'x' } };

describe('Anthropic usage of several iterations', () => {
  it('is their sum, and keeps each as a part', () => {
    const usage = anthropicUsage({ input_tokens: 23_000, output_tokens: 1_000, service_tier: 'standard', iterations: [COMPACTION, MESSAGE] });
    expect(usage).to.deep.equal({
      inputTokens: 203_000, outputTokens: 4_500, totalTokens: 207_500, serviceTier: 'standard',
      parts: [
        { inputTokens: 180_000, outputTokens: 3_500, totalTokens: 183_500, serviceTier: 'standard' },
        { inputTokens: 23_000, outputTokens: 1_000, totalTokens: 24_000, serviceTier: 'standard' },
      ],
    });
  });

  it('has no parts where the message is all there is', () => {
    const plain = { input_tokens: 5, output_tokens: 6 };
    for (const iterations of [undefined, null, [], [{ type: 'message', input_tokens: 5, output_tokens: 6 }], [{ ...MESSAGE, model: null }]]) {
      expect(anthropicUsage({ ...plain, iterations }), JSON.stringify(iterations)).to.deep.equal({ inputTokens: 5, outputTokens: 6, totalTokens: 11 });
    }
  });

  it('counts a compaction after which the answer pauses', () => {
    expect(anthropicUsage({ input_tokens: 0, output_tokens: 0, iterations: [COMPACTION] })).to.deep.include({ inputTokens: 180_000, outputTokens: 3_500 });
  });

  it('is uncertain where an entry cannot be read', () => {
    for (const entry of [null, 'x', { type: 'message' }, { type: 'message', input_tokens: 1 }, { type: 'message', input_tokens: -1, output_tokens: 1 }]) {
      expect(anthropicUsage({ input_tokens: 5, output_tokens: 6, iterations: [MESSAGE, entry] }), JSON.stringify(entry))
        .to.deep.equal({ inputTokens: 5, outputTokens: 6, totalTokens: 11, uncertain: true });
    }
  });

  it('says how many output tokens were thinking, which only the whole does', () => {
    const usage = anthropicUsage({ input_tokens: 1, output_tokens: 9, output_tokens_details: { thinking_tokens: 4 }, iterations: [COMPACTION, MESSAGE] });
    expect(usage?.reasoningTokens).to.equal(4);
    expect(usage?.parts?.[1]?.reasoningTokens).to.equal(undefined);
  });

  it('comes in a stream with the last event, over the counts of the first', () => {
    const { usage, finishReason } = stream(start({ input_tokens: 23_000, output_tokens: 1 }), TEXT,
      delta({ input_tokens: 23_000, output_tokens: 1_000, iterations: [COMPACTION, MESSAGE] }), { type: 'message_stop' });
    expect(finishReason).to.equal('end_turn');
    expect(usage).to.deep.include({ inputTokens: 203_000, outputTokens: 4_500 });
    expect(usage?.parts).to.have.length(2);
  });

  it('stays when a later event leaves the iterations out', () => {
    const { usage } = stream(start({ input_tokens: 1, output_tokens: 1 }), delta({ output_tokens: 1_000, iterations: [COMPACTION, MESSAGE] }), delta({ output_tokens: 1_000 }));
    expect(usage).to.deep.include({ inputTokens: 203_000, outputTokens: 4_500 });
  });

  it('names the region that the answer says, save where the model cannot choose', () => {
    expect(anthropicUsage({ input_tokens: 1, output_tokens: 1, inference_geo: 'us' })?.region).to.equal('us');
    expect(anthropicUsage({ input_tokens: 1, output_tokens: 1, inference_geo: 'not_available' })?.region).to.equal(undefined);
    expect(stream(start({ input_tokens: 1, output_tokens: 1, inference_geo: 'us' }), TEXT, delta({ output_tokens: 5 })).usage).to.deep.include({ region: 'us', outputTokens: 5 });
    const { parts } = anthropicUsage({ input_tokens: 1, output_tokens: 1, inference_geo: 'us', iterations: [COMPACTION, MESSAGE] }) ?? {};
    expect(parts?.map(({ region }) => region)).to.deep.equal(['us', 'us']);
  });
});

describe('a refusal of Anthropic\'s', () => {
  it('before any output is told from one after it, whatever the stream\'s first event counts', () => {
    const refused = (...events: { type: string }[]): boolean => stream(...events).usage?.refused === true;
    expect(refused(start({ input_tokens: 9, output_tokens: 1 }), delta({ output_tokens: 0 }, 'refusal'))).to.equal(true);
    expect(refused(start({ input_tokens: 9, output_tokens: 1 }), delta({ output_tokens: 1 }, 'refusal'))).to.equal(true);
    expect(refused(start({ input_tokens: 9, output_tokens: 1 }), TEXT, delta({ output_tokens: 7 }, 'refusal'))).to.equal(false);
    expect(refused(start({ input_tokens: 9, output_tokens: 1 }), delta({ output_tokens: 7 }))).to.equal(false);
  });

  it('of all models in turn is one, and after a compaction is none', () => {
    const body = (iterations: object[]): Observation => {
      const observation: Observation = { failed: false, hasToken: false, complete: false };
      anthropicMessages.readBody({ type: 'message', model: 'claude-opus-5', content: [], stop_reason: 'refusal', usage: { input_tokens: 9, output_tokens: 0, iterations } }, 200, observation);
      return observation;
    };
    const declined = { type: 'message', input_tokens: 9, output_tokens: 0 };
    expect(body([{ ...declined, model: 'claude-fable-5' }, { ...declined, model: 'claude-opus-5' }]).usage?.refused).to.equal(true);
    expect(body([COMPACTION, declined]).usage?.refused).to.equal(undefined);
  });
});
