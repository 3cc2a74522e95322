import type { ElasticsearchConfig } from '../../../src/config/config.js';
import { Supervisor } from '../../../src/exporter/supervisor.js';
import { openLog } from '../../../src/telemetry/log.js';
import { recordLine } from '../../../src/telemetry/record-line.js';
import { exchangeOf, QUICK, sleep } from './harness.js';

/** A process that writes and exports until it is killed, and tells its parent what it has written. */
const { dir, elasticsearch } = JSON.parse(process.env['EXPORT_TEST'] ?? '{}') as { dir: string; elasticsearch: ElasticsearchConfig };
const log = await openLog({ dir, fsync: 'never' });
const supervisor = new Supervisor({
  input: { dir, maxTelemetryBytes: 10 * 2 ** 30, elasticsearch, timing: QUICK },
  writers: new Map([[process.pid, log.writer]]),
  onLog: () => undefined,
});
for (;;) {
  const ids: string[] = [];
  for (let i = 0; i < 25; i++) {
    const exchange = exchangeOf();
    void log.append(recordLine(exchange, { instance: 'test', version: '0.0.0' }));
    ids.push(exchange.requestId);
  }
  supervisor.notify();
  process.send?.(ids);
  await sleep(10);
}
