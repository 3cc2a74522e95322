import type { AddressInfo } from 'node:net';
import type { Config } from '../config/config.js';
import { createGateway, upstreamsFrom } from '../gateway/create.js';
import { checkIndexName } from '../elastic/index-name.js';
import { isLoopbackHost } from '../gateway/access.js';
import { buildApp } from './app.js';
import { startDemoProvider } from './demo.js';
import { BACKLOG, checkPort, isAnyHost, listenFailure } from './listen.js';
import { drain } from './drain.js';
import { environmentWarnings } from './environment-warnings.js';
import { createLogger, requestLine } from './logger.js';
import { holdKeys, readLiveSettings, type LiveSettings } from './live-settings.js';
import { atMostEvery, connectionsFor, openFileLimit } from './open-files.js';
import { PrimaryChannel } from './primary-channel.js';
import { bearsToken, localKey, readAdminToken } from './own-secrets.js';
import { judgeReadiness } from './readiness.js';
import { Reloader } from './reloader.js';
import { firstScreen, type Access } from './screen.js';
import { onSignals } from './signals.js';
import { checkExposure, checkLoops, keyWarnings, lendable, startupWarnings } from './startup-checks.js';
import { startTelemetry } from './telemetry.js';
import { startWorkerTelemetry } from './worker-telemetry.js';

/** How long an idle connection of a worker that was replaced stays open for its client to close. */
const IDLE_MS = 5_000;

export interface ServeOptions {
  readonly config: Config;
  /** Reads the configuration again: flags, environment and `.env`. */
  readonly readConfig: () => Config;
  /** Start the built-in stand-in provider as `demo`. */
  readonly demo: boolean;
  readonly version: string;
  /** Prints to stdout (the first screen). */
  readonly out: (text: string) => void;
  /** This process is a worker of `--workers N`: the primary holds the log's folder and exports. */
  readonly worker?: boolean;
  /** stdout is a terminal: secrets may be shown there. */
  readonly showsSecrets: boolean;
  /** A terminal was attached at the start: SIGHUP says that it closes. */
  readonly terminal: boolean;
  /** How the user calls the gateway, for the commands that the first screen suggests. */
  readonly command: string;
}

/**
 * Starts the gateway and resolves when it has drained after SIGTERM or SIGINT. Throws Failures for
 * a configuration that cannot work: a taken port, a log that cannot be written, an open gateway.
 */
