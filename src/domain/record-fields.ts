/**
 * The fields of a record, in the order in which a line carries them: the one list from which the
 * DuckDB column schema, `metrics top --by` and the checks of the Elasticsearch mapping are made.
 * Names and types of the first table of the contract are fixed for ever; fields may be added.
 */

/** Elasticsearch field types that records use. */
export type FieldType = 'keyword' | 'date' | 'long' | 'integer' | 'short' | 'float' | 'boolean';

export interface RecordField {
  readonly name: string;
  /** The Elasticsearch type. */
  readonly type: FieldType;
  readonly description: string;
}

export const RECORD_FIELDS = [
  { name: 'request_id', type: 'keyword', description: 'the gateway\'s own id of the request: a ULID, also the document\'s _id' },
  { name: 'timestamp', type: 'date', description: 'when the request was received (ISO 8601, UTC, milliseconds)' },
  { name: 'provider', type: 'keyword', description: 'canonical lower-case provider name' },
  { name: 'model', type: 'keyword', description: 'model asked for' },
  { name: 'response_model', type: 'keyword', description: 'model that the provider says has answered' },
  { name: 'path', type: 'keyword', description: 'API path without the query string' },
  { name: 'method', type: 'keyword', description: 'HTTP method' },
  { name: 'stream', type: 'boolean', description: 'whether the client asked for a stream' },
  { name: 'status_code', type: 'short', description: 'what the client got' },
  { name: 'provider_status_code', type: 'short', description: 'what the provider answered; absent when it did not' },
  { name: 'total_latency_ms', type: 'long', description: 'request\'s first byte to the append of the record' },
  { name: 'provider_latency_ms', type: 'long', description: 'time spent waiting for the provider, whole response included' },
  { name: 'time_to_first_token_ms', type: 'long', description: 'request received to the first event with text, reasoning or tool arguments' },
  { name: 'overhead_us', type: 'long', description: 'the gateway\'s own share of the latency, in microseconds' },
  { name: 'request_size', type: 'long', description: 'body bytes as the client sent them' },
  { name: 'response_size', type: 'long', description: 'body bytes as the client received them' },
  { name: 'input_tokens', type: 'integer', description: 'input tokens, cached ones included' },
  { name: 'output_tokens', type: 'integer', description: 'output tokens, reasoning included' },
  { name: 'total_tokens', type: 'integer', description: 'input and output tokens together' },
  { name: 'cached_tokens', type: 'integer', description: 'input tokens read from the provider\'s cache' },
  { name: 'cache_write_tokens', type: 'integer', description: 'input tokens written to the provider\'s cache' },
  { name: 'reasoning_tokens', type: 'integer', description: 'output tokens spent on reasoning' },
  { name: 'cost', type: 'float', description: 'estimated US dollars; absent when the price is unknown' },
  { name: 'price_source', type: 'keyword', description: 'where the price came from: provider, override, corrections or genai-prices' },
  { name: 'price_version', type: 'keyword', description: 'version of the price source' },
  { name: 'finish_reason', type: 'keyword', description: 'why the model stopped, in the provider\'s word' },
  { name: 'end_reason', type: 'keyword', description: 'who ended the exchange: complete, client, provider or gateway' },
  { name: 'attempts', type: 'short', description: 'tries at the provider: more than one where no connection could be made, or where stream_options was refused' },
  { name: 'error_count', type: 'short', description: 'errors met while serving the request' },
  { name: 'error_type', type: 'keyword', description: 'the gateway\'s own error, absent when none' },
  { name: 'provider_error_count', type: 'short', description: 'failed provider attempts' },
  { name: 'provider_error_type', type: 'keyword', description: 'the provider\'s own error type or code' },
  { name: 'client', type: 'keyword', description: 'label of the GATEWAY_API_KEYS entry that was used' },
  { name: 'project_id', type: 'keyword', description: 'the client\'s x-project-id' },
  { name: 'organization_id', type: 'keyword', description: 'the client\'s x-organization-id' },
  { name: 'user_id', type: 'keyword', description: 'the client\'s x-user-id' },
  { name: 'experiment_id', type: 'keyword', description: 'the client\'s x-experiment-id' },
  { name: 'gateway_instance', type: 'keyword', description: 'which gateway wrote the record' },
  { name: 'gateway_version', type: 'keyword', description: 'version of the gateway' },
] as const satisfies readonly RecordField[];

export type RecordFieldName = (typeof RECORD_FIELDS)[number]['name'];

const BY_NAME: ReadonlyMap<string, RecordField> = new Map(RECORD_FIELDS.map((field) => [field.name, field]));

/** The field of that name, or undefined where no record has it. */
export function recordField(name: string): RecordField | undefined {
  return BY_NAME.get(name);
}
