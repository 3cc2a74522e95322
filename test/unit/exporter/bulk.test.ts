import { expect } from 'chai';
import { BulkBody, framingBytes, sendBulk } from '../../../src/elastic/bulk.js';
import type { Elastic, ElasticRequest } from '../../../src/elastic/client.js';
import { TIMING } from '../../../src/exporter/timing.js';
import { LINE_OFFSETS, lineKey, lineTime } from '../../../src/telemetry/line-format.js';
import { recordLine } from '../../../src/telemetry/record-line.js';
import { FULL } from '../telemetry/exchanges.js';

const line = (model: string): Buffer => Buffer.from(recordLine({ ...FULL, model, receivedAt: Date.parse('2026-11-25T08:09:10.011Z') }, { instance: 'test', version: '0' }));

const whole = (body: BulkBody): Buffer => Buffer.concat([...body.pieces()]);

describe('bulk body', () => {
  const lines = [line('gpt-4o'), line('модель "é" \u2028'), line('')];
  const [first, ...others] = lines as [Buffer, Buffer, Buffer];
  const runs = [
    { bytes: first, ends: [first.length] },
    { bytes: Buffer.concat(others), ends: [others[0].length, others[0].length + others[1].length] },
  ];

  it('is an action with the line\'s own id, then the line as it stands', () => {
    const parts = whole(new BulkBody(runs, LINE_OFFSETS, false)).toString().split('\n');
    expect(parts.pop()).to.equal('');
    for (const [i, bytes] of lines.entries()) {
      expect(JSON.parse(parts[2 * i] ?? '')).to.deep.equal({ create: { _id: lineKey(bytes)?.id } });
      expect(`${parts[2 * i + 1] ?? ''}\n`).to.equal(bytes.toString());
    }
    expect(new BulkBody(runs, LINE_OFFSETS, false).bytes).to.equal(lines.reduce((sum, { length }) => sum + length + framingBytes(LINE_OFFSETS), 0));
  });

  it('is made in memory that was used before, where it fits', () => {
    const before = whole(new BulkBody(runs, LINE_OFFSETS, false));
    const memory = Buffer.alloc(before.length + 100, 'x');
    const again = new BulkBody(runs, LINE_OFFSETS, false, memory);
    expect(whole(again).equals(before)).to.equal(true);
    expect(again.memory).to.equal(memory);
    expect(memory.subarray(0, before.length).equals(before)).to.equal(true);
    expect(whole(new BulkBody(runs, LINE_OFFSETS, false, Buffer.alloc(before.length - 1))).equals(before)).to.equal(true);
  });

  it('is made piece by piece, each time the same, and says when nothing is written any more', () => {
    const many = Array.from({ length: 3_000 }, () => ({ bytes: first, ends: [first.length] }));
    const body = new BulkBody(many, LINE_OFFSETS, false);
    const pieces = body.pieces();
    const made = [pieces.next().value as Buffer];
    expect(made[0]?.length).to.be.within(512 * 1024, 520 * 1024);
    expect(body.isWhole).to.equal(false);
    for (const piece of pieces) made.push(piece);
    expect(body.isWhole).to.equal(true);
    expect(made.length).to.be.greaterThan(2);
    const bytes = Buffer.concat(made);
    expect(bytes.length).to.equal(body.bytes);
    expect(bytes.toString().split('\n')).to.have.length(6_001);
    const second = body.pieces();
    second.next();
    expect(body.isWhole).to.equal(false);
    expect(whole(body).equals(bytes)).to.equal(true);
  });

  it('gives data streams their @timestamp', () => {
    const parts = whole(new BulkBody(runs, LINE_OFFSETS, true)).toString().split('\n');
    for (const [i, bytes] of lines.entries()) {
      const document = JSON.parse(parts[2 * i + 1] ?? '') as Record<string, unknown>;
      expect(document['@timestamp']).to.equal('2026-11-25T08:09:10.011Z');
      delete document['@timestamp'];
      expect(document).to.deep.equal(JSON.parse(bytes.toString()));
    }
  });
});

describe('a bulk request', () => {
  it('lets the server give up before we do, and asks for no more than is read', async () => {
    const sent: ElasticRequest[] = [];
    const elastic: Elastic = {
      request: (request) => {
        sent.push(request);
        return Promise.resolve({ status: 200, body: { errors: false, items: [{ create: { status: 201 } }] }, headers: {}, isJson: true, isElasticsearch: true });
      },
      close: () => Promise.resolve(),
    };
    const body = new BulkBody([{ bytes: line('m'), ends: [line('m').length] }], LINE_OFFSETS, false);
    expect(await sendBulk(elastic, { index: 'lab-2026-11-25', body, documents: 1, timeoutMs: TIMING.bulkTimeoutMs })).to.have.property('kind', 'items');
    expect(sent).to.deep.equal([{
      method: 'POST', path: '/lab-2026-11-25/_bulk', body, timeoutMs: 60_000,
      query: { timeout: '30s', filter_path: 'errors,items.*.status,items.*.error.type,items.*.error.reason,items.*.error.caused_by' },
    }]);
  });
});

describe('a line\'s key', () => {
  it('is its id and its date', () => {
    const bytes = line('m');
    expect(lineKey(bytes)).to.deep.equal({ id: (JSON.parse(bytes.toString()) as { request_id: string }).request_id, date: '2026-11-25' });
    expect(lineTime(bytes)).to.equal(Date.parse('2026-11-25T08:09:10.011Z'));
  });

  it('is none where the line is none of ours', () => {
    const good = line('m').toString();
    for (const bad of ['\n', '{}\n', good.slice(0, 80) + '\n', good.replace('request_id', 'requestxid'), good.replace(/"01/, '"0i'), good.replace('2026-11', '2026/11'), good.replace('}\n', '\n'), '\0'.repeat(600) + '\n']) {
      expect(lineKey(Buffer.from(bad)), JSON.stringify(bad)).to.equal(undefined);
    }
  });
});
