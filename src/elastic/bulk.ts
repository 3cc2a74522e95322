import type { Elastic } from './client.js';
import { judgeAnswer, type WholeVerdict } from './verdict.js';

/** Where a line carries its id and its time: offsets from its first byte, without the quotes. */
export interface LineOffsets {
  readonly idStart: number;
  readonly idEnd: number;
  readonly timestampStart: number;
  readonly timestampEnd: number;
}

/** The server gives up waiting for a primary after this… */
const SERVER_TIMEOUT = '30s';
/** …and we give up waiting for the server after that, so that its own answer comes first. */
export const BULK_TIMEOUT_MS = 60_000;
const READ = 'errors,items.*.status,items.*.error.type,items.*.error.reason,items.*.error.caused_by';

const ACTION_START = Buffer.from('{"create":{"_id":"');
const ACTION_END = Buffer.from('"}}\n');
const TIMESTAMP_MEMBER = Buffer.from(',"@timestamp":"');
const QUOTE = Buffer.from('"');

/**
 * Frames lines (newline included) into the body of a bulk request, unparsed: the operation is
 * `create` under the line's own id. `timestamped` also writes the time as `@timestamp`, which data
 * streams demand.
 */
export function frameBulk(lines: readonly Uint8Array[], offsets: LineOffsets, timestamped: boolean): Buffer {
  const idLength = offsets.idEnd - offsets.idStart;
  const timeLength = offsets.timestampEnd - offsets.timestampStart;
  const spliced = timestamped ? TIMESTAMP_MEMBER.length + timeLength + QUOTE.length : 0;
  const perLine = ACTION_START.length + idLength + ACTION_END.length + spliced;
  const body = Buffer.allocUnsafe(lines.reduce((sum, line) => sum + line.length, lines.length * perLine));
  let position = 0;
  const put = (bytes: Uint8Array): void => {
    body.set(bytes, position);
    position += bytes.length;
  };
  for (const line of lines) {
    put(ACTION_START);
    put(line.subarray(offsets.idStart, offsets.idEnd));
    put(ACTION_END);
    if (!timestamped) {
      put(line);
      continue;
    }
    const after = offsets.timestampEnd + QUOTE.length;
    put(line.subarray(0, after));
    put(TIMESTAMP_MEMBER);
    put(line.subarray(offsets.timestampStart, offsets.timestampEnd));
    put(QUOTE);
    put(line.subarray(after));
  }
  return body;
}

/** The bytes that frameBulk adds to a line. */
export function framingBytes(offsets: LineOffsets): number {
  return ACTION_START.length + offsets.idEnd - offsets.idStart + ACTION_END.length;
}

/**
 * Sends a framed body to an index, alias or data stream and judges the answer.
 *
 * @throws ElasticUnreachable where no whole answer came
 */
export async function sendBulk(elastic: Elastic, request: {
  readonly index: string; readonly body: Buffer; readonly documents: number; readonly timeoutMs?: number; readonly signal?: AbortSignal;
}): Promise<WholeVerdict> {
  const answer = await elastic.request({
    method: 'POST',
    path: `/${encodeURIComponent(request.index)}/_bulk`,
    query: { timeout: SERVER_TIMEOUT, filter_path: READ },
    body: request.body,
    timeoutMs: request.timeoutMs ?? BULK_TIMEOUT_MS,
    ...(request.signal !== undefined && { signal: request.signal }),
  });
  return judgeAnswer(answer, request.documents);
}
