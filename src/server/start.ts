import type { AddressInfo } from 'node:net';
import type { Config } from '../config/config.js';
import { createGateway, upstreamsFrom } from '../gateway/create.js';
import { checkIndexName } from '../elastic/index-name.js';
import { isLoopbackHost } from '../gateway/access.js';
import { buildApp } from './app.js';
import { startDemoProvider } from './demo.js';
import { BACKLOG, checkPort, isAnyHost, listenFailure } from './listen.js';
import { createLogger } from './logger.js';
import { judgeReadiness } from './readiness.js';
import { firstScreen } from './screen.js';
import { onStopSignals } from './signals.js';
import { checkExposure, checkLoops, startupWarnings } from './startup-checks.js';
import { startTelemetry } from './telemetry.js';
import { startWorkerTelemetry } from './worker-telemetry.js';

export interface ServeOptions {
  readonly config: Config;
  /** Start the built-in stand-in provider as `demo`. */
  readonly demo: boolean;
  readonly allowOpen: boolean;
  readonly logRequests: boolean;
  readonly version: string;
  /** Prints to stdout (the first screen). */
  readonly out: (text: string) => void;
  /** This process is a worker of `--workers N`: the primary holds the log's folder and exports. */
  readonly worker?: boolean;
  /** How the user calls the gateway, for the commands that the first screen suggests. */
  readonly command: string;
}

/**
 * Starts the gateway and resolves when it has drained after SIGTERM or SIGINT. Throws Failures for
 * a configuration that cannot work: a taken port, a log that cannot be written, an open gateway.
 */
export async function startServer(options: ServeOptions): Promise<void> {
  // From the start on: whoever stops the gateway as soon as its first screen shows gets a drain, too.
  const stop = stopRequested();
  const { config } = options;
  const { server: settings } = config;
  const variable = (name: string): ReturnType<Config['variable']> => config.variable(name);
  const logger = createLogger(config.logLevel);

  // Nothing at run time mends a bad name; a cluster or a file that is not there yet is waited for.
  if (config.elasticsearch.enabled) checkIndexName(config.elasticsearch.index);
  const configured = upstreamsFrom(variable);
  checkExposure({
    host: settings.host, locked: settings.apiKeys.length > 0, allowOpen: options.allowOpen, upstreams: configured, variable,
  });
  await checkLoops(configured, settings.host, settings.port);
  if (options.worker !== true) await checkPort(settings.host, settings.port);

  const demo = options.demo ? await startDemoProvider() : undefined;
  const upstreams = demo === undefined ? configured : upstreamsFrom(variable, demo.url);
  const start = options.worker === true ? startWorkerTelemetry : startTelemetry;
  const telemetry = await start({ config, upstreams, version: options.version, logger }).catch(async (error: unknown) => {
    await demo?.stop();
    throw error;
  });
  const gateway = createGateway({
    settings,
    upstreams,
    variable,
    record: telemetry.record,
    instance: telemetry.instance,
    allowOpen: options.allowOpen,
    refuse: () => (telemetry.refusing() ? 'telemetry_full' : undefined),
    onFault: (error) => { logger.error({ err: error }, 'a fault of the gateway: its request was answered with internal_error'); },
    ...(options.logRequests ? {
      onExchange: (exchange) => {
        logger.info({
          request_id: exchange.requestId, provider: exchange.provider, method: exchange.method, path: exchange.path, status: exchange.statusCode,
          total_ms: Math.round(exchange.totalMs), error_type: exchange.errorType, end_reason: exchange.endReason,
        }, 'request');
      },
    } : {}),
  });
  let stopping = false;
  const app = buildApp({
    proxy: gateway.proxy,
    admits: (request) => gateway.admits(request.raw),
    version: options.version,
    readiness: () => judgeReadiness({ stopping, refusing: telemetry.refusing(), log: telemetry.logHealth(), elasticsearch: telemetry.elasticsearchHealth() }),
    metrics: () => telemetry.metrics(),
    keepAliveTimeoutMs: settings.serverKeepaliveTimeoutMs,
    maxBodyBytes: settings.maxBodyBytes,
  });

  const closeAll = async (deadline: number): Promise<void> => {
    await telemetry.stop(Math.max(0, deadline - performance.now()));
    gateway.close();
    await demo?.stop();
  };

  try {
    await app.listen({ host: settings.host, port: settings.port, backlog: BACKLOG });
  } catch (error) {
    await closeAll(performance.now());
    throw listenFailure(error, settings.host, settings.port);
  }

  const { port } = app.server.address() as AddressInfo;
  options.out(firstScreen({
    version: options.version,
    url: urlOf(settings.host, port),
    localUrl: urlOf(isAnyHost(settings.host) ? '127.0.0.1' : settings.host, port),
    upstreams,
    telemetryDir: config.telemetry.dir,
    telemetryDirIsLocal: ['flag', 'environment'].includes(config.variable('TELEMETRY_DIR')?.source ?? 'default'),
    elasticsearch: destination(config),
    access: gateway.locked ? 'key' : isLoopbackHost(settings.host) ? 'this-machine' : 'everybody',
    demo: demo !== undefined,
    warnings: startupWarnings(upstreams),
    command: options.command,
  }));

  await stop;
  stopping = true;
  logger.info('stopping: no new connections; running requests may finish');
  const deadline = performance.now() + (settings.shutdownTimeoutMs || Number.MAX_SAFE_INTEGER);
  const closed = app.close();
  await drained(gateway.sweeper, settings.shutdownTimeoutMs);
  app.server.closeIdleConnections();
  const lingering = setTimeout(() => { app.server.closeAllConnections(); }, 1_000);
  await closed;
  clearTimeout(lingering);
  await closeAll(deadline);
  logger.info('stopped');
}

/** Resolves at the first stop signal; a second one ends the process at once (the log is on disk already). */
function stopRequested(): Promise<void> {
  return new Promise((resolve) => {
    onStopSignals(resolve, (code) => { process.exit(code); });
  });
}

/** Waits for running exchanges up to the deadline, then ends them. */
async function drained(sweeper: { idle(): Promise<void>; expireAll(reason: 'shutting_down'): void }, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    if (timeoutMs > 0) timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([sweeper.idle(), deadline]);
  clearTimeout(timer);
  sweeper.expireAll('shutting_down');
}

function destination({ elasticsearch: { enabled, cloudId, urls, index } }: Config): string | undefined {
  if (!enabled) return undefined;
  return `${cloudId === undefined ? urls.join(', ') : `Elastic Cloud ${cloudId.split(':')[0]}`} as ${index}`;
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
