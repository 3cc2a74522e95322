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
