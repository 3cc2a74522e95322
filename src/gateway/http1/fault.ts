/** The provider's answer is not HTTP/1.1 as we read it; the connection is of no further use. */
export class ProtocolFault extends Error {
  readonly code = 'UPSTREAM_PROTOCOL';
}

/** The connection ended where an answer was owed, or in the middle of one. */
export class ConnectionLost extends Error {
  readonly code = 'ECONNRESET';
}

/** No connection was made in time. */
export class ConnectTimeout extends Error {
  readonly code = 'ETIMEDOUT';
}

/** The request cannot be written as HTTP/1.1; the message names the part, never its value. */
export class UnsendableRequest extends Error {
  readonly code = 'UNSENDABLE_REQUEST';
}

/** As many connections as there may be carry calls already. */
export class TooManyConnections extends Error {
  readonly code = 'TOO_MANY_CONNECTIONS';
}
