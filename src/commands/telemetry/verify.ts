import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.js';
import { ProgressBar } from '../../cli/progress.js';
import { renderTable } from '../../cli/table.js';
import { EXIT } from '../../domain/failure.js';
import type { Comparison } from '../../exporter/compare.js';

export default class TelemetryVerify extends BaseCommand {
  static override summary = 'prove that Elasticsearch has every record of the log exactly once';
  static override description = `Compares the ids of the records in the log with those in Elasticsearch over a range of time, both ways: each record of the log is
looked up, and the documents of this gateway are paged through. What is missing or there twice is printed.

Records that are not exported yet, dead letters, and records of days whose index the lifecycle has deleted are counted apart: they are
no loss. Exit codes: 0 nothing is missing or doubled; 1 something is, or the cluster could not be asked; 2 wrong use.`;
  static override examples = [
    { description: 'The last day', command: '<%= config.bin %> <%= command.id %> --since 24h' },
    { description: 'For a script', command: '<%= config.bin %> <%= command.id %> --since 7d --json' },
  ];
  static override enableJsonFlag = true;
  static override flags = {
    since: Flags.string({ description: 'begin: an age (30m, 24h, 7d) or a date (2026-11-25, 2026-11-25T08:00Z); 24h unless given' }),
    until: Flags.string({ description: 'end, exclusive; now unless given' }),
  };

  async run(): Promise<Comparison> {
    const { flags } = await this.parse(TelemetryVerify);
    const { parseRange } = await import('../../report/time-range.js');
    const range = parseRange(flags.since, flags.until, Date.now());
    const config = this.loadConfig();
    const { withCluster } = await import('../../elastic/with-cluster.js');
    const { verifyTarget } = await import('../../exporter/verify-target.js');
    const bar = new ProgressBar({ enabled: this.animated });
    try {
      const result = await withCluster(config.elasticsearch, (elastic) => verifyTarget(elastic, config, {
        ...range, onBytes: (read, total) => { bar.update('comparing', Math.round(read / 2 ** 20), Math.round(total / 2 ** 20)); },
      }));
      bar.end();
      this.out(renderTable({ head: ['Records', 'What they are'], rows: rowsOf(result), align: ['right', 'left'], color: this.color, width: this.width }));
      const good = result.missing.count === 0 && result.doubled.count === 0;
      this.out(`\n${good ? 'Good: nothing is missing, nothing is there twice.' : `Not good: ${String(result.missing.count)} missing, ${String(result.doubled.count)} doubled.`}`);
      if (result.missing.count > 0) this.out('→ gateway telemetry export --since … --until … sends the missing records again; writing them twice is impossible.');
      if (!good) process.exitCode = EXIT.failed;
      return result;
    } finally {
      bar.end();
    }
  }
}

function rowsOf(result: Comparison): string[][] {
  const examples = (ids: readonly string[]): string => (ids.length === 0 ? '' : `: ${ids.join(', ')}${ids.length >= 20 ? ', …' : ''}`);
  return [
    [String(result.in_log), `in the log from ${result.since} to ${result.until}`],
    [String(result.found), 'of them in Elasticsearch'],
    [String(result.missing.count), `missing${examples(result.missing.ids)}`],
    [String(result.waiting), 'not exported yet, or to be tried again'],
    [String(result.dead_letters), 'dead letters'],
    [String(result.expired), 'of days whose index the lifecycle has deleted'],
    [String(result.in_elasticsearch), 'documents of this gateway in Elasticsearch'],
    [String(result.doubled.count), `there more than once${examples(result.doubled.ids)}`],
    [String(result.not_in_log), 'there, but in the log no more'],
  ];
}
