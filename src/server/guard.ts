import { InternalFault } from '../gateway/internal-fault.js';

/** Told of a fault of the gateway's own. */
export type OnFault = (error: unknown) => void;

/** What an event belongs to, and ends with: a socket, or a stream of HTTP/2. */
export interface Destroyable {
  destroy(error?: Error): unknown;
}

/**
 * Runs what an event calls for. What it throws is reported and ends the connection that the event came
 * from; thrown further, it would end the process, and with it everybody's requests.
 */
export function guarded(connection: Destroyable | undefined, onFault: OnFault, run: () => void): void {
  try {
    run();
  } catch (error) {
    endFaulty(connection, onFault, error);
  }
}

/** Reports a fault and ends its connection; what is under way there is recorded as `internal_error`. */
export function endFaulty(connection: Destroyable | undefined, onFault: OnFault, error: unknown): void {
  onFault(error);
  connection?.destroy(new InternalFault(error));
}
