import { expect } from 'chai';
import { errorOf, refusal, type Answer } from '../../../src/elastic/answers.js';

const answer = (body: unknown, status = 400): Answer => (({ status, isJson: true, isElasticsearch: true, body, headers: {} }));
const FIELDDATA = 'Fielddata is disabled on [provider] in [lab-000001].';

describe('the reason of an error answer', () => {
  it('is that of the shard where a search failed on its shards', () => {
    const cause = { type: 'illegal_argument_exception', reason: FIELDDATA };
    const partial = { error: { type: 'search_phase_execution_exception', reason: 'Partial shards failure', root_cause: [cause], failed_shards: [{ reason: cause }] }, status: 400 };
    expect(errorOf(answer(partial))).to.deep.equal({ type: 'illegal_argument_exception', reason: FIELDDATA });
    const nested = { error: { ...partial.error, root_cause: [], failed_shards: [{ reason: { type: 'query_shard_exception', reason: 'failed to create query', caused_by: cause } }] } };
    expect(errorOf(answer(nested)).reason).to.equal(FIELDDATA);
    expect(refusal(answer(partial), 'search lab').fix).to.match(/es verify --only mapping/);
  });

  it('is the deepest cause, else the root cause, else its own', () => {
    expect(errorOf(answer({ error: { type: 'a', reason: 'outer', caused_by: { reason: 'middle', caused_by: { reason: 'deepest' } }, root_cause: [{ type: 'r', reason: 'root' }] } })).reason).to.equal('deepest');
    expect(errorOf(answer({ error: { type: 'a', reason: 'outer', root_cause: [{ type: 'r', reason: 'root' }] } }))).to.deep.equal({ type: 'r', reason: 'root' });
    expect(errorOf(answer({ error: { type: 'a', reason: 'outer' } }))).to.deep.equal({ type: 'a', reason: 'outer' });
    expect(errorOf(answer({}, 502)).reason).to.equal('HTTP 502');
  });
});
