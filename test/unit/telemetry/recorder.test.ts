import { expect } from 'chai';
import { createRecorder, type RecorderOptions } from '../../../src/telemetry/recorder.js';
import type { PriceQuery } from '../../../src/pricing/price.js';
import { BARE, FULL } from './exchanges.js';

function recorder(options: Partial<RecorderOptions> = {}): { record: ReturnType<typeof createRecorder>; lines: string[] } {
  const lines: string[] = [];
  const record = createRecorder({
    log: { append: (line) => { lines.push(line); } }, price: () => undefined, instance: 'i-abcd', version: '1', ...options,
  });
  return { record, lines };
}

describe('the recorder', () => {
  it('appends one line per exchange, priced by what was used', () => {
    const asked: PriceQuery[] = [];
    const { record, lines } = recorder({ price: (query) => { asked.push(query); return { cost: 0.5, source: 'override', version: 'v' }; } });
    expect(record(FULL)).to.equal(undefined);
    expect(lines).to.have.length(1);
    expect(JSON.parse(lines[0] as string)).to.include({ cost: 0.5, price_source: 'override', gateway_instance: 'i-abcd', gateway_version: '1' });
    expect(asked).to.deep.equal([{ provider: 'openai', model: 'gpt-4o', responseModel: 'gpt-4o-2024-08-06', usage: FULL.usage, at: FULL.receivedAt }]);
  });
  it('asks for no price where nothing was used', () => {
    const { record, lines } = recorder({ price: () => expect.fail('asked') });
    void record(BARE);
    expect(lines).to.have.length(1);
  });
  it('hands on the promise that the last byte awaits', async () => {
    let written = false;
    const { record } = recorder({ log: { append: () => new Promise((resolve) => { setImmediate(() => { written = true; resolve(); }); }) } });
    await record(FULL);
    expect(written).to.equal(true);
  });
  it('does not let a pricer or an observer break the call', () => {
    const fail = (): never => { throw new Error('no'); };
    const { record, lines } = recorder({ price: fail, onRecord: fail });
    void record(FULL);
    expect(JSON.parse(lines[0] as string)).to.not.have.property('cost');
  });
  it('tells its observer after the append, with the price', () => {
    const seen: unknown[] = [];
    const { record, lines } = recorder({ price: () => ({ cost: 1, source: 'provider', version: '' }), onRecord: (exchange, price) => { seen.push([lines.length, exchange.requestId, price?.cost]); } });
    void record(FULL);
    expect(seen).to.deep.equal([[1, FULL.requestId, 1]]);
  });
});
