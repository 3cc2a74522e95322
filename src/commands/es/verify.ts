import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.js';
import type { Style } from '../../cli/color.js';
import { withSpinner } from '../../cli/spinner.js';
import { renderTable } from '../../cli/table.js';
import { wrapped } from '../../cli/wrap.js';
import type { Config } from '../../config/config.js';
import { timeout } from '../../config/parsers.js';
import { EXIT, Failure } from '../../domain/failure.js';
import type { CheckContext, CheckStatus } from '../../elastic/checks/check.js';
import type { CheckResult } from '../../elastic/checks/run-checks.js';

const DEFAULT_TIMEOUT_MS = 10_000;
const STYLES: Readonly<Record<CheckStatus, Style>> = { ok: 'green', warn: 'yellow', fail: 'red', skip: 'dim' };

/** Columns in a pipe: the cells are sentences, which nobody parses while there is --json. */
const PIPE_WIDTH = 120;

export default class EsVerify extends BaseCommand {
  static override summary = 'check the whole way from here to the records in Elasticsearch';
  static override description = `Goes layer by layer, from the settings over network, TLS, credentials and privileges to policy, template, mapping, a write that stores nothing, the newest records and the exporter's backlog. Each check says what it saw and how to fix it; checks that depend on a failed one are skipped.

Exit codes: 0 no check failed; 1 one failed (with --strict also: one warned); 2 wrong use.`;
  static override examples = [
    { description: 'Check everything', command: '<%= config.bin %> <%= command.id %>' },
    { description: 'Also write, find and delete a record', command: '<%= config.bin %> <%= command.id %> --canary' },
    { description: 'Check some things, for a script', command: '<%= config.bin %> <%= command.id %> --only health,disk --json' },
  ];
  static override enableJsonFlag = true;
  static override flags = {
    url: Flags.string({ description: 'address of the cluster (ELASTICSEARCH_URL)' }),
    index: Flags.string({ description: 'the name that records are stored and searched under (ELASTICSEARCH_INDEX)' }),
    layout: Flags.string({ description: 'daily, single or data-stream (ELASTICSEARCH_LAYOUT)' }),
    only: Flags.string({ description: 'ids of the checks to run, separated by commas', multiple: true }),
    write: Flags.boolean({ description: 'run the write probe, which stores nothing (--no-write leaves it out)', allowNo: true }),
    canary: Flags.boolean({ description: 'also write a real record, find it by search and delete it' }),
    strict: Flags.boolean({ description: 'a warning fails too' }),
    timeout: Flags.string({ description: 'for each request, such as 10s' }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(EsVerify);
    const config = this.loadConfig({ ELASTICSEARCH_URL: flags.url, ELASTICSEARCH_INDEX: flags.index, ELASTICSEARCH_LAYOUT: flags.layout });
    const timeoutMs = flags.timeout === undefined ? DEFAULT_TIMEOUT_MS : patience(flags.timeout);
    const { checkIndexName } = await import('../../elastic/index-name.js');
    checkIndexName(config.elasticsearch.index);
    const { verifyContext } = await import('../../elastic/checks/verify-context.js');
    const { runChecks } = await import('../../elastic/checks/run-checks.js');
    const { verifyReport } = await import('../../elastic/checks/verify-report.js');
    const { context, close } = verifyContext(config.elasticsearch, { timeoutMs, exporter: exporterOf(config) });
    try {
      const only = flags.only?.flatMap((ids) => ids.split(',')).map((id) => id.trim()).filter((id) => id !== '');
      const results = await runChecks(context, {
        ...(only !== undefined && { only }),
        noWrite: !(flags.write as boolean | undefined ?? true), // absent, where neither form is given
        canary: flags.canary,
        onCheck: (check, work) => withSpinner(check.title, work, { enabled: this.animated }),
      });
      const report = verifyReport(results, context.server?.version, flags.strict);
      this.show(results, report.ok);
      if (!report.ok) process.exitCode = EXIT.failed;
      return report;
    } finally {
      await close();
    }
  }

  private show(results: readonly CheckResult[], ok: boolean): void {
    // Checks that one failure keeps from running say nothing each: one line below counts them.
    const held = results.filter((result) => result.heldBy !== undefined);
    this.out(renderTable({
      head: ['Check', 'Status', 'Result and fix'],
      rows: results.filter((result) => result.heldBy === undefined).map(({ id, status, message, fix }) => [id, { text: status, style: STYLES[status] }, fix === undefined ? message : `${message}\n→ ${fix}`]),
      color: this.color, width: this.width ?? PIPE_WIDTH,
    }));
    for (const text of heldBack(held)) this.out(wrapped(text, this.width ?? PIPE_WIDTH));
    const count = (status: CheckStatus): number => results.filter((result) => result.status === status).length;
    this.out(`\n${ok ? 'Good' : 'Not good'}: ${String(count('ok'))} ok, ${String(count('warn'))} ${count('warn') === 1 ? 'warning' : 'warnings'}, ${String(count('fail'))} failed, ${String(count('skip'))} skipped.`);
  }
}

/** `17 checks skipped, they need tcp: …`, one line for each check that keeps others from running. */
function heldBack(held: readonly CheckResult[]): string[] {
  return [...new Set(held.map((result) => result.heldBy))].map((cause) => {
    const ids = held.filter((result) => result.heldBy === cause).map((result) => result.id);
    return `${String(ids.length)} ${ids.length === 1 ? 'check' : 'checks'} skipped, ${ids.length === 1 ? 'it needs' : 'they need'} ${cause ?? ''}: ${ids.join(', ')}`;
  });
}

/** How far the exporter of this machine's log is behind, read from disk. */
function exporterOf(config: Config): NonNullable<CheckContext['exporter']> {
  return async (clusterUuid, layout) => {
    const [{ readBacklog }, { runningExport }] = await Promise.all([import('../../telemetry/backlog.js'), import('../../telemetry/export-report.js')]);
    const { dir } = config.telemetry;
    const { index, enabled } = config.elasticsearch;
    // This shell may lack the settings of the gateway that runs.
    const running = await runningExport(dir);
    return { enabled: enabled || running?.index === index, dir, ...(await readBacklog(dir, { clusterUuid, index, layout })) };
  };
}

function patience(text: string): number {
  try {
    const ms = timeout(text);
    if (ms > 0) return ms;
  } catch { /* said below, with the flag's name */ }
  throw new Failure({ code: 'bad_flag_value', message: `--timeout ${text}: must be a time above zero, such as 10s`, fix: 'Correct --timeout, or leave it out for 10s.' });
}
