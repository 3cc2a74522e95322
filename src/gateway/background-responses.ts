import type { Observation } from '../domain/dialect.js';

/** Responses under way that are remembered, the newest. */
const LIMIT = 10_000;

/**
 * Responses that a provider makes in the background: the call that starts one has no usage, a later
 * one that reads the finished response has. It counts once, where both passed through this process.
 */
export class BackgroundResponses {
  /** In the order in which they were started. */
  readonly #started = new Set<string>();

  /** Notes a response that was started, and takes the usage out of an observation that is not to count. */
  settle(provider: string, observation: Observation): void {
    const { background } = observation;
    if (background === undefined) return;
    const key = `${provider}\n${background.id}`;
    if (!background.stored) {
      if (observation.usage === undefined) this.#add(key);
    } else if (observation.usage !== undefined && !this.#started.delete(key)) {
      delete observation.usage;
    }
  }

  #add(key: string): void {
    const [oldest] = this.#started;
    if (this.#started.size >= LIMIT && oldest !== undefined) this.#started.delete(oldest);
    this.#started.add(key);
  }
}
