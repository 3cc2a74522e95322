import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.js';
import { confirm } from '../../cli/confirm.js';
import { ProgressBar } from '../../cli/progress.js';
import { withSpinner } from '../../cli/spinner.js';
import { renderSteps } from '../../cli/steps-table.js';
import type { ElasticsearchConfig } from '../../config/config.js';
import { EXIT, Failure } from '../../domain/failure.js';
import type { ObjectOptions } from '../../elastic/init-options.js';
import type { InitPlan } from '../../elastic/init-step.js';
import type { MigrationOptions } from '../../elastic/migrate/migration-plan.js';

/** Columns in a pipe: the cells are sentences, which nobody parses while there is --json. */
const PIPE_WIDTH = 120;

export default class EsInit extends BaseCommand {
  static override summary = 'create lifecycle policy, index template and index in Elasticsearch';
  static override description = `Compares the cluster with what it should be, shows the plan, and applies it; what is as it should be stays untouched, so that running it twice changes nothing. What somebody has edited is shown as a difference and replaced only with --force. No data is ever deleted.

Exit codes: 0 done or nothing to do; 1 something is in conflict, missing or refused; 2 wrong use.`;
  static override usage = '<%= command.id %> [FLAGS]';
  static override examples = [
    { description: 'Set everything up', command: '<%= config.bin %> <%= command.id %>' },
    { description: 'Show the exact requests and send none', command: '<%= config.bin %> <%= command.id %> --dry-run' },
    { description: 'Keep records for 90 days', command: '<%= config.bin %> <%= command.id %> --retention 90d' },
    { description: 'Also make the roles, and a key for the gateway', command: '<%= config.bin %> <%= command.id %> --roles --api-key' },
    { description: 'Explain how an index of another gateway becomes daily indices', command: '<%= config.bin %> <%= command.id %> --migrate' },
    { description: 'A script of curl lines, for clusters that no tool may touch', command: '<%= config.bin %> <%= command.id %> --print > init.sh' },
  ];
  static override enableJsonFlag = true;
  static override flags = {
    url: Flags.string({ description: 'address of the cluster (ELASTICSEARCH_URL)' }),
    index: Flags.string({ description: 'the name that records are stored and searched under (ELASTICSEARCH_INDEX)' }),
    layout: Flags.string({ description: 'daily, single or data-stream (ELASTICSEARCH_LAYOUT)' }),
    'dry-run': Flags.boolean({ description: 'print the exact requests and send none of them' }),
    print: Flags.boolean({ description: 'print the requests as a shell script of curl calls, without asking any server', exclusive: ['dry-run', 'api-key'] }),
    yes: Flags.boolean({ char: 'y', description: 'do not ask before something is replaced, or kept for a shorter time; with --migrate, do it' }),
    force: Flags.boolean({ description: 'replace what somebody has edited' }),
    retention: Flags.string({ description: 'age at which records are deleted, such as 30d' }),
    shards: Flags.string({ description: 'primary shards of a new index' }),
    replicas: Flags.string({ description: 'replicas of a new index, or auto' }),
    'refresh-interval': Flags.string({ description: 'how soon a record is found, such as 5s' }),
    codec: Flags.string({ description: 'default or best_compression' }),
    roles: Flags.boolean({ description: 'also create the roles NAME-writer, NAME-reader and NAME-admin' }),
    migrate: Flags.boolean({ description: 'explain how an index named NAME becomes daily indices; with --yes, do it', exclusive: ['dry-run', 'print', 'api-key', 'roles', 'layout'] }),
    'delete-old': Flags.boolean({ description: 'with --migrate --yes: delete the old index once everything is copied, and put the alias in its place', dependsOn: ['migrate'] }),
    'api-key': Flags.boolean({ description: 'also make an API key for the gateway, and print it once', exclusive: ['dry-run'] }),
    'api-key-expires': Flags.string({ description: 'when that key expires, such as 90d', dependsOn: ['api-key'] }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(EsInit);
    const config = this.loadConfig({ ELASTICSEARCH_URL: flags.url, ELASTICSEARCH_INDEX: flags.index, ELASTICSEARCH_LAYOUT: flags.layout }).elasticsearch;
    const { checkIndexName } = await import('../../elastic/index-name.js');
    const { parseObjectOptions, parseExpiration } = await import('../../elastic/init-options.js');
    checkIndexName(config.index);
    const options = parseObjectOptions(flags);
    const expiration = parseExpiration(flags['api-key-expires']);
    if (flags.print) return this.print(config, options, flags.roles);
    if (flags.migrate) return this.migrate(config, { force: flags.force, now: Date.now(), objects: options, deleteOld: flags['delete-old'] }, flags.yes);

    const { withCluster } = await import('../../elastic/with-cluster.js');
    const { runInit } = await import('../../elastic/run-init.js');
    const { initReport } = await import('../../elastic/init-report.js');
    const { makeWriterKey } = await import('../../elastic/writer-key.js');
    return withCluster(config, async (elastic) => {
      const { plan, changed, ok } = await runInit(elastic, config, {
        force: flags.force, dryRun: flags['dry-run'], now: Date.now(), options, roles: flags.roles,
        onPlan: (plan) => this.show(plan),
        onStep: (step, work) => withSpinner(`${step.action} ${step.id}: ${step.detail}`, work, { enabled: this.animated, keep: true }),
        ...(!flags.yes && { confirm: (plan) => this.mayReplace(plan, flags.force ? 'Replace' : 'Change') }),
      });
      if (flags['dry-run']) this.out(`\n${(await import('../../elastic/plan-text.js')).requestsText(plan)}`);
      else this.say(`\n${closing(changed, plan.steps.some((step) => step.action === 'conflict'), flags['api-key'])}`);
      if (!ok) process.exitCode = EXIT.failed;
      const report = { ...initReport(plan, changed), ...(flags['dry-run'] && { requests: plan.steps.flatMap((step) => step.requests) }) };
      if (!flags['api-key']) return report;
      if (!ok) throw new Failure({ code: 'es_init_incomplete', message: 'no API key was made, because something is in conflict', fix: 'Resolve the conflicts that the table names, and run it again.', exitCode: EXIT.failed });
      const key = await withSpinner('make an API key and try it', () => makeWriterKey(elastic, config, expiration), { enabled: this.animated, keep: true });
      this.out(`API key ${key.name} (id ${key.id}); it is shown only this once. The line for .env:\nELASTICSEARCH_API_KEY=${key.encoded}`);
      return { ...report, api_key: key };
    });
  }

  /** Only what takes something away is asked about: everything else adds. */
  private async mayReplace(plan: InitPlan, verb: string): Promise<boolean> {
    const replaced = plan.steps.filter((step) => step.action === 'update' && step.replaces === true);
    if (replaced.length === 0 || this.jsonEnabled()) return true;
    if (!process.stdout.isTTY) { // the plan went elsewhere, and whoever is asked must see this
      const { differencesText } = await import('../../elastic/plan-text.js');
      this.note(differencesText(replaced));
    }
    return confirm(`${verb} ${replaced.map((step) => step.id).join(' and ')}?`);
  }

  private async migrate(config: ElasticsearchConfig, options: MigrationOptions, really: boolean): Promise<unknown> {
    const { withCluster } = await import('../../elastic/with-cluster.js');
    const { migrate } = await import('../../elastic/migrate/migrate.js');
    const bar = new ProgressBar({ enabled: this.animated });
    const onProgress = (phase: string, done: number, total: number): void => { bar.update(phase, done, total); };
    const { ok, report, text } = await withCluster(config, (elastic) => migrate(elastic, config, { ...options, onProgress }, really)).finally(() => { bar.end(); });
    this.say(text);
    if (!ok) process.exitCode = EXIT.failed;
    return report;
  }

  private async show(plan: InitPlan): Promise<void> {
    const { differencesText } = await import('../../elastic/plan-text.js');
    if (this.jsonEnabled()) return;
    this.out(renderSteps(plan.steps.map((step) => ({ ...step, detail: step.summary ?? step.detail })), { color: this.color, width: this.width ?? PIPE_WIDTH }));
    const differences = differencesText(plan.steps);
    if (differences !== '') this.out(`\n${differences}`);
    for (const warning of plan.warnings) this.note(`Warning: ${warning}.`);
  }

  private async print(config: ElasticsearchConfig, options: ObjectOptions, roles: boolean): Promise<unknown> {
    const { newPlan } = await import('../../elastic/new-plan.js');
    const { curlScript } = await import('../../elastic/plan-text.js');
    const { plan, today } = newPlan(config, { now: Date.now(), options, roles });
    const requests = plan.steps.flatMap((step) => step.requests);
    this.out(curlScript(requests, today).trimEnd());
    return { requests };
  }
}

/** The last line: what was done, and what is left to do. */
function closing(changed: boolean, isInConflict: boolean, keyFollows: boolean): string {
  if (isInConflict) return `${changed ? 'Some objects were set up' : 'Nothing was changed'}; those in conflict were left alone. Resolve what the table names, and run it again.`;
  if (keyFollows && changed) return 'The objects are set up.';
  return changed ? 'Done. `gateway es verify` checks the whole way from here to the index.' : 'Nothing was changed.';
}
