import { calcPrice, findProvider } from '@pydantic/genai-prices';
import { expect } from 'chai';
import { loadLibraryPrices } from '../../../src/pricing/library-prices.js';
import { libraryTable } from '../../../src/pricing/library-table.js';
import { priceAt, type ScheduledPrice } from '../../../src/pricing/schedule.js';

const input = (schedule: readonly ScheduledPrice[], at: string): unknown => priceAt(schedule, Date.parse(at))?.input;

describe('a price that changes with time', () => {
  it('is the last one that holds, else the first', () => {
    const schedule: ScheduledPrice[] = [{ table: { input: 1 } }, { from: Date.UTC(2026, 0, 1), table: { input: 2 } }, { from: Date.UTC(2026, 6, 1), table: undefined }];
    expect(input(schedule, '2025-12-31T23:59:59Z')).to.equal(1);
    expect(input(schedule, '2026-01-01T00:00:00Z')).to.equal(2);
    expect(priceAt(schedule, Date.UTC(2026, 6, 1)), 'no longer known').to.equal(undefined);
    expect(priceAt(schedule, Number.NaN)).to.equal(undefined);
  });

  it('knows times of the day, also over midnight', () => {
    const day: ScheduledPrice[] = [{ table: { input: 1 } }, { hours: { start: '01:00:00', end: '04:00:00' }, table: { input: 2 } }];
    expect(['00:59:59', '01:00:00', '03:59:59', '04:00:00'].map((time) => input(day, `2026-11-25T${time}Z`))).to.deep.equal([1, 2, 2, 1]);
    const night: ScheduledPrice[] = [{ table: { input: 1 } }, { hours: { start: '22:00:00', end: '02:00:00' }, table: { input: 2 } }];
    expect(['21:59:59', '22:00:00', '01:59:59', '02:00:00'].map((time) => input(night, `2026-11-25T${time}Z`))).to.deep.equal([1, 2, 2, 1]);
  });

  it('knows working days: no weekend, no public holiday', () => {
    const schedule: ScheduledPrice[] = [{ table: { input: 1 } }, { workdays: true, hours: { start: '01:00:00', end: '04:00:00' }, table: { input: 2 } }];
    expect(input(schedule, '2026-11-27T02:00:00Z'), 'Friday').to.equal(2);
    expect(input(schedule, '2026-11-28T02:00:00Z'), 'Saturday').to.equal(1);
    expect(input(schedule, '2026-11-29T02:00:00Z'), 'Sunday').to.equal(1);
    expect(input(schedule, '2026-11-30T02:00:00Z'), 'Monday').to.equal(2);
    expect(input(schedule, '2026-10-01T02:00:00Z'), 'a national holiday on a Thursday').to.equal(1);
  });

  it('holds for DeepSeek: half price outside of the peak hours of working days', async () => {
    const library = await loadLibraryPrices();
    const cost = (model: string, at: string): unknown => library.find('deepseek', model, Date.parse(at))?.table.input;
    expect(cost('deepseek-v4-pro', '2026-11-28T02:00:00Z'), 'Saturday').to.equal(0.66);
    expect(cost('deepseek-v4-pro', '2026-11-27T02:00:00Z'), 'Friday').to.equal(1.32);
    expect(cost('deepseek-v4-pro', '2026-11-27T05:00:00Z'), 'between the peaks').to.equal(0.66);
    expect(cost('deepseek-v4-pro', '2026-08-22T02:00:00Z'), 'a Saturday before the weekend was cheaper').to.equal(1.32);
    expect(cost('deepseek-v4-flash', '2026-11-27T05:00:00Z')).to.equal(0.15);
    expect(cost('deepseek-v4-flash', '2026-09-01T05:00:00Z'), 'before V4.1').to.equal(0.22);
    expect(cost('deepseek-v4-flash', '2026-08-01T02:00:00Z'), 'before there were peaks').to.equal(0.14);
    expect(cost('deepseek-flash', '2026-11-27T07:00:00Z')).to.equal(0.3);
  });

  it('is chosen as the library itself chooses', async () => {
    const library = await loadLibraryPrices();
    const times = [Date.UTC(2024, 5, 1), Date.UTC(2025, 5, 10, 3), Date.UTC(2025, 11, 24, 16, 30), Date.UTC(2026, 7, 27), Date.UTC(2026, 9, 5, 23, 59, 59)];
    let compared = 0;
    for (const providerId of ['openai', 'anthropic', 'google', 'x-ai', 'groq', 'mistral', 'moonshotai']) {
      for (const model of findProvider({ providerId })?.models ?? []) {
        if (!Array.isArray(model.prices)) continue;
        for (const at of times) {
          const ours = library.find(providerId, model.id, at);
          if (ours?.source !== 'genai-prices') continue;
          compared += 1;
          const theirs = calcPrice({}, model.id, { providerId, timestamp: new Date(at) });
          expect(ours.table, `${model.id} at ${at}`).to.deep.equal(theirs === null ? undefined : libraryTable(theirs.model_price));
        }
      }
    }
    expect(compared).to.be.greaterThan(20);
  });
});
