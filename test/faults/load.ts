import OpenAI from 'openai';

/** What clients got to the last byte: the ids that the promise is about. */
export interface Ledger {
  /** `x-gateway-request-id` of answers that came completely. */
  readonly received: Set<string>;
  sent: number;
  /** Answers that broke off, and calls that found no gateway. */
  failed: number;
}

/** Calls through the official SDK, plain and streamed, from several clients at once until it is stopped. */
export class Load {
  readonly ledger: Ledger = { received: new Set(), sent: 0, failed: 0 };
  readonly #client: OpenAI;
  readonly #pauseMs: number;
  #running = true;
  #clients: Promise<void>[] = [];

  constructor(gatewayUrl: string, pauseMs: number) {
    this.#client = new OpenAI({ baseURL: `${gatewayUrl}/v1`, apiKey: 'test-key', maxRetries: 0, timeout: 20_000 });
    this.#pauseMs = pauseMs;
  }

  start(clients: number): void {
    this.#clients = Array.from({ length: clients }, (_, i) => this.#run(i));
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#clients);
  }

  async #run(client: number): Promise<void> {
    for (let i = client; this.#running; i++) {
      this.ledger.sent++;
      try {
        const id = i % 2 === 0 ? await this.#plain(i) : await this.#streamed(i);
        if (id !== null) this.ledger.received.add(id);
        await pause(this.#pauseMs);
      } catch {
        this.ledger.failed++;
        await pause(100);
      }
    }
  }

  async #plain(i: number): Promise<string | null> {
    const { response } = await this.#client.chat.completions.create({ model: `model-${String(i % 7)}`, messages: [{ role: 'user', content: 'Hello' }] }).withResponse();
    return response.headers.get('x-gateway-request-id');
  }

  async #streamed(i: number): Promise<string | null> {
    const { data, response } = await this.#client.chat.completions.create({ model: `model-${String(i % 7)}`, messages: [{ role: 'user', content: 'Hello' }], stream: true }).withResponse();
    let finished = false;
    for await (const chunk of data) finished ||= chunk.choices[0]?.finish_reason === 'stop';
    return finished ? response.headers.get('x-gateway-request-id') : null;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}
