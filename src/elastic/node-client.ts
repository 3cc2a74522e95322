import type { ConnectionOptions } from 'node:tls';
import { Client, errors, Serializer, Transport, UndiciConnection, type ClientOptions } from '@elastic/elasticsearch';
import { Failure } from '../domain/failure.js';
import { readAllCreated } from './bulk-answer.js';
import type { ElasticAnswer, ElasticRequest } from './elastic-request.js';
import { isPieced, streamOf } from './pieced-body.js';
import { unreachable } from './client-error.js';

/** An address of the cluster; the official client makes it of a cloud id by itself. */
export type NodeAddress = { readonly url: string } | { readonly cloudId: string };

const DEFAULT_TIMEOUT_MS = 30_000;
/** A node that does not even accept connections must not use up the time that another could answer in. */
const CONNECT_TIMEOUT_MS = 5_000;
/** Both, since a client of version 9 would ask an 8.x server for an answer that it refuses to give. */
const PLAIN_JSON = { accept: 'application/json', 'content-type': 'application/json' };
const NDJSON = 'application/x-ndjson';

/**
 * Makes the client of one address; nothing is sent yet. `onConnect` is told about every new connection.
 *
 * @throws Failure where the options contradict each other
 */
export function nodeClient(address: NodeAddress, tls: ConnectionOptions, onConnect: () => void): Client {
  class Connection extends UndiciConnection {
    constructor(options: ConstructorParameters<typeof UndiciConnection>[0]) {
      super(options);
      this.pool.on('connect', onConnect);
    }
  }
  const options: ClientOptions = {
    ...('url' in address ? { node: address.url } : { cloud: { id: address.cloudId } }),
    tls: { ...tls, timeout: CONNECT_TIMEOUT_MS },
    headers: PLAIN_JSON,
    maxRetries: 0,
    sniffOnStart: false,
    compression: false,
    // The client's own masking copies a body of megabytes byte by byte, as objects; forget() does instead.
    redaction: { type: 'off' },
    Serializer: LenientSerializer,
    Transport: UncheckedTransport,
    Connection,
  };
  try {
    return new Client(options);
  } catch (error) {
    throw new Failure({
      code: 'es_connection_invalid',
      message: `the connection to Elasticsearch cannot be set up: ${error instanceof Error ? error.message : String(error)}`,
      fix: 'Check ELASTICSEARCH_URL, ELASTICSEARCH_CLOUD_ID and the ELASTICSEARCH_CA_… variables.',
      cause: error,
    });
  }
}

/**
 * Sends one request, once.
 *
 * @throws ElasticUnreachable where no whole answer came
 */
export async function sendOnce(client: Client, request: ElasticRequest, authorization: string | undefined): Promise<ElasticAnswer> {
  const { method, path, query, body } = request;
  const pieces = isPieced(body) ? streamOf(body) : undefined;
  const ndjson = typeof body === 'string' || Buffer.isBuffer(body) ? body : pieces?.stream;
  // The client's own time-out ends with the answer's headers; this one covers a body that stops half-way.
  const deadline = AbortSignal.timeout(request.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const signal = request.signal === undefined ? deadline : AbortSignal.any([deadline, request.signal]);
  const headers = {
    ...(authorization !== undefined && { authorization }),
    ...(ndjson !== undefined && { 'content-type': NDJSON }),
    // Of text and bytes the client sees it for itself.
    ...(isPieced(body) && { 'content-length': String(body.bytes) }),
  };
  try {
    const answer = await client.transport.request({
      method, path,
      ...(query !== undefined && { querystring: query }),
      ...(ndjson !== undefined ? { bulkBody: ndjson } : body !== undefined && { body: body as Record<string, unknown> }),
    }, { meta: true, maxRetries: 0, signal, headers });
    return answerOf(answer.statusCode, answer.body, answer.headers);
  } catch (error) {
    forget(error);
    const fault = pieces?.fault();
    if (fault !== undefined) throw fault;
    if (error instanceof errors.ResponseError) return answerOf(error.statusCode ?? 0, error.body, error.headers ?? {});
    throw unreachable(error, deadline.aborted);
  }
}

function answerOf(status: number, body: unknown, headers: Readonly<Record<string, unknown>>): ElasticAnswer {
  const isJson = /[/+]json/.test(typeof headers['content-type'] === 'string' ? headers['content-type'] : '') && typeof body === 'object';
  return { status, body, headers, isJson, isElasticsearch: headers['x-elastic-product'] === 'Elasticsearch' };
}

/** Takes the request out of the client's error: its headers hold the secret, its body the records. */
function forget(error: unknown): void {
  if (error instanceof errors.ElasticsearchClientError && 'meta' in error) {
    const { meta } = error as { meta?: { meta?: unknown } };
    if (meta !== undefined) delete meta.meta;
  }
}

/** What claims to be JSON and is not stays text, so that whoever asked can say what answered. */
class LenientSerializer extends Serializer {
  override deserialize<T>(text: string): T; // eslint-disable-line @typescript-eslint/no-unnecessary-type-parameters -- the client's own signature
  override deserialize(text: string): unknown {
    try {
      return readAllCreated(text) ?? JSON.parse(text) as unknown;
    } catch {
      return text;
    }
  }
}

/** Without the client's own product check, which throws the answer of an impostor away unread. */
class UncheckedTransport extends Transport {
  constructor(options: ConstructorParameters<typeof Transport>[0]) {
    const { productCheck: _, ...rest } = options;
    super(rest);
  }
}
