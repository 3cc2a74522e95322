import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.js';
import { printable } from '../../cli/printable.js';
import { withSpinner } from '../../cli/spinner.js';
import { renderTable } from '../../cli/table.js';
import type { MetricsReport } from '../../report/top.js';

/** A table is for people: it is laid out as a whole, which takes long where there are many rows. */
const TABLE_ROWS = 5_000;

export default class MetricsTop extends BaseCommand {
  static override summary = 'requests, errors, latency, tokens and cost by provider, model or any other field';
  static override description = `Reads the log of this machine, or Elasticsearch, and prints one row per group: requests, errors, mean and percentiles of the total latency, the provider's share of it, tokens and cost. What is unknown is shown as –, never as 0.

--source auto reads the log in TELEMETRY_DIR; where that has no records and ENABLE_ELASTICSEARCH is on, Elasticsearch.

Exit codes: 0 a report was made, also an empty one; 1 the log or the cluster could not be read; 2 wrong use.`;
  static override examples = [
    { description: 'The last 24 hours by provider', command: '<%= config.bin %> <%= command.id %> --by provider' },
    { description: 'What costs the most', command: '<%= config.bin %> <%= command.id %> --by provider,model --since 7d --sort cost' },
    { description: 'Who gets errors, and which', command: '<%= config.bin %> <%= command.id %> --by client,error_type --filter error_type!=' },
    { description: 'One provider on one day, for a spreadsheet', command: '<%= config.bin %> <%= command.id %> --by model --filter provider=openai --since 2026-11-24 --until 2026-11-25 --csv' },
    { description: 'All gateways of a cluster, for a script', command: '<%= config.bin %> <%= command.id %> --source elasticsearch --limit all --json' },
  ];
  static override enableJsonFlag = true;
  static override flags = {
    by: Flags.string({ description: 'one or two fields that make the groups, separated by a comma (provider unless given); none for one row', multiple: true }),
    since: Flags.string({ description: 'begin: an age (30m, 24h, 7d) or a date (2026-11-25, 2026-11-25T08:00Z); 24h unless given' }),
    until: Flags.string({ description: 'end, exclusive; now unless given' }),
    filter: Flags.string({ description: 'FIELD=VALUE or FIELD!=VALUE, several values separated by commas; can be given several times', multiple: true }),
    sort: Flags.string({ description: 'column to sort by, the largest first (requests unless given); -COLUMN descending, +COLUMN ascending' }),
    limit: Flags.string({ description: 'rows at most (50 unless given), or all' }),
    source: Flags.string({ description: 'auto, local or elasticsearch (auto unless given)' }),
    csv: Flags.boolean({ description: 'print CSV', exclusive: ['json'] }),
  };

  async run(): Promise<MetricsReport> {
    const { flags } = await this.parse(MetricsTop);
    const { parseQuery } = await import('../../report/query.js');
    const { parseSource } = await import('../../report/source.js');
    const query = parseQuery(flags, Date.now());
    const source = parseSource(flags.source);
    const { telemetry, elasticsearch } = this.loadConfig();
    const { runTop } = await import('../../report/top.js');
    const notes: string[] = [];
    const report = await withSpinner('reading the records', () => runTop({
      query,
      source,
      local: { dir: telemetry.dir, maxBytes: telemetry.maxBytes },
      elasticsearch: {
        enabled: elasticsearch.enabled,
        index: elasticsearch.index,
        connect: async (work) => {
          const { withCluster } = await import('../../elastic/with-cluster.js');
          return withCluster(elasticsearch, work);
        },
      },
      // A spinner that moves must not be written over.
      note: (text) => { if (this.animated) notes.push(text); else this.note(text); },
    }), { enabled: this.animated });
    for (const text of notes) this.note(text);
    if (!this.jsonEnabled()) await this.show(report, flags.csv);
    return report;
  }

  private async show(report: MetricsReport, csv: boolean): Promise<void> {
    if (csv) {
      const { csvPieces } = await import('../../report/csv.js');
      let separator = '';
      for (const piece of csvPieces(report, printable)) {
        process.stdout.write(separator + piece);
        separator = '\r\n';
      }
      this.out('');
    } else if (report.rows.length > 0) {
      const { tableOf } = await import('../../report/render.js');
      const rows = report.rows.slice(0, TABLE_ROWS);
      const table = tableOf({ by: report.by, rows }, this.width);
      this.out(renderTable({ ...table, color: this.color, width: this.width }));
      if (rows.length < report.rows.length) this.note(`The table ends after ${rows.length.toLocaleString('en-US')} of ${report.rows.length.toLocaleString('en-US')} rows; --csv and --json print every one.`);
      if (table.leftOut.length > 0) this.note(`No room for: ${table.leftOut.join(', ')}. A wider terminal, --csv and --json show them.`);
    }
  }
}
