import { expect } from 'chai';
import { dayOf } from '../../../../src/elastic/migrate/old-records.js';

describe('the day of an old record', () => {
  for (const [timestamp, day] of [
    ['2026-01-31T23:59:59.999Z', '2026-01-31'],
    ['2026-01-31T23:59:59.123456789Z', '2026-01-31'],
    ['2026-01-31T23:30:00-01:00', '2026-02-01'],
    ['2026-01-31T23:59:59', '2026-01-31'],
    ['2026-01-31', '2026-01-31'],
    [Date.parse('2026-01-31T12:00:00Z'), '2026-01-31'],
    [String(Date.parse('2026-01-31T12:00:00Z')), '2026-01-31'],
    ['yesterday', undefined], ['', undefined], [undefined, undefined], [null, undefined], [{}, undefined], [true, undefined], [1e20, undefined], [-1e12, undefined],
  ] as const) {
    it(`${timestamp === undefined ? 'absent' : JSON.stringify(timestamp)} is ${day ?? 'no day'}`, () => { expect(dayOf(timestamp)).to.equal(day); });
  }
});
