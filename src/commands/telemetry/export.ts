import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.js';
import { ProgressBar } from '../../cli/progress.js';
import { bytesText, durationText } from '../../cli/quantities.js';

interface ExportResult {
  readonly created: number;
  readonly existing: number;
  readonly refused: number;
  readonly expired: number;
  readonly held?: readonly { readonly index: string; readonly records: number; readonly reason: string; readonly fix: string }[];
}

export default class TelemetryExport extends BaseCommand {
  static override summary = 'send records of the log to Elasticsearch, again or for the first time';
  static override description = `Fills a new cluster, or brings back what was lost there: sends the records that were received in a range of time, whether they were exported before or not. Each has its id, so running this twice writes nothing twice; it can run beside gateway serve and changes no file.

Records that are older than the lifecycle policy keeps them, and whose index is not there, are left out and counted as expired; --include-expired sends them. A day whose index takes no records is named at the end; the other days are sent.

Exit codes: 0 all were sent or were there; 1 the cluster did not take them, or refused some for good; 2 wrong use.`;
  static override examples = [
    { description: 'Everything that the log has', command: '<%= config.bin %> <%= command.id %> --since 30d' },
    { description: 'One day that was lost', command: '<%= config.bin %> <%= command.id %> --since 2026-11-24 --until 2026-11-25' },
  ];
  static override enableJsonFlag = true;
  static override flags = {
    since: Flags.string({ description: 'begin: an age (30m, 24h, 7d) or a date (2026-11-25, 2026-11-25T08:00Z)', required: true }),
    until: Flags.string({ description: 'end, exclusive; now unless given' }),
    'include-expired': Flags.boolean({ description: 'also records that are older than the lifecycle policy keeps them: their indices are made anew' }),
    url: Flags.string({ description: 'address of the cluster (ELASTICSEARCH_URL)' }),
    index: Flags.string({ description: 'the name that records are stored under (ELASTICSEARCH_INDEX)' }),
    layout: Flags.string({ description: 'daily, single or data-stream (ELASTICSEARCH_LAYOUT)' }),
  };

  async run(): Promise<ExportResult> {
    const { flags } = await this.parse(TelemetryExport);
    const { parseRange } = await import('../../report/time-range.js');
    const range = parseRange(flags.since, flags.until, Date.now());
    const config = this.loadConfig({ ELASTICSEARCH_URL: flags.url, ELASTICSEARCH_INDEX: flags.index, ELASTICSEARCH_LAYOUT: flags.layout });
    const { withCluster } = await import('../../elastic/with-cluster.js');
    const { backfill } = await import('../../exporter/backfill.js');
    const bar = new ProgressBar({ enabled: this.animated });
    const started = performance.now();
    try {
      const result = await withCluster(config.elasticsearch, (elastic) => backfill(elastic, config, {
        ...range, includeExpired: flags['include-expired'],
        onBytes: (read, total) => {
          const left = read === 0 ? 0 : (performance.now() - started) * (total - read) / read;
          bar.update(`sending, ${durationText(left)} left`, read, total, bytesText);
        },
      }));
      bar.end();
      const { created, existing, refused, expired, held = [] } = result;
      this.say(`${String(created)} ${created === 1 ? 'record' : 'records'} written, ${String(existing)} were there, ${String(refused)} refused for good, ${String(expired)} expired.`);
      if (refused > 0) {
        process.exitCode = 1;
        this.note('What was refused for good stands in dead-letters/ where gateway serve met it too; its mapping must be fixed first.');
      }
      for (const { records, reason, fix } of held) {
        process.exitCode = 1;
        this.note(`${String(records)} records were not sent: ${reason}\n→ ${fix}`);
      }
      return { ...result };
    } finally {
      bar.end();
    }
  }
}
