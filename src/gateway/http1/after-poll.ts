import type { Call } from './call.js';
import type { Connection } from './connection.js';

/** Takes calls whose connection turned out to be gone. */
export interface Fallback {
  dispatch(call: Call): void;
}

let waiting: { readonly connection: Connection; readonly call: Call; readonly pool: Fallback }[] = [];

/**
 * Sends a call on a connection that lay idle, but only after the event loop has looked at all
 * sockets once more: bytes that a server sent unasked, or its farewell, are then read first and end
 * the connection, and cannot be taken for the answer to this call. One immediate serves all calls
 * of a turn.
 */
export function sendAfterPoll(connection: Connection, call: Call, pool: Fallback): void {
  if (waiting.push({ connection, call, pool }) === 1) setImmediate(flush);
}

function flush(): void {
  const now = waiting;
  waiting = [];
  for (const { connection, call, pool } of now) {
    if (connection.usable && !call.aborted) connection.send(call);
    else {
      connection.release();
      if (!call.aborted) pool.dispatch(call);
    }
  }
}
