import { expect } from 'chai';
import fc from 'fast-check';
import { BulkBody, sendBulk } from '../../../src/elastic/bulk.js';
import { judgeItem } from '../../../src/elastic/verdict.js';
import { ensureObjects } from '../../../src/elastic/ensure-objects.js';
import { LINE_OFFSETS, lineKey } from '../../../src/telemetry/line-format.js';
import { newRequestId } from '../../../src/domain/request-id.js';
import { recordLine } from '../../../src/telemetry/record-line.js';
import { oddExchange, wrongExchange } from '../../unit/telemetry/exchanges.js';
import { ExportHarness } from './harness.js';

describe('the mapping', () => {
  let harness: ExportHarness;

  before(async () => { harness = await ExportHarness.make(); });
  after(() => harness.dispose());

  it('takes the record of any exchange whatever', async () => {
    expect(await ensureObjects(harness.admin, harness.elasticsearch)).to.have.property('ready', true);
    await fc.assert(fc.asyncProperty(fc.array(fc.oneof(oddExchange, wrongExchange), { minLength: 1, maxLength: 200 }), async (exchanges) => {
      // Ids of their own, so that none answers for another.
      const lines = exchanges.map((exchange) => Buffer.from(recordLine({ ...exchange, requestId: newRequestId(Date.now()) }, { instance: 'test', version: '0.0.0', price: undefined })));
      expect(lines.every((line) => lineKey(line) !== undefined)).to.equal(true);
      const verdict = await sendBulk(harness.admin, { index: harness.daily(), body: new BulkBody(lines.map((bytes) => ({ bytes, ends: [bytes.length] })), LINE_OFFSETS, false), documents: lines.length });
      if (verdict.kind !== 'items') throw new Error(JSON.stringify(verdict));
      for (const [i, item] of verdict.items.entries()) expect(judgeItem(item), `${JSON.stringify(item)} ${lines[i]?.toString() ?? ''}`).to.equal('done');
    }), { numRuns: 40 });
  });
});
