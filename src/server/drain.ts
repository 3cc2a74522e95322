/** What a drain needs of the HTTP application. */
export interface DrainableApp {
  readonly server: { closeAllConnections(): void };
  /** From now on each answer ends its connection; idle connections stay open until `closeIdle`. */
  wind(): void;
  /** Closes the connections that no request is on. */
  closeIdle(): void;
  /** Stops listening; resolves when every connection has ended. */
  close(): PromiseLike<unknown>;
}

export interface RunningExchanges {
  idle(): Promise<void>;
  expireAll(reason: 'shutting_down'): void;
}

export interface DrainOptions {
  readonly app: DrainableApp;
  readonly running: RunningExchanges;
  /** SHUTDOWN_DELAY: how long new connections are still accepted. */
  readonly delayMs: number;
  /** SHUTDOWN_TIMEOUT: how long running requests may take from then on; 0 = as long as they take. */
  readonly timeoutMs: number;
  /** How long an idle connection is left open once nothing new is accepted. */
  readonly idleMs: number;
  /** The delay is over: nothing new is accepted from now on. */
  readonly onClosing?: () => void;
}

/** What is left of a connection that nobody closes gets this long. */
const LINGER_MS = 1_000;

/**
 * Accepts for `delayMs` more, then stops listening and lets what runs finish. Connections end with their next answer, so
 * that clients move to another gateway or worker by themselves: closing one under a client that is about to use it would
 * lose its request. Resolves when all connections have ended.
 */
export async function drain({ app, running, delayMs, timeoutMs, idleMs, onClosing }: DrainOptions): Promise<void> {
  app.wind();
  if (delayMs > 0) await sleep(delayMs);
  onClosing?.();
  const startedAt = performance.now();
  if (idleMs === 0) app.closeIdle();
  const closed = app.close();
  if (idleMs > 0) await within(timeoutMs > 0 ? Math.min(idleMs, timeoutMs) : idleMs, closed);
  app.closeIdle();
  await within(timeoutMs > 0 ? Math.max(1, startedAt + timeoutMs - performance.now()) : Infinity, running.idle());
  running.expireAll('shutting_down');
  app.closeIdle();
  const timer = setTimeout(() => { app.server.closeAllConnections(); }, LINGER_MS);
  await closed;
  clearTimeout(timer);
}

/** Waits for `event`, at most `ms`. */
async function within(ms: number, event: PromiseLike<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    if (ms !== Infinity) timer = setTimeout(resolve, ms);
  });
  await Promise.race([event, late]);
  clearTimeout(timer);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}
