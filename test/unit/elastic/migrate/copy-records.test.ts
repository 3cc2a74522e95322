import { expect } from 'chai';
import { Failure } from '../../../../src/domain/failure.js';
import { ElasticUnreachable, type Elastic, type ElasticAnswer, type ElasticRequest } from '../../../../src/elastic/client.js';
import { copyRecords } from '../../../../src/elastic/migrate/copy-records.js';
import type { OldRecord } from '../../../../src/elastic/migrate/old-records.js';

const record = (id: string, source: Record<string, unknown> = {}): OldRecord => ({ id, day: '2026-01-01', source });
const indexOf = (day: string): string => `lab-${day}`;
const answer = (status: number, body: unknown): ElasticAnswer => ({ status, body, headers: {}, isJson: true, isElasticsearch: true });
const idsOf = (request: ElasticRequest): string[] => String(request.body).trimEnd().split('\n').filter((_, i) => i % 2 === 0).map((line) => (JSON.parse(line) as { create: { _id: string } }).create._id);
const items = (request: ElasticRequest, status: (id: string) => number, error?: object): ElasticAnswer =>
  answer(200, { errors: true, items: idsOf(request).map((id) => ({ create: { status: status(id), ...(status(id) >= 400 && { error: error ?? { type: 'x', reason: 'y' } }) } })) });

const cut = (): never => { throw new ElasticUnreachable('cut', 'connection', true, undefined); };

/** Answers one after the other; each request's ids are kept. */
function cluster(...answers: ((request: ElasticRequest) => ElasticAnswer)[]): { elastic: Elastic; asked: string[][]; pauses: number[]; pause: (ms: number) => Promise<void> } {
  const asked: string[][] = [];
  const pauses: number[] = [];
  return {
    asked, pauses,
    pause: (ms) => { pauses.push(ms); return Promise.resolve(); },
    elastic: {
      request: (request) => {
        asked.push(idsOf(request));
        const next = answers.length > 1 ? answers.shift() : answers[0];
        return new Promise((resolve) => { resolve((next ?? cut)(request)); });
      },
      close: () => Promise.resolve(),
    },
  };
}

describe('copying records', () => {
  it('counts what is written and what is there already', async () => {
    const { elastic } = cluster((request) => items(request, (id) => (id === 'b' ? 409 : 201), { type: 'version_conflict_engine_exception', reason: 'exists' }));
    expect(await copyRecords(elastic, [record('a'), record('b')], indexOf)).to.deep.equal({ copied: 1, present: 1, refused: [] });
  });

  it('offers again, after a pause, only what the cluster was too busy for', async () => {
    const { elastic, asked, pauses, pause } = cluster((request) => items(request, (id) => (id === 'a' ? 201 : 429)), () => answer(503, { error: { type: 'x', reason: 'y' } }), (request) => items(request, () => 201));
    expect(await copyRecords(elastic, [record('a'), record('b')], indexOf, pause)).to.include({ copied: 2 });
    expect(asked).to.deep.equal([['a', 'b'], ['b'], ['b']]);
    expect(pauses).to.deep.equal([500, 1000]);
  });

  it('offers again what may have arrived when the connection broke: it is there, not doubled', async () => {
    const { elastic, pause } = cluster(cut, (request) => items(request, () => 409, { type: 'version_conflict_engine_exception', reason: 'exists' }));
    expect(await copyRecords(elastic, [record('a')], indexOf, pause)).to.deep.equal({ copied: 0, present: 1, refused: [] });
  });

  it('gives up with a Failure when the cluster stays busy, or must not be asked', async () => {
    const busy = cluster((request) => items(request, () => 429));
    expect(await copyRecords(busy.elastic, [record('a')], indexOf, busy.pause).catch((error: unknown) => error)).to.be.instanceOf(Failure).with.property('code', 'es_migrate_busy');
    const forbidden = cluster(() => answer(403, { error: { type: 'security_exception', reason: 'no' } }));
    expect(await copyRecords(forbidden.elastic, [record('a')], indexOf).catch((error: unknown) => error)).to.be.instanceOf(Failure).with.property('code', 'es_migrate_stopped');
    expect(forbidden.asked).to.have.length(1);
  });

  it('halves what is too large for one request, and names a record that is too large alone', async () => {
    const { elastic, asked } = cluster((request) => (idsOf(request).includes('c') ? answer(413, {}) : items(request, () => 201)));
    const result = await copyRecords(elastic, ['a', 'b', 'c', 'd'].map((id) => record(id)), indexOf);
    expect(result).to.deep.equal({ copied: 3, present: 0, refused: [{ id: 'c', reason: 'it is larger than the server takes' }] });
    expect(asked).to.deep.equal([['a', 'b', 'c', 'd'], ['a', 'b'], ['c', 'd'], ['c'], ['d']]);
  });

  it('keeps a request within 4 MiB', async () => {
    const { elastic, asked } = cluster((request) => items(request, () => 201));
    const large = { text: 'x'.repeat(3 * 2 ** 20) };
    await copyRecords(elastic, [record('a', large), record('b', large), record('c')], indexOf);
    expect(asked).to.deep.equal([['a'], ['b', 'c']]);
  });

  it('names what has no day, and what its index refuses, with the server\'s reason', async () => {
    const { elastic, asked } = cluster((request) => items(request, () => 400, { type: 'document_parsing_exception', reason: 'failed to parse field [cost]' }));
    const result = await copyRecords(elastic, [record('a'), { id: 'b', day: undefined, source: {} }], indexOf);
    expect(result.refused).to.deep.equal([{ id: 'b', reason: 'it has no timestamp that says a day' }, { id: 'a', reason: 'document_parsing_exception: failed to parse field [cost]' }]);
    expect(asked).to.deep.equal([['a']]);
  });
});
