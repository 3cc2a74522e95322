import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.js';
import type { Config } from '../config/config.js';
import type { EffectiveSetting } from '../config/effective.js';
import { hasTerminal } from '../cli/terminal.js';
import { Failure } from '../domain/failure.js';
import { FIRST_WORKER, WORKER_PORT } from '../server/worker-channel.js';

export default class Serve extends BaseCommand {
  static override summary = 'start the gateway';
  static override description = `Listens on HOST:PORT, passes every call through to its provider and keeps one record of each.

Flags win over the environment, the environment over the file .env, and that over the defaults; docs/configuration.md has every variable. SIGTERM or Ctrl-C lets running requests finish (SHUTDOWN_TIMEOUT); a second one ends at once.`;

  static override examples = [
    { description: 'try it without any key: a built-in provider answers', command: '<%= config.bin %> <%= command.id %> --demo' },
    { description: 'another port', command: '<%= config.bin %> <%= command.id %> --port 8080' },
    { description: 'with export to a cluster', command: '<%= config.bin %> <%= command.id %> --elasticsearch --elasticsearch-url http://localhost:9200' },
    { description: 'see the configuration and where each value came from', command: '<%= config.bin %> <%= command.id %> --print-config' },
  ];

  static override enableJsonFlag = true;

  static override flags = {
    'port': Flags.string({ char: 'p', description: 'port to listen on; 0 picks a free one (PORT)', helpValue: '3000' }),
    'host': Flags.string({ description: 'address to bind (HOST)', helpValue: '127.0.0.1' }),
    'demo': Flags.boolean({ description: 'start a built-in stand-in provider as /demo, which needs no key' }),
    'elasticsearch': Flags.boolean({ description: 'export to Elasticsearch (ENABLE_ELASTICSEARCH)', allowNo: true }),
    'elasticsearch-url': Flags.string({ description: 'the cluster; several nodes separated by commas (ELASTICSEARCH_URL)', helpValue: 'http://localhost:9200' }),
    'elasticsearch-index': Flags.string({ description: 'name that records are stored under (ELASTICSEARCH_INDEX)', helpValue: 'ai-gateway-metrics' }),
    'telemetry-dir': Flags.string({ description: 'folder of the telemetry log (TELEMETRY_DIR)', helpValue: 'DIR' }),
    'log-level': Flags.string({ description: 'trace, debug, info, warn, error, fatal or silent (LOG_LEVEL)', helpValue: 'info' }),
    'workers': Flags.string({ description: 'processes that serve; with 2 or more, one more holds the log and exports (WORKERS)', helpValue: 'N' }),
    'log-requests': Flags.boolean({ description: 'log one line per request (LOG_REQUESTS)', allowNo: true }),
    'allow-open': Flags.boolean({ description: 'lend keys and keyless providers to callers without a gateway key (ALLOW_OPEN)' }),
    'print-config': Flags.boolean({ description: 'print the effective configuration, secrets masked, and exit' }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(Serve);
    const { default: cluster } = await import('node:cluster');
    // Other cluster managers (PM2) start this program as a worker, too: those are not ours.
    const worker = cluster.isWorker && process.env[WORKER_PORT] !== undefined;
    const options = {
      PORT: worker ? process.env[WORKER_PORT] : flags.port,
      HOST: flags.host,
      ENABLE_ELASTICSEARCH: said(flags.elasticsearch),
      ELASTICSEARCH_URL: flags['elasticsearch-url'],
      ELASTICSEARCH_INDEX: flags['elasticsearch-index'],
      TELEMETRY_DIR: flags['telemetry-dir'],
      LOG_LEVEL: flags['log-level'],
      WORKERS: flags.workers,
      LOG_REQUESTS: said(flags['log-requests']),
      ALLOW_OPEN: flags['allow-open'] ? 'true' : undefined,
    };
    const config = this.loadConfig(options);
    if (flags['print-config']) return this.#printConfig(options, config);
    const { version } = this.config;
    const terminal = hasTerminal();
    const readConfig = (): Config => this.loadConfig(options);
    if (config.server.workers > 1 && !worker) {
      if (cluster.isWorker) throw foreignCluster(config.server.workers);
      const { startPrimary } = await import('../server/primary.js');
      process.exitCode = await startPrimary({ config, readConfig, version, terminal });
      return undefined;
    }
    const { startServer } = await import('../server/start.js');
    await startServer({
      config,
      readConfig,
      demo: flags.demo,
      version,
      terminal,
      worker,
      out: (text) => { if (!worker || process.env[FIRST_WORKER] === '1') this.out(text); },
      showsSecrets: process.stdout.isTTY,
      command: calledAs(),
    });
    return undefined;
  }

  async #printConfig(flags: Readonly<Record<string, string | undefined>>, config: Config): Promise<{ settings: EffectiveSetting[] }> {
    const [{ effectiveSettings }, { providerVariables }, { renderTable }] = await Promise.all([
      import('../config/effective.js'), import('../server/provider-variables.js'), import('../cli/table.js'),
    ]);
    const settings = effectiveSettings({ flags }, providerVariables((name) => config.variable(name)));
    this.out(renderTable({
      head: ['variable', 'value', 'source'],
      rows: settings.map(({ name, value, source }) => [name, value ?? '', source ?? '']),
      color: this.color,
      width: this.width,
    }));
    return { settings };
  }
}

/** Under npm (a clone's `npm start`, npx) the binary is not on the PATH of another terminal. */
function calledAs(): string {
  return process.env['npm_command'] === undefined ? 'gateway' : 'npx gateway';
}

function foreignCluster(workers: number): Failure {
  return new Failure({
    code: 'foreign_cluster',
    message: `WORKERS=${String(workers)}: this process is a worker of another cluster manager, such as PM2 in cluster mode`,
    fix: 'Run one process in fork mode (PM2: exec_mode fork, instances 1), or set WORKERS=1.',
  });
}

/** oclif types a flag that was not given as boolean; it is undefined. */
function said(flag: boolean | undefined): string | undefined {
  return flag === undefined ? undefined : String(flag);
}
