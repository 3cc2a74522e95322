import { expect } from 'chai';
import type { Observation } from '../../../src/domain/dialect.js';
import { BackgroundResponses } from '../../../src/gateway/background-responses.js';

function observe(id: string, stored: boolean, finished: boolean): Observation {
  return {
    failed: false, hasToken: false, complete: false, background: { id, stored },
    ...(finished ? { usage: { inputTokens: 1, outputTokens: 2 } } : {}),
  };
}

/** Whether the usage of a finished response that is read counts. */
function counts(responses: BackgroundResponses, id: string, provider = 'openai'): boolean {
  const observation = observe(id, true, true);
  responses.settle(provider, observation);
  return observation.usage !== undefined;
}

describe('responses in the background', () => {
  it('count at the first reading that shows them finished, and then no more', () => {
    const responses = new BackgroundResponses();
    responses.settle('openai', observe('a', false, false));
    responses.settle('openai', observe('a', true, false));
    expect(counts(responses, 'a', 'azure-openai'), 'of another provider').to.equal(false);
    expect(counts(responses, 'a')).to.equal(true);
    expect(counts(responses, 'a')).to.equal(false);
  });

  it('that were finished when they were made have counted', () => {
    const responses = new BackgroundResponses();
    const made = observe('a', false, true);
    responses.settle('openai', made);
    expect(made.usage).to.not.equal(undefined);
    expect(counts(responses, 'a')).to.equal(false);
  });

  it('are forgotten, the oldest first, when there are too many', () => {
    const responses = new BackgroundResponses();
    for (let i = 0; i <= 10_000; i++) responses.settle('openai', observe(`r${i}`, false, false));
    expect(counts(responses, 'r0')).to.equal(false);
    expect(counts(responses, 'r1')).to.equal(true);
    expect(counts(responses, 'r10000')).to.equal(true);
  });
});
