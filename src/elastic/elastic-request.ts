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
  /** Index of the node to ask in `Elastic.nodes`; any that is well unless given. */
  readonly node?: number;
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
