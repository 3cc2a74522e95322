import type { Exchange } from '../domain/exchange.js';

export const STATUS_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const;

/** Records by provider, and per provider one number for each class of status. */
export type RecordTally = Readonly<Record<string, readonly number[]>>;

/** Counts records by known provider and class of status: nothing but additions, since it stands in the path of every answer. */
export class RecordCounts {
  readonly #counts: Map<string, number[]>;

  constructor(providers: readonly string[]) {
    this.#counts = new Map([...providers, 'unknown'].map((provider) => [provider, STATUS_CLASSES.map(() => 0)]));
  }

  count({ provider, statusCode }: Pick<Exchange, 'provider' | 'statusCode'>): void {
    const byClass = this.#counts.get(provider) ?? this.#counts.get('unknown');
    const i = Math.min(STATUS_CLASSES.length, Math.max(1, Math.floor(statusCode / 100))) - 1;
    if (byClass !== undefined) byClass[i] = (byClass[i] ?? 0) + 1;
  }

  /** What was counted, without providers that nobody used. */
  tally(): RecordTally {
    return Object.fromEntries([...this.#counts].filter(([, byClass]) => byClass.some((count) => count > 0)));
  }
}

export function addTallies(a: RecordTally, b: RecordTally): RecordTally {
  const sum: Record<string, readonly number[]> = { ...a };
  for (const [provider, counts] of Object.entries(b)) sum[provider] = counts.map((count, i) => count + (sum[provider]?.[i] ?? 0));
  return sum;
}
