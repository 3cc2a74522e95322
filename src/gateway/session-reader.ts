import type { Dialect, Observation } from '../domain/dialect.js';
import type { UsagePart } from '../domain/usage.js';
import { addUsage } from '../wire/make-usage.js';
import { WebSocketSplitter } from '../wire/websocket.js';

/** Bills of one session that are kept apart; what comes later is added to the last of its model. */
const MAX_PARTS = 1_000;

/**
 * Reads what is said over a WebSocket, each message for itself: usages are added up, each a part
 * of the bill with the model that it is of.
 */
export class SessionReader {
  readonly observation: Observation = { failed: false, hasToken: false, complete: false };
  readonly #fromProvider: WebSocketSplitter;
  /** Only where the client's messages say something that is nowhere else. */
  readonly #fromClient: WebSocketSplitter | undefined;
  readonly #parts: UsagePart[] = [];
  #model: string | undefined;

  /** @param asked the model that the request itself names */
  constructor(dialect: Dialect, asked: string | undefined) {
    this.#model = asked;
    this.#fromProvider = new WebSocketSplitter((event) => {
      const message: Observation = { failed: false, hasToken: false, complete: false };
      const { transcriptionModel } = this.observation;
      if (transcriptionModel !== undefined) message.transcriptionModel = transcriptionModel;
      dialect.readEvent(event, message);
      this.#add(message);
    });
    this.#fromClient = dialect.readClientMessage === undefined || asked !== undefined ? undefined : new WebSocketSplitter(({ data }) => {
      this.#model = dialect.readClientMessage?.(data).model ?? this.#model;
    }, 'client');
  }

  /** The model that the client asked for last. */
  get model(): string | undefined {
    return this.#model;
  }

  fromProvider(bytes: Buffer): void {
    quietly(this.#fromProvider, bytes);
  }

  fromClient(bytes: Buffer): void {
    if (this.#fromClient !== undefined) quietly(this.#fromClient, bytes);
  }

  #add({ usage, ...message }: Observation): void {
    const { observation } = this;
    if (usage !== undefined) this.#addPart(usage, message.responseModel);
    if (message.responseModel !== undefined) observation.responseModel = message.responseModel;
    if (message.transcriptionModel !== undefined) observation.transcriptionModel = message.transcriptionModel;
    if (message.finishReason !== undefined) observation.finishReason = message.finishReason;
    if (message.providerErrorType !== undefined) observation.providerErrorType = message.providerErrorType;
    observation.failed ||= message.failed;
    observation.hasToken ||= message.hasToken;
  }

  /** A part that names no model is of the one that the client asked for just now, else of the call's own. */
  #addPart(usage: UsagePart, answered: string | undefined): void {
    const model = usage.model ?? answered ?? (this.#fromClient === undefined ? undefined : this.#model);
    const part: UsagePart = model === undefined ? usage : { ...usage, model };
    this.observation.usage = { ...addUsage(this.observation.usage, part), parts: this.#parts };
    const same = this.#parts.length < MAX_PARTS ? -1 : this.#parts.findLastIndex((earlier) => earlier.model === part.model);
    const earlier = this.#parts[same];
    if (earlier === undefined) this.#parts.push(part);
    else this.#parts[same] = { ...addUsage(earlier, part), ...(part.model === undefined ? {} : { model: part.model }) };
  }
}

/** Never throws: what cannot be read passes all the same. */
function quietly(splitter: WebSocketSplitter, bytes: Buffer): void {
  try {
    splitter.push(bytes);
  } catch {
    // nothing is learnt from it
  }
}
