import { EXIT, Failure } from '../domain/failure.js';

export function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && /^Out of Memory/i.test(error.message);
}

export function tooLarge(cause: unknown): Failure {
  return new Failure({
    code: 'log_too_large',
    message: 'the report needs more memory than it may take',
    fix: 'Ask for less: a later --since, a --filter, or groups of a field with fewer values.',
    exitCode: EXIT.failed,
    cause,
  });
}

/** What stands between the report and the log, in one sentence; a Failure stays what it is. */
export function unreadable(dir: string, cause: unknown): Failure {
  if (cause instanceof Failure) return cause;
  const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] ?? '' : String(cause);
  return new Failure({
    code: 'log_unreadable',
    message: `the telemetry log in ${dir} cannot be read: ${reason}`,
    fix: 'Run it as the user that runs the gateway, and check TELEMETRY_DIR and its disk.',
    exitCode: EXIT.failed,
    cause,
  });
}
