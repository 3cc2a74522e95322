import { expect } from 'chai';
import { noCounters, type ExportStatus } from '../../../src/exporter/protocol.js';
import { createMetrics, type Metrics } from '../../../src/server/metrics.js';
import { addTallies, RecordCounts } from '../../../src/server/record-counts.js';
import { FULL } from '../telemetry/exchanges.js';

const STATUS: ExportStatus = {
  state: 'backing-off', reason: 'HTTP 429', fix: null, target: undefined, backlogBytes: 1_234, retryBytes: 56, oldestTime: Date.now() - 90_000,
  heldIndices: [{ index: 'i', reason: 'r' }], lastError: 'HTTP 429', lastErrorAt: 1, lastSuccessAt: 2_000,
  counters: { ...noCounters(), exported: 7, deadLetters: 2 },
};
const LOG = { linesWritten: 11, bytesWritten: 12, appendFailures: 1, ioErrors: 0, slowWrites: 3, lastSlowWriteMs: undefined, lastSlowWriteAt: undefined, lastError: undefined, degradedSince: undefined };

describe('metrics', () => {
  const make = (status?: ExportStatus, counts = new RecordCounts([])): Metrics => createMetrics({
    version: '1.2.3', reloads: () => ({ ok: 5, failed: 6 }), records: () => counts.tally(), unpriced: () => 9, faults: () => 2, log: () => LOG,
    retention: () => ({ records: 4, bytes: 5, bytesOnDisk: 6 }), exporter: () => ({ status, restarts: 8 }),
  });
  const lines = async (metrics: Metrics): Promise<string[]> => (await metrics.text()).text.split('\n').filter((line) => line.startsWith('gateway_'));

  it('count records by known provider and class of status alone', async () => {
    const counts = new RecordCounts(['openai', 'groq']);
    const metrics = make(undefined, counts);
    for (const provider of ['openai', 'openai', 'groq', 'somebody\'s "text"']) counts.count({ ...FULL, provider });
    for (const statusCode of [499, 0, 99_999]) counts.count({ ...FULL, statusCode });
    expect((await lines(metrics)).filter((line) => line.startsWith('gateway_records_total'))).to.have.members([
      'gateway_records_total{provider="openai",status="2xx"} 2', 'gateway_records_total{provider="groq",status="2xx"} 1', 'gateway_records_total{provider="unknown",status="2xx"} 1',
      'gateway_records_total{provider="openai",status="4xx"} 1', 'gateway_records_total{provider="openai",status="1xx"} 1', 'gateway_records_total{provider="openai",status="5xx"} 1',
    ]);
    // Read twice, counted once.
    expect(await lines(metrics)).to.include('gateway_records_total{provider="openai",status="2xx"} 2');
  });

  it('tell of log, retention and exporter', async () => {
    const metrics = make(STATUS);
    metrics.bulks([20, 700]);
    const found = await lines(metrics);
    expect(found).to.include.members(['gateway_config_reloads_total{result="ok"} 5', 'gateway_config_reloads_total{result="failed"} 6']);
    expect(found).to.include.members([
      'gateway_unpriced_calls_total 9', 'gateway_faults_total 2', 'gateway_log_lines_total 11', 'gateway_log_append_failures_total 1', 'gateway_log_slow_writes_total 3', 'gateway_log_dropped_records_total 4', 'gateway_log_bytes 6',
      'gateway_export_records_total 7', 'gateway_export_dead_letters_total 2', 'gateway_export_thread_restarts_total 8', 'gateway_export_backlog_bytes 1234',
      'gateway_export_retry_bytes 56', 'gateway_export_held_indices 1', 'gateway_export_last_success_timestamp_seconds 2', 'gateway_export_bulk_seconds_count 2',
      'gateway_export_bulk_seconds_bucket{le="0.025"} 1', 'gateway_export_state{state="backing-off"} 1', 'gateway_export_state{state="idle"} 0', 'gateway_info{version="1.2.3"} 1',
    ]);
    const age = found.find((line) => line.startsWith('gateway_export_oldest_record_seconds'))?.split(' ')[1];
    expect(Number(age)).to.be.at.least(89); // and grows with the time that the tests take
  });

  it('of several processes are added up', () => {
    expect(addTallies({ a: [1, 2, 0, 0, 0] }, { a: [1, 0, 0, 0, 4], b: [0, 1, 0, 0, 0] })).to.deep.equal({ a: [2, 2, 0, 0, 4], b: [0, 1, 0, 0, 0] });
  });

  it('say off where nothing is exported', async () => {
    expect(await lines(make())).to.include.members(['gateway_export_state{state="off"} 1', 'gateway_export_records_total 0']);
  });
});
