import { expect } from 'chai';
import { judgeReadiness, type ReadinessInput } from '../../../src/server/readiness.js';

const good: ReadinessInput = {
  stopping: false, refusing: false,
  log: { writable: true, lines_written: 9, append_failures: 0, slow_writes: 0, last_slow_write_ms: null, slow_lately: false, full: false, dropped_records: 0, dropped_lately: false },
  elasticsearch: { enabled: true, state: 'shipping', reason: null, fix: null, backlog_bytes: 0, oldest_unexported_seconds: null },
};
const judge = (change: Partial<ReadinessInput>): ReturnType<typeof judgeReadiness> => judgeReadiness({ ...good, ...change });

describe('readiness', () => {
  it('is ready where all is well, and shows the parts', () => {
    expect(judge({})).to.deep.equal({ status: 'ready', reasons: [], log: good.log, elasticsearch: good.elasticsearch });
  });
  for (const state of ['off', 'idle', 'shipping']) {
    it(`is ready while the export is ${state}`, () => expect(judge({ elasticsearch: { ...good.elasticsearch, state } }).status).to.equal('ready'));
  }
  for (const state of ['backing-off', 'holding', 'waiting-for-template']) {
    it(`is degraded while the export is ${state}, with the reason: requests are taken`, () => {
      const { status, reasons } = judge({ elasticsearch: { ...good.elasticsearch, state, reason: 'no privilege' } });
      expect([status, reasons]).to.deep.equal(['degraded', ['Export to Elasticsearch waits: no privilege']]);
      expect(judge({ elasticsearch: { ...good.elasticsearch, state } }).reasons[0]).to.include(state);
    });
  }
  for (const [what, log, word] of [
    ['cannot be written', { writable: false }, 'being lost'], ['is full', { full: true }, 'dropped'], ['had to drop records', { dropped_records: 12, dropped_lately: true }, '12 records were dropped'], ['is slow', { slow_writes: 2, last_slow_write_ms: 70, slow_lately: true }, '70 ms'],
  ] as const) {
    it(`is degraded where the log ${what}`, () => {
      const { status, reasons } = judge({ log: { ...good.log, ...log } });
      expect(status).to.equal('degraded');
      expect(reasons).to.have.length(1);
      expect(reasons[0]).to.include(word);
    });
  }
  it('is ready again some time after a slow write, which stays counted', () => {
    expect(judge({ log: { ...good.log, slow_writes: 2, last_slow_write_ms: 70 } })).to.deep.include({ status: 'ready', reasons: [] });
  });
  it('is unavailable while it stops or refuses, each said once', () => {
    expect(judge({ stopping: true })).to.deep.include({ status: 'unavailable', reasons: ['The gateway is stopping.'] });
    const full = judge({ refusing: true, log: { ...good.log, full: true } });
    expect(full.status).to.equal('unavailable');
    expect(full.reasons).to.have.length(1);
  });
});
