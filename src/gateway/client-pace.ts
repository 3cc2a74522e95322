/** Less than this, on average and after a grace, is not a slow line but a client that holds a connection. */
const LEAST_BYTES_PER_MS = 0.5;

/** How a long exchange's client keeps up, as each sweep sees it: with sending its body, and with reading its answer. */
export class ClientPace {
  #sweptAt: number;
  /** Time in which the gateway waited for the client's body. */
  #awaitedMs = 0;
  #unsent = 0;
  #unsentSince: number;

  /** @param startedAt when the exchange began */
  constructor(startedAt: number) {
    this.#sweptAt = startedAt;
    this.#unsentSince = startedAt;
  }

  /**
   * Whether the body comes more slowly than 500 bytes a second, the grace aside.
   * @param due the gateway waits for the client, and not the client for it
   */
  sendsTooSlowly(now: number, received: number, due: boolean, graceMs: number): boolean {
    if (due) this.#awaitedMs += now - this.#sweptAt;
    this.#sweptAt = now;
    return due && graceMs > 0 && this.#awaitedMs > graceMs + received / LEAST_BYTES_PER_MS;
  }

  /**
   * Whether the client has taken nothing for so long, although something waits for it.
   * @param unsent bytes that the system has not taken yet
   */
  readsTooSlowly(now: number, unsent: number, limitMs: number): boolean {
    if (unsent === 0 || unsent !== this.#unsent) this.#unsentSince = now;
    this.#unsent = unsent;
    return limitMs > 0 && now - this.#unsentSince > limitMs;
  }
}
