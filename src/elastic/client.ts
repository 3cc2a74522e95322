import { readFileSync } from 'node:fs';
import { Client, errors, Serializer, Transport, type ClientOptions } from '@elastic/elasticsearch';
import type { ElasticsearchConfig } from '../config/config.js';
import { Failure } from '../domain/failure.js';
import { readAllCreated } from './bulk-answer.js';
import { Credentials } from './credentials.js';
import { isPieced, streamOf } from './pieced-body.js';

/** One request to the cluster. */
export interface ElasticRequest {
  readonly method: string;
  /** Begins with `/`, percent-encoded, without a query string. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** An object is sent as JSON; text, bytes and a PiecedBody are sent as they are, as NDJSON. */
  readonly body?: unknown;
  /** For the whole answer, in milliseconds; 30 s unless given. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** What the server answered, whatever its status. */
export interface ElasticAnswer {
  readonly status: number;
  /** Parsed where it is JSON, else its text. */
  readonly body: unknown;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly isJson: boolean;
  /** The answer bears Elasticsearch's product header. */
  readonly isElasticsearch: boolean;
}

/** A connection to a cluster. */
export interface Elastic {
  /**
   * Sends one request, once: nothing is retried here, except that a refused secret which has changed
   * in its file meanwhile is replaced. Resolves with the answer, errors included.
   *
   * @throws ElasticUnreachable where no whole answer came
   */
  readonly request: (request: ElasticRequest) => Promise<ElasticAnswer>;
  readonly close: () => Promise<void>;
}

/** No whole answer came: connection, TLS, time-out, a cut answer. */
export class ElasticUnreachable extends Error {
  /** The request may have reached the server, so that its effect is unknown. */
  readonly mayHaveArrived: boolean;
  readonly kind: 'connection' | 'timeout' | 'aborted';

  constructor(message: string, kind: ElasticUnreachable['kind'], mayHaveArrived: boolean, cause: unknown) {
    super(message, { cause });
    this.name = 'ElasticUnreachable';
    this.kind = kind;
    this.mayHaveArrived = mayHaveArrived;
  }
}

type ConnectionConfig = Pick<ElasticsearchConfig,
  'urls' | 'username' | 'password' | 'passwordFile' | 'apiKey' | 'apiKeyFile' | 'cloudId' | 'caFile' | 'caFingerprint' | 'certFile' | 'keyFile' | 'tlsVerify'>;

const DEFAULT_TIMEOUT_MS = 30_000;
/** Both, since a client of version 9 would ask an 8.x server for an answer that it refuses to give. */
const PLAIN_JSON = { accept: 'application/json', 'content-type': 'application/json' };
const NDJSON = 'application/x-ndjson';

/**
 * Connects to the cluster of a configuration; nothing is sent yet.
 *
 * @throws Failure where a certificate, key or secret file cannot be read, or the options contradict each other
 */
export function createElastic(config: ConnectionConfig): Elastic {
  const credentials = new Credentials(config);
  const client = connect(config);
  const send = async (request: ElasticRequest): Promise<ElasticAnswer> => once(client, request, credentials.header);
  return {
    request: async (request) => {
      const answer = await send(request);
      return answer.status === 401 && credentials.refresh() ? send(request) : answer;
    },
    close: () => client.close(),
  };
}

async function once(client: Client, request: ElasticRequest, authorization: string | undefined): Promise<ElasticAnswer> {
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

/** What is known never to have left this machine: no address, no connection. */
const NEVER_SENT = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|getaddrinfo|Connect Timeout|certificate|fingerprint|There are no living connections/i;

/** Takes the request out of the client's error: its headers hold the secret, its body the records. */
function forget(error: unknown): void {
  if (error instanceof errors.ElasticsearchClientError && 'meta' in error) {
    const { meta } = error as { meta?: { meta?: unknown } };
    if (meta !== undefined) delete meta.meta;
  }
}

function unreachable(error: unknown, timedOut: boolean): unknown {
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

function connect(config: ConnectionConfig): Client {
  const { caFingerprint } = config;
  const tls = {
    ...optionalFile('ca', 'ELASTICSEARCH_CA_FILE', config.caFile),
    ...optionalFile('cert', 'ELASTICSEARCH_CERT_FILE', config.certFile),
    ...optionalFile('key', 'ELASTICSEARCH_KEY_FILE', config.keyFile),
    // A pinned authority stands in place of the check of the chain.
    rejectUnauthorized: config.tlsVerify && caFingerprint === undefined,
  };
  const options: ClientOptions = {
    ...(config.cloudId === undefined ? { nodes: [...config.urls] } : { cloud: { id: config.cloudId } }),
    ...(caFingerprint !== undefined && { caFingerprint }),
    tls,
    headers: PLAIN_JSON,
    maxRetries: 0,
    sniffOnStart: false,
    compression: false,
    // The client's own masking copies a body of megabytes byte by byte, as objects; forget() does instead.
    redaction: { type: 'off' },
    Serializer: LenientSerializer,
    Transport: UncheckedTransport,
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

function optionalFile(option: 'ca' | 'cert' | 'key', variable: string, path: string | undefined): Record<string, Buffer> {
  if (path === undefined) return {};
  try {
    return { [option]: readFileSync(path) };
  } catch (error) {
    throw new Failure({
      code: 'es_tls_file_unreadable',
      message: `${variable}=${path}: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`,
      fix: `Correct ${variable}, or make the file readable for the user that runs the gateway.`,
      cause: error,
    });
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
