/** Exit codes of every command. */
export const EXIT = {
  ok: 0,
  /** The command did its work and the answer is no: a check failed, an object is in conflict, a server did not answer. */
  failed: 1,
  /** Wrong use or bad configuration: nothing was done. */
  usage: 2,
} as const;

/**
 * A failure that a user can fix: printed as one message and one fix, never as a stack trace.
 * `code` is a stable snake_case name; `message` names the thing and the value; `fix` says what to do.
 */
export class Failure extends Error {
  readonly code: string;
  readonly fix: string;
  readonly exitCode: 1 | 2;

  constructor(options: { code: string; message: string; fix: string; exitCode?: 1 | 2; cause?: unknown }) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Failure';
    this.code = options.code;
    this.fix = options.fix;
    this.exitCode = options.exitCode ?? EXIT.usage;
  }
}
