import { goalsTable } from './goals.js';
import type { BenchResult } from './result.js';
import { number } from './format.js';
import { caption, costTable, latencyTable, tlsTable, workersTable } from './tables.js';

/** Everything that a run found, as Markdown for a terminal. */
export function printResult(result: BenchResult): string {
  const { soak = [], exporter, startTime } = result;
  return [
    caption(result),
    costTable(result),
    latencyTable(result),
    tlsTable(result),
    workersTable(result),
    ...soak.map(({ target, requests, residentMb }) => `${target}: RSS over ${number(requests)} requests, MB: ${residentMb.map((mb) => number(mb)).join(' ')}`),
    exporter === undefined ? '' : `exporter: ${number(exporter.perSecond)} records/s, raw bulk loop ${number(exporter.rawPerSecond)}/s, ${number(exporter.cpuUsPerRecord, 1)} µs CPU per record, at most ${number(exporter.peakMb)} MB`,
    startTime === undefined ? '' : `start: gateway --help ${number(startTime.helpMs)} ms, an empty oclif command ${number(startTime.emptyMs)} ms`,
    goalsTable(result),
  ].filter((part) => part !== '').join('\n\n') + '\n';
}