export async function startServer(options: ServeOptions): Promise<void> {
  // From the start on: whoever stops the gateway as soon as its first screen shows gets a drain, too.
  const stop = Promise.withResolvers<'whole' | 'replaced'>();
  const { config } = options;
  const variable = (name: string): ReturnType<Config['variable']> => config.variable(name);
  const logger = createLogger(config.logLevel);
  onSignals({
    drain: () => { stop.resolve('whole'); },
    exitNow: (code) => { process.exit(code); },
    reload: () => { void reloader?.reload(); },
    replace: () => { logger.warn(options.worker === true ? 'SIGUSR2 is for the primary process: nothing was done' : 'SIGUSR2 replaces workers, and there are none (WORKERS is 1): nothing was done'); },
  }, options.terminal && options.worker !== true);
  let reloader: Reloader | undefined;
  const channel = options.worker === true ? new PrimaryChannel() : undefined;
  void channel?.retired.then(() => { stop.resolve('replaced'); });

  const greeting = await channel?.greet();
  const live = greeting?.settings ?? await readLiveSettings(config);
  logger.level = live.logLevel;
  const settings = { ...greeting === undefined ? config.server : ownShare(config.server), apiKeys: live.apiKeys };

  // Nothing at run time fixes a bad name; a cluster or a file that is not there yet is waited for.
  if (config.elasticsearch.enabled) checkIndexName(config.elasticsearch.index);
  const configured = upstreamsFrom(variable);
  holdKeys(configured, live);
  checkExposure({
    host: settings.host, locked: settings.apiKeys.length > 0, allowOpen: settings.allowOpen, upstreams: configured, variable,
  });
  await checkLoops(configured, settings.host, settings.port);
  if (options.worker !== true) await checkPort(settings.host, settings.port);

  const demo = options.demo ? await startDemoProvider() : undefined;
  const upstreams = demo === undefined ? configured : upstreamsFrom(variable, demo.url);
  holdKeys(upstreams, live);
  let faults = 0;
  const onFault = (error: unknown): void => {
    faults += 1;
    logger.error({ err: error }, 'a fault of the gateway: its request ended with internal_error');
  };
  const parts = { config, upstreams, version: options.version, logger, reloads: () => reloader?.counts ?? { ok: 0, failed: 0 }, faults: () => faults };
  const telemetry = await (channel === undefined || greeting === undefined ? startTelemetry(parts) : startWorkerTelemetry(parts, channel, greeting.report)).catch(async (error: unknown) => {
    await demo?.stop();
    throw error;
  });
  const [key, token] = await Promise.all([localKey(config, settings.apiKeys), readAdminToken(config)]).catch(async (error: unknown) => {
    await telemetry.stop(0);
    await demo?.stop();
    throw error;
  });
  const gateway = createGateway({
    settings: { ...settings, upstreamMaxConnections: settings.upstreamMaxConnections ?? connectionsFor(openFileLimit()) },
    upstreams,
    variable,
    record: telemetry.record,
    instance: telemetry.instance,
    allowOpen: settings.allowOpen,
    localKey: key,
    refuse: () => (telemetry.refusing() ? 'telemetry_full' : undefined),
    onFault,
    onUnrecordedRefusals: (count) => { logger.warn({ count }, 'refused requests without a gateway key were not recorded: 60 a minute are'); },
    onShortage: atMostEvery(60_000, (detail) => { logger.error({ detail }, 'requests are refused with connections_full'); }),
    ...(settings.logRequests && { onExchange: (exchange) => { logger.info(requestLine(exchange), 'request'); } }),
  });
  let stopping = false;
  const app = buildApp({
    proxy: gateway.proxy,
    admits: (request) => gateway.admits(request.raw),
    version: options.version,
    readiness: () => judgeReadiness({ stopping, refusing: telemetry.refusing(), log: telemetry.logHealth(), elasticsearch: telemetry.elasticsearchHealth(), reloadFault: reloader?.fault ?? telemetry.reloadFault?.() }),
    isAdmin: ({ headers }) => bearsToken(headers.authorization, token),
    mayScrape: ({ headers, raw }) => bearsToken(headers.authorization, token)
      || (isLoopbackHost(settings.host) && !gateway.locked && gateway.allowsHost(raw)),
    metrics: () => telemetry.metrics(),
    keepAliveTimeoutMs: settings.serverKeepaliveTimeoutMs,
    maxBodyBytes: settings.maxBodyBytes,
    onFault,
  });

  const apply = (changed: LiveSettings): void => {
    logger.level = changed.logLevel;
    gateway.replaceKeys(changed.apiKeys);
    holdKeys(upstreams, changed);
  };
  if (channel === undefined) {
    reloader = new Reloader({ config, settings: live, readConfig: options.readConfig, apply, prepare: (fresh) => telemetry.prepare(fresh), logger });
  }
  channel?.onSettings(live, (message) => {
    apply(message.settings);
    if (!message.prices) return;
    void (async () => { (await telemetry.prepare(options.readConfig()))(); })().catch((error: unknown) => {
      logger.error({ error: error instanceof Error ? error.message : String(error) }, 'PRICES_FILE was not reloaded');
    });
  });

  const closeAll = async (deadline: number): Promise<void> => {
    reloader?.stop();
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
    access: accessOf(gateway.locked, settings.allowOpen, key !== undefined),
    localKey: key?.key,
    terminal: options.showsSecrets,
    demo: demo !== undefined,
    warnings: [...startupWarnings(upstreams), ...environmentWarnings(config), ...keyWarnings(settings.apiKeys)],
    command: options.command,
  }));

  if (!gateway.locked && settings.allowOpen) logger.warn({ lends: lendable(upstreams, variable) }, 'ALLOW_OPEN: callers without a gateway key use what the gateway holds');

  const replaced = await stop.promise === 'replaced';
  stopping = true;
  const delayMs = replaced ? 0 : settings.shutdownDelayMs;
  if (delayMs > 0) logger.info({ for_ms: delayMs }, '/ready is 503 now; requests are still accepted (SHUTDOWN_DELAY)');
  let deadline = Infinity;
  await drain({
    app, running: gateway.sweeper, delayMs, timeoutMs: settings.shutdownTimeoutMs,
    // Where another worker serves on, clients have time to leave by themselves.
    idleMs: replaced ? Math.min(IDLE_MS, settings.serverKeepaliveTimeoutMs || IDLE_MS) : 0,
    onClosing: () => {
      logger.info('stopping: no new connections; running requests may finish');
      if (settings.shutdownTimeoutMs > 0) deadline = performance.now() + settings.shutdownTimeoutMs;
    },
  });
  await closeAll(deadline);
  logger.info('stopped');
}

/** A worker's share of what all workers together may hold; a body that is allowed at all still fits. */
function ownShare(settings: Config['server']): Config['server'] {
  const { maxBufferedBytes, maxBodyBytes, workers } = settings;
  return { ...settings, maxBufferedBytes: Math.max(Math.floor(maxBufferedBytes / workers), Math.min(maxBodyBytes, maxBufferedBytes)) };
}

function accessOf(locked: boolean, open: boolean, hasLocalKey: boolean): Access {
  if (locked) return 'key';
  return open ? 'everybody' : hasLocalKey ? 'local-key' : 'own-keys';
}

function destination({ elasticsearch: { enabled, cloudId, urls, index } }: Config): string | undefined {
  if (!enabled) return undefined;
  return `${cloudId === undefined ? urls.join(', ') : `Elastic Cloud ${cloudId.split(':')[0]}`} as ${index}`;
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
