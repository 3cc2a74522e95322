import type { Observation } from '../domain/dialect.js';
import { ERROR_TYPES, type ErrorType } from '../domain/error-types.js';
import type { EndReason, Exchange } from '../domain/exchange.js';
import type { Usage } from '../domain/usage.js';
import type { Arrival } from './arrival.js';
import type { ClientRequest } from './client.js';

/** How an exchange went, as its parts saw it. Moments are performance.now(), `…Ms` milliseconds. */
export interface Outcome {
  readonly provider: string;
  readonly client: string | undefined;
  readonly model?: string | undefined;
  /** What the request says of a stream. */
  readonly stream?: boolean | undefined;
  readonly requestSize: number;
  readonly responseSize: number;
  readonly endReason: EndReason;
  readonly errorType: ErrorType | undefined;
  /** Connections tried, and those of them that ended in a transport failure or a time-out. */
  readonly attempts: number;
  readonly failedAttempts: number;
  readonly providerMs: number;
  /** Time in which the gateway only waited for the client's body. */
  readonly bodyReadMs: number;
  readonly endedAt: number;
  readonly providerStatus?: number | undefined;
  /** The provider's status has gone out to the client. */
  readonly headSent: boolean;
  /** The answer is a stream of events. */
  readonly isStream?: boolean | undefined;
  readonly firstTokenAt?: number | undefined;
  readonly observation?: Observation | undefined;
  /** Where the provider answered, where the address says it. */
  readonly region?: string | undefined;
}

/** Who ended an exchange that ended with this error: the same over HTTP and WebSocket. */
export function endReasonOf(type: ErrorType): EndReason {
  if (type === 'client_closed') return 'client';
  return type.startsWith('upstream_') ? 'provider' : 'gateway';
}

/** The exchange from which the record is made: what the request says and how it went (proxy.md, rules 17 and 18). */
export function exchangeOf(arrival: Arrival, request: Pick<ClientRequest, 'method' | 'headers'>, outcome: Outcome): Exchange {
  const { startedAt } = arrival;
  const { observation, attempts, errorType, providerStatus, firstTokenAt, providerMs, bodyReadMs, isStream } = outcome;
  const failedAnswer = observation?.failed === true || (providerStatus ?? 0) >= 400;
  const providerErrorCount = Math.min(attempts, outcome.failedAttempts + (failedAnswer ? 1 : 0));
  const ownError = errorType !== undefined && !errorType.startsWith('upstream_');
  const totalMs = outcome.endedAt - startedAt;
  const { headers } = request;
  return {
    requestId: arrival.requestId,
    receivedAt: arrival.receivedAt,
    provider: outcome.provider,
    method: request.method ?? '',
    path: arrival.target.path,
    model: short(outcome.model),
    responseModel: short(observation?.responseModel),
    stream: outcome.stream ?? (isStream === true ? true : undefined),
    requestSize: outcome.requestSize,
    responseSize: outcome.responseSize,
    statusCode: statusCode(outcome),
    providerStatusCode: providerStatus,
    totalMs,
    providerMs: attempts === 0 ? undefined : providerMs,
    timeToFirstTokenMs: isStream === true && firstTokenAt !== undefined ? firstTokenAt - startedAt : undefined,
    overheadUs: Math.max(0, (totalMs - providerMs - bodyReadMs) * 1000),
    usage: usageOf(outcome),
    region: outcome.region === '' ? undefined : outcome.region,
    finishReason: observation?.finishReason,
    endReason: outcome.endReason,
    attempts,
    errorType,
    errorCount: providerErrorCount + (ownError ? 1 : 0),
    providerErrorCount,
    providerErrorType: observation?.providerErrorType,
    client: outcome.client,
    projectId: single(headers['x-project-id']),
    organizationId: single(headers['x-organization-id'] ?? headers['x-organisation-id']),
    userId: single(headers['x-user-id']),
    experimentId: single(headers['x-experiment-id']),
  };
}

/**
 * What the answer says that it used. The counts of a stream that broke before it said why it ended
 * are those of its beginning: what it cost is more than they say.
 */
function usageOf({ observation, isStream, endReason }: Outcome): Usage | undefined {
  const usage = observation?.usage;
  if (usage === undefined || isStream !== true || observation?.finishReason !== undefined) return usage;
  if (endReason === 'complete' && observation?.failed !== true) return usage;
  const { providerCost, ...counts } = usage;
  return { ...counts, uncertain: true };
}

/** What the client got: the provider's status where that went out, else that of the gateway's own error. */
function statusCode({ providerStatus, headSent, errorType }: Outcome): number {
  if (providerStatus !== undefined && (headSent || errorType === undefined)) return providerStatus;
  return ERROR_TYPES[errorType ?? 'internal_error'].status;
}

const MAX_NAME = 1_024;

/** Names of models are kept (memos of prices), so one of megabytes is not handed on; the copy lets go of the body that it was cut from. */
function short(name: string | undefined): string | undefined {
  return name === undefined || name.length <= MAX_NAME ? name : Buffer.from(name.slice(0, MAX_NAME)).toString();
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
