import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config/config.js';
import { Failure } from '../domain/failure.js';
import { hasSecretFiles, readLiveSettings, type LiveSettings } from './live-settings.js';
import type { Logger } from './logger.js';

export interface ReloaderOptions {
  readonly config: Config;
  readonly settings: LiveSettings;
  /** Reads the configuration again: flags, environment and `.env`. */
  readonly readConfig: () => Config;
  /** Puts settings in force. */
  readonly apply: (settings: LiveSettings) => void;
  /** Reads what else a SIGHUP reloads, and resolves with what puts it in force. @throws Failure */
  readonly prepare: (config: Config) => Promise<() => void>;
  readonly logger: Logger;
  /** 2 s unless given. */
  readonly pollMs?: number;
}

type Cause = 'reload' | 'files';

const POLL_MS = 2_000;
/** A change counts once it is the same for so long: a file may be half written. */
const SETTLED_MS = 200;

/**
 * Reads files of secrets again when they change, and everything that can be reloaded on SIGHUP. What cannot be used
 * changes nothing: it is logged, and shows on /ready and /metrics.
 */
export class Reloader {
  readonly #options: ReloaderOptions;
  readonly #counts = { ok: 0, failed: 0 };
  #config: Config;
  #settings: LiveSettings;
  /** Why the last SIGHUP changed nothing, and why files of secrets cannot be used now. */
  readonly #faults: Partial<Record<Cause, string>> = {};
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#settings = options.settings;
    this.#watch();
  }

  get settings(): LiveSettings {
    return this.#settings;
  }

  /** Why the last attempt changed nothing; undefined where all is in force. */
  get fault(): string | undefined {
    return this.#faults.reload ?? this.#faults.files;
  }

  get counts(): { readonly ok: number; readonly failed: number } {
    return { ...this.#counts };
  }

  /** SIGHUP. */
  reload(): Promise<void> {
    return this.#next('reload', async () => {
      const config = this.#options.readConfig();
      const settings = staysLocked(this.#settings, await readLiveSettings(config));
      const enforce = await this.#options.prepare(config);
      this.#config = config;
      this.#watch();
      enforce();
      delete this.#faults.reload;
      this.#enforce(settings);
    });
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  #watch(): void {
    clearInterval(this.#timer);
    if (hasSecretFiles(this.#config)) this.#timer = setInterval(() => { void this.#next('files', () => this.#poll()); }, this.#options.pollMs ?? POLL_MS).unref();
  }

  async #poll(): Promise<void> {
    const settings = await readLiveSettings(this.#config);
    if (isDeepStrictEqual(settings, this.#settings)) {
      this.#recovered();
      return;
    }
    await new Promise((resolve) => { setTimeout(resolve, SETTLED_MS); });
    if (isDeepStrictEqual(settings, await readLiveSettings(this.#config))) this.#enforce(settings);
  }

  /** One after the other. */
  #next(cause: Cause, work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(async () => {
      if (this.#stopped) return;
      try {
        await work();
      } catch (error) {
        this.#failed(cause, error);
      }
    });
    return this.#work;
  }

  #enforce(settings: LiveSettings): void {
    const { logger, apply } = this.#options;
    const changed = changes(this.#settings, settings);
    this.#settings = settings;
    this.#counts.ok++;
    delete this.#faults.files;
    apply(settings);
    logger.info({ changed, gateway_keys: settings.apiKeys.length }, 'reloaded');
  }

  #recovered(): void {
    if (this.#faults.files === undefined) return;
    delete this.#faults.files;
    this.#options.logger.info('the files of secrets can be used again');
  }

  #failed(cause: Cause, error: unknown): void {
    const message = error instanceof Error ? error.message.replaceAll('\n', '; ') : String(error);
    // Every two seconds the same is said once.
    if (cause === 'files' && (message === this.#faults.files || message === this.#faults.reload)) return;
    this.#counts.failed++;
    this.#faults[cause] = message;
    this.#options.logger.error({ error: message, ...(error instanceof Failure && { fix: error.fix }) }, 'the configuration was not reloaded: nothing has changed');
  }
}

/** To open a gateway that needs keys takes a restart, which checks whether that is safe. */
function staysLocked(before: LiveSettings, after: LiveSettings): LiveSettings {
  if (before.apiKeys.length === 0 || after.apiKeys.length > 0) return after;
  throw new Failure({
    code: 'would_open', message: 'GATEWAY_API_KEYS: no key is left, which would open the gateway',
    fix: 'Set a key, or restart the gateway to open it.',
  });
}

/** What has changed, by name: labels of gateway keys, and variables. */
function changes(before: LiveSettings, after: LiveSettings): string[] {
  const providers = new Set([...Object.keys(before.providerKeys), ...Object.keys(after.providerKeys)]);
  return [
    ...isDeepStrictEqual(before.apiKeys, after.apiKeys) ? [] : ['gateway keys'],
    ...[...providers].filter((name) => !isDeepStrictEqual(before.providerKeys[name], after.providerKeys[name])).map((name) => `key of ${name}`),
    ...before.logLevel === after.logLevel ? [] : ['log level'],
  ];
}
