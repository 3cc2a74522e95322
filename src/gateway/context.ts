import type { ErrorType } from '../domain/error-types.js';
import type { Exchange, RecordExchange } from '../domain/exchange.js';
import type { AwsSigner } from './aws-signing.js';
import type { Gatekeeper } from './credentials.js';
import type { PageGuard } from './access.js';
import type { Pools } from './pools.js';
import type { BackgroundResponses } from './background-responses.js';
import type { BodyGarbage } from './body-garbage.js';
import type { BodyMemory } from './body-memory.js';
import type { BufferBudget } from './request-body.js';
import type { RefusalQuota } from './refusal-quota.js';
import type { Router } from './route.js';
import type { Sweeper } from './sweeper.js';
import type { ReadVariable } from './upstream.js';
import type { UsageRefusals } from './usage-refusal.js';

/** Time limits of an exchange, in milliseconds; 0 = off. */
export interface TimeLimits {
  readonly connectMs: number;
  readonly firstByteMs: number;
  readonly idleMs: number;
  readonly totalMs: number;
  /** Silence of a client that is still sending its body. */
  readonly clientIdleMs: number;
  /** How long a client may take nothing of an answer that waits for it. */
  readonly clientSendMs: number;
}

/** What every exchange needs; made once per process. */
export interface GatewayContext {
  readonly router: Router;
  readonly gatekeeper: Gatekeeper;
  readonly guard: PageGuard;
  readonly pools: Pools;
  readonly sweeper: Sweeper;
  readonly awsSigner: AwsSigner;
  /** Environment and `.env`, for what a request may leave open (AWS_REGION). */
  readonly variable: ReadVariable;
  readonly usageRefusals: UsageRefusals;
  readonly backgroundResponses: BackgroundResponses;
  readonly budget: BufferBudget;
  readonly bodyMemory: BodyMemory;
  readonly bodyGarbage: BodyGarbage;
  readonly maxBodyBytes: number;
  readonly limits: TimeLimits;
  readonly record: RecordExchange;
  /** Our pseudonym in `Via`, by which a loop is seen. */
  readonly viaName: string;
  /** How many refusals of callers without a gateway key are recorded. */
  readonly refusals: RefusalQuota;
  /** Why requests are refused at the moment (log full under refuse-requests), if they are. */
  readonly refuse: () => ErrorType | undefined;
  /** Told of every exchange after it was recorded (--log-requests). */
  readonly onExchange: ((exchange: Exchange) => void) | undefined;
  /** Told of a fault of the gateway's own, whose request was answered with `internal_error`. */
  readonly onFault: ((error: unknown) => void) | undefined;
  /** Told of a request that the gateway had no connection left for. */
  readonly onShortage: ((detail: string) => void) | undefined;
}
