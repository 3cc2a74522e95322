import type { CheckStatus } from './check.js';
import type { CheckResult } from './run-checks.js';

/** What `gateway es verify --json` prints; the shape is fixed. */
export interface VerifyReport {
  readonly ok: boolean;
  /** Version of the server, null where it did not tell. */
  readonly version: string | null;
  readonly checks: readonly { readonly id: string; readonly status: CheckStatus; readonly message: string; readonly fix: string | null; readonly duration_ms: number }[];
}

/** `strict` lets a warning fail. */
export function verifyReport(results: readonly CheckResult[], version: string | undefined, strict: boolean): VerifyReport {
  return {
    ok: results.every((result) => result.status !== 'fail' && (!strict || result.status !== 'warn')),
    version: version ?? null,
    checks: results.map(({ id, status, message, fix, durationMs }) => ({ id, status, message, fix: fix ?? null, duration_ms: durationMs })),
  };
}
