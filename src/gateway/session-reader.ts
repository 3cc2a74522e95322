import type { Dialect, Observation } from '../domain/dialect.js';
import type { Usage } from '../domain/usage.js';
import { addUsage } from '../wire/make-usage.js';
import { WebSocketSplitter } from '../wire/websocket.js';

/** Reads what a provider says over a WebSocket: each message for itself, usages added up. */
export class SessionReader {
  readonly observation: Observation = { failed: false, hasToken: false, complete: false };
  readonly #splitter: WebSocketSplitter;
  readonly #usages: Usage[] = [];

  constructor(dialect: Dialect) {
    this.#splitter = new WebSocketSplitter((event) => {
      const message: Observation = { failed: false, hasToken: false, complete: false };
      dialect.readEvent(event, message);
      this.#add(message);
    });
  }

  /** Never throws: what cannot be read passes all the same. */
  push(bytes: Buffer): void {
    try {
      this.#splitter.push(bytes);
    } catch {
      // nothing is learnt from it
    }
  }

  #add({ usage, ...message }: Observation): void {
    const { observation } = this;
    if (usage !== undefined) {
      this.#usages.push(usage);
      observation.usage = { ...addUsage(observation.usage, usage), parts: this.#usages };
    }
    if (message.responseModel !== undefined) observation.responseModel = message.responseModel;
    if (message.finishReason !== undefined) observation.finishReason = message.finishReason;
    if (message.providerErrorType !== undefined) observation.providerErrorType = message.providerErrorType;
    observation.failed ||= message.failed;
    observation.hasToken ||= message.hasToken;
  }
}
