import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { findUnpricedCalls } from '../../../src/telemetry/unpriced-calls.js';

describe('calls without a price', () => {
  let dir: string;
  beforeEach(async () => { dir = await mkdtemp(join(tmpdir(), 'unpriced-')); });
  afterEach(async () => { await rm(dir, { recursive: true }); });

  const line = (fields: object): string => `${JSON.stringify({ timestamp: '2026-10-01T00:00:00.000Z', provider: 'openai', model: 'own', input_tokens: 1, ...fields })}\n`;

  it('are none where there is no log', async () => {
    expect(await findUnpricedCalls(join(dir, 'missing'))).to.deep.equal({ counted: 0, models: [] });
  });

  it('are counted over all segments, torn and foreign lines passed over', async () => {
    await writeFile(join(dir, '00000001-7-aa.ndjson'), [
      line({}), line({ cost: 0 }), line({ input_tokens: undefined }), line({ response_model: 'own' }), '{"half":"input_tokens":\n', '\n', line({ provider: 7 }),
      line({ model: undefined, response_model: 'answered' }),
    ].join(''));
    await writeFile(join(dir, '00000002-8-bb.ndjson'), `${line({ timestamp: '2026-10-02T00:00:00.000Z' })}${line({ timestamp: '2026-09-30T00:00:00.000Z' })}${line({}).slice(0, 40)}`);
    await writeFile(join(dir, 'notes.txt'), line({ model: 'not a segment' }));
    const { models, counted } = await findUnpricedCalls(dir);
    expect(models).to.deep.equal([
      { provider: 'openai', model: 'own', calls: 4, lastSeen: '2026-10-02T00:00:00.000Z' },
      { provider: 'openai', model: 'answered', calls: 1, lastSeen: '2026-10-01T00:00:00.000Z' },
    ]);
    expect(counted).to.equal(8);
  });
});
