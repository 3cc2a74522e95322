/**
 * The gateway's own errors, as HTTP answers and as the record's `error_type`. The list is bounded
 * and documented (docs/errors.md, checked by a test); the provider's own words go to
 * `provider_error_type` instead.
 */
export const ERROR_TYPES = {
  bad_request: { status: 400, meaning: 'a request that the gateway does not forward: its target, its region, or no proper HTTP' },
  unknown_provider: { status: 400, meaning: 'the header x-provider names no known provider' },
  unauthorized: { status: 401, meaning: 'no valid gateway key where one is needed, a key like one that is not valid, or no key for the provider' },
  forbidden_origin: { status: 403, meaning: 'a web page of an origin that CORS_ORIGINS does not allow, where the gateway lends without a key' },
  forbidden_host: { status: 403, meaning: 'a Host header that is not a loopback name and not in ALLOWED_HOSTS, where the gateway lends without a key' },
  not_found: { status: 404, meaning: 'a path that no provider serves' },
  request_timeout: { status: 408, meaning: 'the client did not send its body in time, or sent it too slowly' },
  body_too_large: { status: 413, meaning: 'the request body is over MAX_BODY_BYTES' },
  expectation_failed: { status: 417, meaning: 'an Expect header other than 100-continue' },
  client_closed: { status: 499, meaning: 'the client left, or did not read for CLIENT_SEND_TIMEOUT, before the answer was complete' },
  internal_error: { status: 500, meaning: 'a fault of the gateway itself' },
  upgrade_unsupported: { status: 501, meaning: 'an upgrade (WebSocket) that the gateway does not forward' },
  method_unsupported: { status: 501, meaning: 'a method that the gateway does not forward (TRACE and unknown ones)' },
  upstream_connect: { status: 502, meaning: 'no connection to the provider (refused, DNS, TLS, time-out)' },
  upstream_reset: { status: 502, meaning: 'the provider broke the connection' },
  upstream_protocol: { status: 502, meaning: 'the provider\'s answer is not valid HTTP' },
  buffers_full: { status: 503, meaning: 'all buffered request bodies together are over MAX_BUFFERED_BYTES' },
  connections_full: { status: 503, meaning: 'the gateway has as many connections to providers as it may have (UPSTREAM_MAX_CONNECTIONS), or no file descriptor left' },
  provider_unconfigured: { status: 503, meaning: 'this provider\'s configuration cannot be used: its base URL is not set, or its key has a character that no header can carry' },
  telemetry_full: { status: 503, meaning: 'the telemetry log is full and TELEMETRY_ON_FULL is refuse-requests' },
  shutting_down: { status: 503, meaning: 'the gateway is stopping, or its shutdown deadline cut the exchange' },
  upstream_timeout_first_byte: { status: 504, meaning: 'no first byte within UPSTREAM_FIRST_BYTE_TIMEOUT' },
  upstream_timeout_idle: { status: 504, meaning: 'no further byte within UPSTREAM_IDLE_TIMEOUT' },
  upstream_timeout_total: { status: 504, meaning: 'no complete answer within UPSTREAM_TOTAL_TIMEOUT' },
  loop_detected: { status: 508, meaning: 'the request has come through this gateway already' },
} as const satisfies Record<string, { status: number; meaning: string }>;

export type ErrorType = keyof typeof ERROR_TYPES;
