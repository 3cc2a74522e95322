/** One variable of the environment: the schema that reading, `--print-config` and the documentation share. */
export interface Variable<T> {
  /** As it would be written; absent where no value is a value of its own. */
  readonly default?: string;
  /** The default where it depends on the machine: how the documentation says it. */
  readonly defaultText?: string;
  /** What kind of value it takes, for the documentation: `duration`, `file`, `true or false`. */
  readonly kind: string;
  /** One sentence without a full stop. */
  readonly description: string;
  /** A good value, for messages. */
  readonly example: string;
  /** The flag of `gateway serve` that sets it, without dashes. */
  readonly flag?: string;
  /** What may be shown of a value; all of it unless given. */
  readonly mask?: (value: string) => string;
  /** @throws InvalidValue */
  readonly parse: (value: string) => T;
}

/** Why a value cannot be used: `must be …`. Never holds the value itself, which may be a secret. */
export class InvalidValue extends Error {
  /** What to do about it, where an example is not the best fix. */
  readonly fix: string | undefined;

  constructor(message: string, fix?: string) {
    super(message);
    this.name = 'InvalidValue';
    this.fix = fix;
  }
}

export const MASK = '********';

/** Shows that there is a secret, and nothing of it. */
export function maskAll(): string {
  return MASK;
}
