import { BaseCommand } from '../../cli/base-command.js';
import { renderTable } from '../../cli/table.js';
import { bytesText, durationText } from '../../cli/quantities.js';
import type { TelemetryStatus } from '../../telemetry/status.js';

export default class ShowTelemetryStatus extends BaseCommand {
  static override summary = 'how the log and its export to Elasticsearch stand';
  static override description = `Reads TELEMETRY_DIR alone: it takes no lock, changes nothing and asks no cluster, so it can run beside gateway serve at any time. Bytes are exact, numbers of records are estimated from the length of lines.

Exit codes: 0 it could be read; 2 wrong use or configuration.`;
  static override examples = [
    { description: 'Is everything exported?', command: '<%= config.bin %> <%= command.id %>' },
    { description: 'For a script', command: '<%= config.bin %> <%= command.id %> --json' },
  ];
  static override enableJsonFlag = true;

  async run(): Promise<TelemetryStatus> {
    await this.parse(ShowTelemetryStatus);
    const { telemetry, elasticsearch } = this.loadConfig();
    const { readStatus } = await import('../../telemetry/status.js');
    const status = await readStatus(telemetry, { clusterUuid: undefined, index: elasticsearch.index, layout: elasticsearch.layout, enabled: elasticsearch.enabled });
    this.out(renderTable({ head: ['What', 'How it stands'], rows: rowsOf(status, Date.now()), color: this.color, width: this.width }));
    return status;
  }
}

function rowsOf(status: TelemetryStatus, now: number): string[][] {
  const { backlog, log, disk, exporter } = status;
  const ago = (time: string | null): string => (time === null ? 'never' : `${durationText(now - Date.parse(time))} ago`);
  const rows = [
    ['Log', `${bytesText(log.bytes)} in ${String(log.segments)} segment${log.segments === 1 ? '' : 's'}, about ${String(log.records_about)} records; ${status.dir}`],
    ['Disk', `${bytesText(disk.used_bytes)} of ${bytesText(disk.limit_bytes)} (TELEMETRY_MAX_BYTES)${disk.free_bytes === null ? '' : `, ${bytesText(disk.free_bytes)} free`}`],
  ];
  if (!status.enabled) rows.push(['Export', 'off (ENABLE_ELASTICSEARCH=true turns it on)']);
  else if (status.exporting_pid !== null) rows.push(['Export', `on: process ${String(status.exporting_pid)} exports as ${exporter?.index ?? 'configured there'}`]);
  else rows.push(['Export', 'on, and no gateway runs on this folder']);
  rows.push(
    ['Not exported', backlog.bytes === 0 ? 'nothing' : `${bytesText(backlog.bytes)}, about ${String(backlog.records_about)} records${backlog.oldest_seconds === null ? '' : `, the oldest ${durationText(backlog.oldest_seconds * 1_000)} old`}`],
    ['To be tried again', status.retry_bytes === 0 ? 'nothing' : bytesText(status.retry_bytes)],
    ['Dead letters', status.dead_letters === 0 ? 'none' : `${String(status.dead_letters)}: see dead-letters/ in the log's folder, fix the cause, and run gateway telemetry retry`],
  );
  if (exporter === null) return rows;
  rows.push(
    ['Exporter', `${exporter.state}${exporter.reason === null ? '' : `: ${exporter.reason}`}${exporter.fix === null ? '' : `\n→ ${exporter.fix}`} (said ${ago(exporter.at)})`],
    ...(exporter.dropped_records > 0 ? [['Dropped', `${String(exporter.dropped_records)} records before they were exported, for TELEMETRY_MAX_BYTES, since the gateway's start`]] : []),
    ['Last success', ago(exporter.last_success_at)],
    ['Last error', exporter.last_error === null ? 'none' : `${exporter.last_error} (${ago(exporter.last_error_at)})`],
  );
  return rows;
}
