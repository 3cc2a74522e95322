import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.js';
import { ProgressBar } from '../../cli/progress.js';
import { bytesText } from '../../cli/quantities.js';
import { renderTable } from '../../cli/table.js';
import { EXIT } from '../../domain/failure.js';
import type { Comparison } from '../../exporter/compare.js';

export default class TelemetryVerify extends BaseCommand {
  static override summary = 'prove that Elasticsearch has every record of the log exactly once';
  static override description = `Compares the ids of the records in the log with those in Elasticsearch over a range of time, both ways: each record of the log is looked up, and the documents of this gateway are paged through. What is missing or there twice is printed.

Records that are not exported yet, dead letters, and records of days whose index the lifecycle has deleted are counted apart: they are not losses.

Exit codes: 0 nothing is missing or doubled; 1 something is, or the cluster could not be asked; 2 wrong use.`;
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
        ...range, onBytes: (read, total) => { bar.update('comparing', read, total, bytesText); },
      }));
      bar.end();
      this.out(renderTable({ head: ['Records', 'What they are'], rows: rowsOf(result), align: ['right', 'left'], color: this.color, width: this.width }));
      const good = result.missing.count === 0 && result.doubled.count === 0 && result.unreadable === 0;
      const unreadable = result.unreadable === 0 ? '' : `, ${String(result.unreadable)} in indices that cannot be read`;
      this.say(`\n${good ? 'Good: nothing is missing, nothing is there twice.' : `Not good: ${String(result.missing.count)} missing, ${String(result.doubled.count)} doubled${unreadable}.`}`);
      this.showIds('missing', result.missing.ids);
      this.showIds('doubled', result.doubled.ids);
      for (const { index, reason } of result.unreadable_indices) {
        this.say(`${index} cannot be read (${reason})\n→ open it, or wait until its shards are there, and run this again; \`gateway es verify\` says what is wrong.`);
      }
      if (result.absent_indices.length > 0) {
        this.say(`Not there at all: ${some(result.absent_indices)}. Where somebody deleted them on purpose, nothing is lost; an index that the lifecycle policy deletes counts as expired.`);
      }
      if (result.missing.count > 0) this.say('→ gateway telemetry export --since … --until … sends the missing records again; writing them twice is impossible.');
      if (!good) process.exitCode = EXIT.failed;
      return result;
    } finally {
      bar.end();
    }
  }

  /** One id a line: a terminal is often 80 columns wide. */
  private showIds(what: string, ids: readonly string[]): void {
    if (ids.length === 0) return;
    this.out(`${ids.length === 1 ? 'The' : `The first ${String(ids.length)}`} ${what}:`);
    for (const id of ids) this.out(`  ${id}`);
  }
}

function some(names: readonly string[]): string {
  return names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${String(names.length - 3)} more`;
}

function rowsOf(result: Comparison): string[][] {
  return [
    [String(result.in_log), `in the log from ${result.since} to ${result.until}`],
    [String(result.found), 'of them in Elasticsearch'],
    [String(result.missing.count), 'missing'],
    [String(result.waiting), 'not exported yet, or to be tried again'],
    [String(result.dead_letters), 'dead letters'],
    [String(result.expired), 'gone with indices that the lifecycle has deleted'],
    [String(result.unreadable), 'in indices that cannot be read now'],
    [String(result.in_elasticsearch), 'documents of this gateway in Elasticsearch'],
    [String(result.doubled.count), 'there more than once'],
    [String(result.not_in_log), 'in Elasticsearch, but no longer in the log'],
  ];
}
