import { errors } from '@elastic/elasticsearch';
import { ElasticUnreachable } from './unreachable.js';

/** What is known never to have left this machine: no address, no connection, no handshake. */
const NEVER_SENT = new RegExp([
  'ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'getaddrinfo', 'Connect Timeout', 'certificate',
  'There are no living connections', 'secure TLS connection', 'EPROTO', 'wrong version number', 'handshake failure',
].join('|'), 'i');

/** The client's error in our words; what is not about the connection comes back as it is. */
export function unreachable(error: unknown, timedOut: boolean): unknown {
  if (timedOut) return new ElasticUnreachable('no answer in time', 'timeout', true, error);
  if (error instanceof errors.RequestAbortedError) return new ElasticUnreachable('the request was given up', 'aborted', true, error);
  if (error instanceof errors.ElasticsearchClientError) {
    const kind = error instanceof errors.TimeoutError ? 'timeout' : 'connection';
    // The message of several refused addresses (::1 and 127.0.0.1) is empty.
    const message = error.message === '' ? 'no connection could be made' : error.message;
    return new ElasticUnreachable(message, kind, !NEVER_SENT.test(message) && error.message !== '', error);
  }
  return error;
}
