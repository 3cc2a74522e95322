import type { Exchange } from '../domain/exchange.js';
import { newRequestId } from '../domain/request-id.js';
import type { Price } from '../pricing/price.js';
import { LINE_PREFIX, TIMESTAMP_PREFIX } from './line-format.js';

export interface RecordContext {
  /** Which gateway writes, see gatewayInstance. */
  readonly instance: string;
  /** The gateway's version. */
  readonly version: string;
  readonly price?: Price | undefined;
}

const REQUEST_ID = /^[0-9A-HJKMNP-TV-Z]{26}$/;
const PLAIN_ASCII = /^[ !#-[\]-~]*$/;
const MAX_STRING_BYTES = 1024;
/** UTF-16 units that fit whatever they are: none takes more than three bytes. */
const SURELY_FITS = Math.floor(MAX_STRING_BYTES / 3);
const MAX_TIME = Date.UTC(10_000, 0, 1) - 1;
const MAX_SHORT = 32_767;
const MAX_INTEGER = 2_147_483_647;
const MAX_FLOAT = 3.4028234663852886e38;

/**
 * The line of an exchange: the document's `_source` as one line of JSON, newline included, fields
 * in the order of RECORD_FIELDS. Whatever the exchange holds, the line is valid and the mapping
 * accepts it: strings are well-formed and cut to 1,024 bytes at a character boundary, numbers lie
 * inside their type's range, what does not is absent. Built as one string without intermediate
 * objects: it stands in the path of every answer.
 */
export function recordLine(exchange: Exchange, context: RecordContext): string {
  const { usage } = exchange;
  const { price } = context;
  const at = timeOf(exchange.receivedAt);
  const id = REQUEST_ID.test(exchange.requestId) ? exchange.requestId : newRequestId(at);
  return LINE_PREFIX + id + TIMESTAMP_PREFIX + isoTime(at) + '"'
    + text(',"provider":', exchange.provider)
    + text(',"model":', exchange.model)
    + text(',"response_model":', exchange.responseModel)
    + text(',"path":', exchange.path)
    + text(',"method":', exchange.method)
    + (typeof exchange.stream === 'boolean' ? (exchange.stream ? ',"stream":true' : ',"stream":false') : '')
    + whole(',"status_code":', exchange.statusCode, MAX_SHORT)
    + whole(',"provider_status_code":', exchange.providerStatusCode, MAX_SHORT)
    + whole(',"total_latency_ms":', exchange.totalMs, Number.MAX_SAFE_INTEGER)
    + whole(',"provider_latency_ms":', exchange.providerMs, Number.MAX_SAFE_INTEGER)
    + whole(',"time_to_first_token_ms":', exchange.timeToFirstTokenMs, Number.MAX_SAFE_INTEGER)
    + whole(',"overhead_us":', exchange.overheadUs, Number.MAX_SAFE_INTEGER)
    + whole(',"request_size":', exchange.requestSize, Number.MAX_SAFE_INTEGER)
    + whole(',"response_size":', exchange.responseSize, Number.MAX_SAFE_INTEGER)
    + (usage === undefined ? '' : whole(',"input_tokens":', usage.inputTokens, MAX_INTEGER)
      + whole(',"output_tokens":', usage.outputTokens, MAX_INTEGER)
      + whole(',"total_tokens":', usage.totalTokens ?? sum(usage.inputTokens, usage.outputTokens), MAX_INTEGER)
      + whole(',"cached_tokens":', usage.cachedTokens, MAX_INTEGER)
      + whole(',"cache_write_tokens":', usage.cacheWriteTokens, MAX_INTEGER)
      + whole(',"reasoning_tokens":', usage.reasoningTokens, MAX_INTEGER))
    + (price === undefined || !isCost(price.cost) ? '' : ',"cost":' + price.cost
      + text(',"price_source":', price.source)
      + text(',"price_version":', price.version))
    + text(',"finish_reason":', exchange.finishReason)
    + text(',"end_reason":', exchange.endReason)
    + whole(',"attempts":', exchange.attempts, MAX_SHORT)
    + whole(',"error_count":', exchange.errorCount, MAX_SHORT)
    + text(',"error_type":', exchange.errorType)
    + whole(',"provider_error_count":', exchange.providerErrorCount, MAX_SHORT)
    + text(',"provider_error_type":', exchange.providerErrorType)
    + text(',"client":', exchange.client)
    + text(',"project_id":', exchange.projectId)
    + text(',"organization_id":', exchange.organizationId)
    + text(',"user_id":', exchange.userId)
    + text(',"experiment_id":', exchange.experimentId)
    + text(',"gateway_instance":', context.instance)
    + text(',"gateway_version":', context.version)
    + '}\n';
}

/** A member with a string, or nothing where there is none. */
function text(prefix: string, value: string | undefined): string {
  // Providers' answers are read leniently: what should be a string may be anything.
  if (typeof value !== 'string' || value === '') return '';
  if (value.length <= SURELY_FITS) {
    return prefix + (PLAIN_ASCII.test(value) ? '"' + value + '"' : JSON.stringify(value.toWellFormed()));
  }
  return prefix + JSON.stringify(cut(value));
}

const encoder = new TextEncoder();
const room = new Uint8Array(MAX_STRING_BYTES);

/** The longest well-formed beginning of at most 1,024 UTF-8 bytes; whole characters only. */
function cut(value: string): string {
  const start = value.slice(0, MAX_STRING_BYTES);
  return start.slice(0, encoder.encodeInto(start, room).read).toWellFormed();
}

/** A member with an integer from 0 to `max`, or nothing. */
function whole(prefix: string, value: number | undefined, max: number): string {
  if (typeof value !== 'number') return '';
  const rounded = Math.round(value);
  return rounded >= 0 && rounded <= max ? prefix + rounded : '';
}

function isCost(value: number): boolean {
  return typeof value === 'number' && value >= 0 && value <= MAX_FLOAT;
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return typeof a === 'number' && typeof b === 'number' ? a + b : undefined;
}

function timeOf(value: number): number {
  // Every line has a timestamp at a fixed place, so one that is no time at all becomes the present.
  return Number.isFinite(value) ? Math.min(MAX_TIME, Math.max(0, Math.floor(value))) : Date.now();
}

let isoSecond = -1;
let isoPrefix = '';

/** `toISOString`, at the cost of a comparison within the same second. */
function isoTime(time: number): string {
  const second = Math.floor(time / 1000);
  if (second !== isoSecond) {
    isoPrefix = new Date(second * 1000).toISOString().slice(0, 20);
    isoSecond = second;
  }
  const millis = time - second * 1000;
  return isoPrefix + (millis < 10 ? '00' : millis < 100 ? '0' : '') + millis + 'Z';
}
