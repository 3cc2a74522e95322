import type { Dialect, Observation } from '../domain/dialect.js';

/**
 * A response that is read again (`GET /responses/{id}`, also as a stream). Its tokens were counted
 * when it was made, unless that was in the background: then its usage is kept for whoever knows
 * whether it has counted. A stored failure is not one of the call that reads it.
 */
export function storedResponseDialect(responses: Dialect): Dialect {
  return {
    ...responses,
    readBody(body, status, into) {
      responses.readBody(body, status, into);
      if (status < 400) keepBackground(into);
    },
    readEvent(event, into) {
      responses.readEvent(event, into);
      keepBackground(into);
    },
  };
}

function keepBackground(into: Observation): void {
  into.failed = false;
  delete into.providerErrorType;
  if (into.background !== undefined) {
    into.background = { ...into.background, stored: true };
    return;
  }
  delete into.responseModel;
  delete into.usage;
  delete into.finishReason;
}
