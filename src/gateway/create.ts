import type { ErrorType } from '../domain/error-types.js';
import type { Exchange, RecordExchange } from '../domain/exchange.js';
import { customProviders, demoProvider, PROVIDERS, providerByName } from '../providers/registry.js';
import { PageGuard } from './access.js';
import { AwsSigner } from './aws-signing.js';
import type { ClientRequest } from './client.js';
import { Gatekeeper } from './credentials.js';
import type { GatewayKey } from './key-ring.js';
import { Pools } from './pools.js';
import { Proxy } from './proxy.js';
import { BackgroundResponses } from './background-responses.js';
import { BodyGarbage } from './body-garbage.js';
import { BodyMemory } from './body-memory.js';
import { BufferBudget } from './request-body.js';
import { RefusalQuota } from './refusal-quota.js';
import { Router } from './route.js';
import { Sweeper } from './sweeper.js';
import { splitTarget } from './target.js';
import { bindUpstreams, type ReadVariable, type Upstream } from './upstream.js';
import { UsageRefusals } from './usage-refusal.js';

/** Silence of a client that is sending its body: as long as it may take for its headers. */
const CLIENT_IDLE_MS = 60_000;
const CLIENT_SEND_MS = 45_000;
const MAX_CONNECTIONS = 10_000;

export interface GatewaySettings {
  readonly apiKeys: readonly GatewayKey[];
  readonly allowedHosts: readonly string[];
  readonly corsOrigins: readonly string[];
  readonly maxBodyBytes: number;
  readonly maxBufferedBytes: number;
  /** Connections to all providers together; 10,000 unless given. */
  readonly upstreamMaxConnections?: number | undefined;
  readonly upstreamConnectTimeoutMs: number;
  readonly upstreamFirstByteTimeoutMs: number;
  readonly upstreamIdleTimeoutMs: number;
  readonly upstreamTotalTimeoutMs: number;
  /** 45 s unless given. */
  readonly clientSendTimeoutMs?: number;
}

/** The providers, those of CUSTOM_PROVIDERS included, bound to the configuration; bad names and addresses are Failures. */
export function upstreamsFrom(variable: ReadVariable, demoUrl?: string): Upstream[] {
  const custom = variable('CUSTOM_PROVIDERS')?.value;
  const providers = custom === undefined ? PROVIDERS : [...PROVIDERS, ...customProviders(custom, PROVIDERS.map(({ name }) => name))];
  if (demoUrl === undefined) return bindUpstreams(providers, variable);
  const withDemo: ReadVariable = (name) => (name === 'DEMO_BASE_URL' ? { value: demoUrl, source: '--demo' } : variable(name));
  return bindUpstreams([...providers, demoProvider], withDemo);
}

/** Whether a provider is one that the gateway knows by itself, not one of CUSTOM_PROVIDERS. */
export function isBuiltIn(name: string): boolean {
  return providerByName(name) !== undefined;
}

export interface GatewayOptions {
  readonly settings: GatewaySettings;
  readonly upstreams: readonly Upstream[];
  readonly variable: ReadVariable;
  readonly record: RecordExchange;
  /** Name of this gateway in `Via`. */
  readonly instance: string;
  /** Lend to callers without a gateway key (--allow-open); of no effect once there are gateway keys. */
  readonly allowOpen: boolean;
  /** The key of programs on this machine, valid while there are no others. */
  readonly localKey?: GatewayKey | undefined;
  readonly refuse: () => ErrorType | undefined;
  readonly onExchange?: (exchange: Exchange) => void;
  /** Told, at most once a minute, how many refusals of strangers were not recorded. */
  readonly onUnrecordedRefusals?: (count: number) => void;
  readonly onFault?: (error: unknown) => void;
  readonly onShortage?: (detail: string) => void;
  /** 60 s unless given. */
  readonly clientIdleMs?: number;
  /** With the usual limits unless given. */
  readonly bodyMemory?: BodyMemory;
}

/** The hot path with all its parts. */
export interface Gateway {
  readonly proxy: Proxy;
  readonly sweeper: Sweeper;
  /** Whether requests need a gateway key at all. */
  readonly locked: boolean;
  /** Refused requests of callers without a gateway key that were not recorded. */
  readonly unrecordedRefusals: number;
  /** Whether this request may see the gateway's own pages. */
  admits(request: ClientRequest): boolean;
  /** Whether the request's Host is this machine's, or one of ALLOWED_HOSTS. */
  allowsHost(request: ClientRequest): boolean;
  /** Puts other gateway keys in force (a file of keys that has changed): at once, for every request from now on. */
  replaceKeys(keys: readonly GatewayKey[]): void;
  close(): void;
}

export function createGateway(options: GatewayOptions): Gateway {
  const { settings, upstreams } = options;
  const router = new Router(upstreams);
  const gatekeeper = new Gatekeeper({ keys: settings.apiKeys, localKey: options.localKey, allowOpen: options.allowOpen });
  const guard = new PageGuard(settings);
  const refusals = new RefusalQuota(options.onUnrecordedRefusals);
  const pools = new Pools({
    connectTimeoutMs: settings.upstreamConnectTimeoutMs,
    configured: upstreams.flatMap(({ origin }) => origin ?? []),
    maxConnections: settings.upstreamMaxConnections ?? MAX_CONNECTIONS,
  });
  const limits = {
    connectMs: settings.upstreamConnectTimeoutMs,
    firstByteMs: settings.upstreamFirstByteTimeoutMs,
    idleMs: settings.upstreamIdleTimeoutMs,
    totalMs: settings.upstreamTotalTimeoutMs,
    clientIdleMs: options.clientIdleMs ?? CLIENT_IDLE_MS,
    clientSendMs: settings.clientSendTimeoutMs ?? CLIENT_SEND_MS,
  };
  const sweeper = new Sweeper(Object.values(limits));
  const openai = upstreams.find(({ provider }) => provider.name === 'openai');
  if (openai === undefined) throw new Error('the registry lacks openai');
  const proxy = new Proxy({
    router,
    gatekeeper,
    guard,
    pools,
    sweeper,
    awsSigner: new AwsSigner(options.variable),
    variable: options.variable,
    usageRefusals: new UsageRefusals(),
    budget: new BufferBudget(settings.maxBufferedBytes),
    bodyMemory: options.bodyMemory ?? new BodyMemory(),
    backgroundResponses: new BackgroundResponses(),
    bodyGarbage: new BodyGarbage(),
    maxBodyBytes: settings.maxBodyBytes,
    limits,
    record: options.record,
    viaName: `gateway-${options.instance}`,
    refusals,
    refuse: options.refuse,
    onExchange: options.onExchange,
    onFault: options.onFault,
    onShortage: options.onShortage,
  }, openai.provider.defaultDialect);
  return {
    proxy,
    sweeper,
    get locked() { return gatekeeper.locked; },
    get unrecordedRefusals() { return refusals.unrecorded; },
    allowsHost: (request) => guard.allowsHost(request),
    replaceKeys: (keys) => { gatekeeper.replaceKeys(keys); },
    admits: (request) => !gatekeeper.locked
      || gatekeeper.identify(request.headers, splitTarget(request.url ?? '').query) !== undefined,
    close: () => {
      sweeper.stop();
      pools.close();
    },
  };
}
