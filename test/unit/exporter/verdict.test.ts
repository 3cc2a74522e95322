import { expect } from 'chai';
import type { ElasticAnswer } from '../../../src/elastic/client.js';
import { judgeAnswer, judgeItem, type ItemVerdict } from '../../../src/elastic/verdict.js';

const answer = (status: number, body: unknown = '', headers: Record<string, unknown> = {}): ElasticAnswer =>
  ({ status, body, headers, isJson: typeof body === 'object' && body !== null, isElasticsearch: true });
const error = (type: string, reason = ''): unknown => ({ error: { type, reason, root_cause: [{ type, reason }] } });
const created = { create: { status: 201 } };

describe('verdict on a whole answer', () => {
  it('counts an answer with as many items as were sent', () => {
    expect(judgeAnswer(answer(200, { errors: false, items: [created, created] }), 2).kind).to.equal('items');
    expect(judgeAnswer(answer(200, { errors: true, items: [] }), 0).kind).to.equal('items');
  });

  const uncounted: [string, ElasticAnswer][] = [
    ['one item too few', answer(200, { errors: false, items: [created] })],
    ['one item too many', answer(200, { errors: false, items: [created, created, created] })],
    ['no items', answer(200, { errors: false })],
    ['errors that is no boolean', answer(200, { errors: 'false', items: [created, created] })],
    ['no errors', answer(200, { items: [created, created] })],
    ['an item without a status', answer(200, { errors: false, items: [created, { create: {} }] })],
    ['an item of another operation', answer(200, { errors: false, items: [created, { index: { status: 201 } }] })],
    ['text', answer(200, '{"errors":false,"items":[')],
    ['a list', answer(200, [])],
    ['nothing', answer(204)],
  ];
  for (const [name, given] of uncounted) {
    it(`takes 2xx with ${name} for a failure that may have had its effect`, () => {
      expect(judgeAnswer(given, 2)).to.include({ kind: 'retry', ambiguous: true });
    });
  }

  const rows: [number, string][] = [
    [301, 'hold'], [302, 'hold'], [307, 'hold'], [308, 'hold'], [401, 'hold'], [403, 'hold'], [404, 'hold'], [413, 'split'],
    [400, 'retry'], [402, 'retry'], [405, 'retry'], [406, 'retry'], [408, 'retry'], [409, 'retry'], [410, 'retry'], [418, 'retry'], [422, 'retry'],
    [429, 'retry'], [499, 'retry'], [500, 'retry'], [501, 'retry'], [502, 'retry'], [503, 'retry'], [504, 'retry'], [520, 'retry'], [599, 'retry'], [0, 'retry'], [100, 'retry'],
  ];
  for (const [status, kind] of rows) {
    it(`${String(status)} → ${kind}`, () => {
      expect(judgeAnswer(answer(status, error('some_exception', 'why')), 2).kind).to.equal(kind);
      expect(judgeAnswer(answer(status, ''), 2).kind).to.equal(kind);
    });
  }

  it('knows no other status than 2xx that settles anything', () => {
    for (let status = 0; status < 1_000; status++) {
      if (status >= 200 && status < 300) continue;
      expect(judgeAnswer(answer(status, { errors: false, items: [created] }), 1).kind, String(status)).not.to.equal('items');
    }
  });

  it('takes 429 alone for surely without effect', () => {
    expect(judgeAnswer(answer(429), 1)).to.include({ ambiguous: false, overloaded: true });
    for (const status of [400, 408, 500, 502, 503, 504]) expect(judgeAnswer(answer(status), 1), String(status)).to.include({ ambiguous: true, overloaded: false });
  });

  it('reads Retry-After in seconds and as a date, an hour at most', () => {
    const after = (value: string): unknown => (judgeAnswer(answer(503, '', { 'retry-after': value }), 1) as { retryAfterMs?: number }).retryAfterMs;
    expect(after('7')).to.equal(7_000);
    expect(after('999999')).to.equal(3_600_000);
    expect(after(new Date(Date.now() + 60_000).toUTCString())).to.be.within(55_000, 60_000);
    for (const nonsense of ['', 'soon', '0', '-4', new Date(0).toUTCString()]) expect(after(nonsense), nonsense).to.equal(undefined);
  });
});

describe('verdict on one document', () => {
  const rows: [number, string, string, ItemVerdict][] = [
    [201, '', '', 'done'],
    [409, 'version_conflict_engine_exception', 'document already exists', 'exists'],
    [409, '', '', 'exists'],
    [409, 'another_exception', '', 'retry'],
    [200, '', '', 'retry'],
    [202, '', '', 'retry'],
    [400, 'mapper_parsing_exception', '', 'dead-letter'],
    [400, 'document_parsing_exception', '', 'dead-letter'],
    [400, 'strict_dynamic_mapping_exception', '', 'dead-letter'],
    [400, 'illegal_argument_exception', 'Document contains at least one immense term in field="model"', 'dead-letter'],
    [400, 'illegal_argument_exception', 'something else', 'retry'],
    [400, 'index_closed_exception', 'closed', 'hold-index'],
    [400, 'validation_exception', 'this action would add [2] shards, but this cluster currently has [1000]/[1000] maximum normal shards open', 'hold-index'],
    [400, 'invalid_alias_name_exception', 'an index or data stream exists with the same name as the alias', 'hold-index'],
    [400, 'invalid_index_name_exception', '', 'hold-index'],
    [400, 'resource_already_exists_exception', '', 'hold-index'],
    [400, 'illegal_argument_exception', 'no write index is defined for alias [x]', 'hold-index'],
    [400, 'illegal_argument_exception', 'pipeline with id [x] does not exist', 'hold-index'],
    [400, 'unheard_of_exception', '', 'retry'],
    [403, 'cluster_block_exception', 'index [x] blocked by: [FORBIDDEN/8/index write (api)]', 'hold-index'],
    [403, 'security_exception', '', 'hold-index'],
    [404, 'index_not_found_exception', '', 'hold-index'],
    [408, '', '', 'retry'],
    [429, 'es_rejected_execution_exception', '', 'retry'],
    [429, 'cluster_block_exception', '', 'retry'],
    [500, 'mapper_parsing_exception', '', 'retry'],
    [503, 'unavailable_shards_exception', '', 'retry'],
    [418, '', '', 'retry'],
  ];
  for (const [status, type, reason, verdict] of rows) {
    it(`${String(status)} ${type} ${reason.slice(0, 40)} → ${verdict}`, () => { expect(judgeItem({ status, type, reason })).to.equal(verdict); });
  }

  it('is done for 201 alone, and dead for 400 alone', () => {
    for (let status = 0; status < 1_000; status++) {
      const verdict = judgeItem({ status, type: 'document_parsing_exception', reason: 'immense term' });
      if (status !== 201) expect(verdict, String(status)).not.to.equal('done');
      if (status !== 400) expect(verdict, String(status)).not.to.equal('dead-letter');
    }
  });
});
